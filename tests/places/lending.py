"""A small process that lends seats: its cases do with the ledger what they are told, and one allocates."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Final

import asyncpg

from activities.kernel.room import Room
from activities.kernel.steps import StepActivities
from schemas.kernel.case import Actor, CaseState, Command, EventEnvelope
from schemas.kernel.identifiers import OWN_SOURCE, event_type
from schemas.kernel.payload import Payload
from schemas.kernel.places import FrameWanted, PlaceLine
from schemas.kernel.policies import ProcessPolicy
from schemas.kernel.refusals import Refusal
from schemas.kernel.step import Decided, FactTold, Message, Opened, StepOutcome, StepRequest
from workflows.kernel.draft import Draft
from workflows.kernel.lifecycle import By, Lifecycle, StageInfo, step
from workflows.kernel.places import PLACE_FREED
from workflows.kernel.process import EventKind, Process

CLERK: Final = Actor(id="clerk-1", roles=("clerk",))
ALLOCATOR: Final = "lending/ALLOCATOR"
NOW: Final = datetime(2027, 4, 1, 9, tzinfo=UTC)
OFFER: Final = timedelta(hours=48)


class Do(Command):
    """Do this with the ledger, in one step: methods of `Draft.places` with their arguments."""

    step: ClassVar[str] = "do"
    acts: tuple[tuple[str, dict[str, Any]], ...]


class Apply(Command):
    """Take a seat if one is left, and wait for it otherwise."""

    step: ClassVar[str] = "apply"
    frame: str


class End(Command):
    """The case is over."""

    step: ClassVar[str] = "end"


class Freed(Payload):
    """Something of a frame has fallen free."""

    frame: str


def lines_of(given: Any) -> list[PlaceLine]:
    """As a command carries them."""
    return [PlaceLine.model_validate(each) for each in given]


def _do(draft: Draft[CaseState], command: Do) -> None:
    for method, given in command.acts:
        values = dict(given)
        if "lines" in values:
            values["lines"] = lines_of(values["lines"])
        if values.get("ends_at") is not None:
            values["ends_at"] = datetime.fromisoformat(values["ends_at"])
        if method == "frame":
            values["wanted"] = FrameWanted.model_validate(values["wanted"])
        getattr(draft.places, method)(**values)


def _apply(draft: Draft[CaseState], command: Apply) -> None:
    frame = draft.look_up("frame", frame=command.frame)
    if Decimal(frame["free"]) >= 1:
        draft.places.claim(f"{draft.state.case_id}#seat", [PlaceLine(frame=command.frame)], state="taken")
    else:
        draft.places.queue(command.frame, [int(draft.now.timestamp())])


def _serve(draft: Draft[CaseState], fact: Freed) -> None:
    free = Decimal(draft.look_up("frame", frame=fact.frame)["free"])
    for entry in draft.look_up("queue", frame=fact.frame):
        amount, holder = Decimal(entry["amount"]), entry["holder"]
        if amount > free:
            draft.places.pass_over(fact.frame, holder, "too-large")
        elif "lacks" in entry["wanted"]:
            draft.places.pass_over(fact.frame, holder, entry["wanted"]["lacks"])
        else:
            free -= amount
            draft.places.claim(
                f"{holder}#seat",
                [PlaceLine(frame=fact.frame, amount=amount)],
                state="offered",
                holder=holder,
                ends_at=draft.now + OFFER,
            )


LENDING: Final = Process[CaseState](
    name="seat-lending",
    room="lending",
    title=("貸出", "Lending"),
    state=CaseState,
    policy=ProcessPolicy,
    lifecycle=Lifecycle(
        {"open": StageInfo("受付", "open", "clerk"), "over": StageInfo("終了", "over", final=True)},
        (
            step("open", at=[""], by=By.SYSTEM, to=["open"]),
            step("do", at=["open"], by=["clerk"]),
            step("apply", at=["open"], by=["clerk"]),
            step("end", at=["open"], by=["clerk"], to=["over"]),
            step(PLACE_FREED, at=["open"], by=By.EVENT),
            step("refuse-event", at=["open", "over"], by=By.SYSTEM),
        ),
    ),
    open=lambda draft: draft.goto("open"),
    enter={},
    decisions={Do: _do, Apply: _apply, End: lambda draft, _command: draft.goto("over")},
    events={PLACE_FREED: EventKind(PLACE_FREED, Freed, _serve, between_cases=True)},
    expiries={},
    office="clerk",
    roles={"clerk": ("係", "clerk")},
)
ROOM: Final = Room(process=LENDING, lookups={}, messages={})
OTHER: Final = Process[CaseState](
    **{
        **{name: getattr(LENDING, name) for name in LENDING.__dataclass_fields__},
        "name": "o",
        "room": "other",
    }
)
ROOMS: Final = {LENDING.name: ROOM, OTHER.name: Room(process=OTHER, lookups={}, messages={})}
_numbers = itertools.count(1)


def line(frame: str, amount: str | int = 1, unit: str | None = None, *days: date | None) -> dict[str, Any]:
    """A line as a command carries it; the days are the first and the one after the last."""
    first, until = days or (None, None)
    made = PlaceLine(frame=frame, amount=Decimal(amount), unit=unit, first=first, until=until)
    return made.model_dump(mode="json")


@dataclass
class Lending:
    """The cases of the process, step by step in the transactions in which a worker takes them."""

    pool: asyncpg.Pool
    owner: asyncpg.Connection
    now: datetime = NOW
    opened: set[str] = field(default_factory=set)

    async def furnish(self) -> None:
        """The rooms of the processes."""
        await self.owner.execute(
            "INSERT INTO iehe.rooms (room, process) VALUES ('lending', $1), ('other', $2)",
            *(LENDING.name, OTHER.name),
        )

    async def take(self, case_id: str, message: Message) -> StepOutcome:
        """One message; the case is opened with its first one."""
        if case_id not in self.opened:
            self.opened.add(case_id)
            await self.take(case_id, Opened())
        process = OTHER.name if case_id.startswith("other/") else LENDING.name
        version = await self.pool.fetchval("SELECT version FROM iehe.cases WHERE case_id = $1", case_id)
        steps = StepActivities(self.pool, ROOMS)
        return await steps.take_step(
            StepRequest(case_id=case_id, process=process, follows=version or 0, at=self.now, message=message)
        )

    async def command(self, case_id: str, command: type[Command], **values: Any) -> StepOutcome:
        """A decision.

        Raises:
            Refusal: it was refused.
        """
        made = command(command_id=f"c{next(_numbers)}", actor=CLERK, **values)
        outcome = await self.take(case_id, Decided(step=made.step, command=made.model_dump(mode="json")))
        if outcome.refused is not None:
            raise Refusal(outcome.refused.code, **outcome.refused.params)
        return outcome

    async def do(self, case_id: str, *acts: tuple[str, Mapping[str, Any]]) -> None:
        """Several acts in one step."""
        await self.command(case_id, Do, acts=tuple((method, dict(given)) for method, given in acts))

    async def act(self, case_id: str, method: str, **given: Any) -> None:
        """One act."""
        if isinstance(given.get("ends_at"), datetime):
            given["ends_at"] = given["ends_at"].isoformat()
        await self.do(case_id, (method, given))

    async def frame(self, frame: str, places: str | int, **wanted: Any) -> None:
        """Make a frame, or change it."""
        await self.act(ALLOCATOR, "frame", frame=frame, wanted={"places": str(places), **wanted})

    async def apply(self, case_id: str, frame: str) -> None:
        """Take a seat if one is left, and wait otherwise."""
        await self.command(case_id, Apply, frame=frame)

    async def deliver(self) -> int:
        """Tell the allocators what has fallen free; how many facts there were."""
        rows = await self.owner.fetch("SELECT * FROM iehe.events WHERE state = 'stored' ORDER BY seq")
        for row in rows:
            await self.owner.execute("UPDATE iehe.events SET state = 'delivered' WHERE id = $1", row["id"])
            told = EventEnvelope.model_validate_json(row["envelope"])
            assert (told.source, told.type) == (OWN_SOURCE, event_type(LENDING.name, PLACE_FREED))
            await self.take(row["case_id"], FactTold(event=told))
        return len(rows)

    async def counts(self, frame: str) -> tuple[Decimal, Decimal, Decimal]:
        """What of a frame is held, offered and taken."""
        row = await self.owner.fetchrow(
            "SELECT held, offered, taken FROM iehe.frames WHERE frame = $1", frame
        )
        return tuple(row)

    async def state(self, place: str) -> str | None:
        """How a place stands."""
        return await self.owner.fetchval("SELECT state FROM iehe.places WHERE place = $1", place)

    async def waiting(self, frame: str) -> list[str]:
        """Who waits, in order."""
        rows = await self.owner.fetch(
            "SELECT case_id FROM iehe.place_queue WHERE frame = $1 AND state = 'waiting'"
            " ORDER BY rank, entry",
            frame,
        )
        return [row["case_id"] for row in rows]

    async def log(self, case_id: str) -> list[tuple[str | None, str, str | None]]:
        """What the evidence says of a holder: from, to and why, in order."""
        rows = await self.owner.fetch(
            "SELECT from_state, to_state, reason FROM iehe.place_log WHERE case_id = $1 ORDER BY entry",
            case_id,
        )
        return [tuple(row) for row in rows]
