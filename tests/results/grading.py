"""A small process with lists of results: its case does with them what it is told."""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

import asyncpg

from activities.kernel.room import Room
from activities.kernel.steps import StepActivities
from schemas.kernel.case import Actor, CaseState, Command
from schemas.kernel.policies import ProcessPolicy
from schemas.kernel.refusals import Refusal
from schemas.kernel.results import ResultMade
from schemas.kernel.step import Decided, Message, Opened, StepOutcome, StepRequest
from workflows.kernel.draft import Draft
from workflows.kernel.lifecycle import By, Lifecycle, StageInfo, step
from workflows.kernel.process import Process

CASE: Final = "grading/2027-GENERAL"
ANN: Final = Actor(id="clerk-1", roles=("clerk",))
BEN: Final = Actor(id="clerk-2", roles=("clerk",))
INPUTS: Final = "ab" * 32


class Do(Command):
    """Do this with the lists, in one step: methods of `Draft.results` with their arguments."""

    step: ClassVar[str] = "do"
    method: str
    given: dict[str, Any]


class TellSome(Command):
    """Note that some who are to be told were told."""

    step: ClassVar[str] = "tell-some"
    most: int


def _do(draft: Draft[CaseState], command: Do) -> None:
    given = dict(command.given)
    if command.method == "make":
        draft.results.make(ResultMade.model_validate(given))
        return
    if given.get("hour") is not None:
        given["hour"] = datetime.fromisoformat(given["hour"])
    getattr(draft.results, command.method)(**given)


def _tell(draft: Draft[CaseState], command: TellSome) -> None:
    found = draft.results.untold(command.most)
    draft.details["told"] = len(found)
    for of_list, lines in itertools.groupby(found, key=lambda each: each["list"]):
        draft.results.told(of_list, [each["line"] for each in lines])


GRADING: Final = Process[CaseState](
    name="grading",
    room="grading",
    title=("採点", "Grading"),
    state=CaseState,
    policy=ProcessPolicy,
    lifecycle=Lifecycle(
        {"open": StageInfo("受付", "open", "clerk")},
        (
            step("open", at=[""], by=By.SYSTEM, to=["open"]),
            step("do", at=["open"], by=["clerk"]),
            step("tell-some", at=["open"], by=["clerk"]),
        ),
    ),
    open=lambda draft: draft.goto("open"),
    enter={},
    decisions={Do: _do, TellSome: _tell},
    events={},
    expiries={},
    office="clerk",
    roles={"clerk": ("係", "clerk")},
)
ROOMS: Final = {GRADING.name: Room(process=GRADING, lookups={}, messages={})}
_numbers = itertools.count(1)


@dataclass
class Grading:
    """The case of the process, step by step in the transactions in which a worker takes them."""

    pool: asyncpg.Pool
    owner: asyncpg.Connection
    opened: bool = False

    async def furnish(self) -> None:
        """The rooms: the one that makes lists, and the one whose cases they are about."""
        await self.owner.execute(
            "INSERT INTO iehe.rooms (room, process) VALUES ('grading', $1), ('pupil', 'pupils')",
            GRADING.name,
        )

    async def now(self) -> datetime:
        """By the clock of releases."""
        return await self.owner.fetchval("SELECT iehe.clock()")

    async def forward(self, **span: float) -> None:
        """Move that clock."""
        await self.owner.execute(
            "INSERT INTO iehe.clock_shift (shift) VALUES ($1)"
            " ON CONFLICT (one) DO UPDATE SET shift = clock_shift.shift + excluded.shift",
            timedelta(**span),
        )

    async def take(self, message: Message) -> StepOutcome:
        """One message; the case is opened with its first one."""
        if not self.opened:
            self.opened = True
            await self.take(Opened())
        version = await self.pool.fetchval("SELECT version FROM iehe.cases WHERE case_id = $1", CASE)
        request = StepRequest(
            case_id=CASE,
            process=GRADING.name,
            follows=version or 0,
            at=datetime.now(UTC),
            message=message,
        )
        return await StepActivities(self.pool, ROOMS).take_step(request)

    async def command(self, command: type[Command], by: Actor, **values: Any) -> StepOutcome:
        """A decision.

        Raises:
            Refusal: it was refused.
        """
        made = command(command_id=f"c{next(_numbers)}", actor=by, **values)
        outcome = await self.take(Decided(step=made.step, command=made.model_dump(mode="json")))
        if outcome.refused is not None:
            raise Refusal(outcome.refused.code, **outcome.refused.params)
        return outcome

    async def do(self, method: str, by: Actor = ANN, **given: Any) -> StepOutcome:
        """One act with a list."""
        return await self.command(Do, by, method=method, given=given)

    # a list on its way

    async def made(self, name: str = "law", *passed: str, body: str | None = None) -> str:
        """A list on which these have passed; its hash."""
        lines = [{"subject": f"pupil/{each}", "result": {"passed": True}} for each in passed]
        await self.do(
            "make",
            name=name,
            inputs=INPUTS,
            rules="1",
            body=body or "\n".join([name, *passed]),
            counts={"passed": len(passed)},
            lines=lines,
        )
        return await self.hash(name)

    async def hash(self, name: str = "law") -> str:
        """Of the list that counts."""
        return await self.owner.fetchval(
            "SELECT hash FROM iehe.result_lists WHERE case_id = $1 AND name = $2"
            " ORDER BY number DESC LIMIT 1",
            CASE,
            name,
        )

    async def confirmed(self, name: str = "law", *passed: str) -> str:
        """Made, prepared and confirmed."""
        seen = await self.made(name, *passed)
        await self.do("prepare", name=name, seen=seen)
        await self.do("confirm", BEN, name=name, seen=seen)
        return seen

    async def scheduled(self, *names: str, **span: float) -> datetime:
        """Lists are out after a while by the clock of releases."""
        hour = await self.now() + timedelta(**span)
        await self.do("release", names=list(names or ("law",)), hour=hour.isoformat())
        return hour

    async def withdraw(self, *names: str) -> list[str]:
        """What lists were made from has changed."""
        return await self.pool.fetchval(
            "SELECT iehe.withdraw_results($1, $2, 'input-changed')", CASE, list(names)
        )

    async def release(self) -> str:
        """The key of the last release."""
        return await self.owner.fetchval("SELECT release FROM iehe.releases ORDER BY version DESC LIMIT 1")

    # what is seen

    async def told(self, pupil: str, pool: asyncpg.Pool | None = None) -> list[str]:
        """The names of the lists that say something of a pupil, as any door reads them."""
        rows = await (pool or self.pool).fetch("SELECT name FROM iehe.released_lines($1)", f"pupil/{pupil}")
        return sorted(row["name"] for row in rows)

    async def state(self, name: str = "law") -> tuple[str, str | None]:
        """How the newest list of a name stands, and why it does not count."""
        row = await self.owner.fetchrow(
            "SELECT state, why FROM iehe.result_lists WHERE case_id = $1 AND name = $2"
            " ORDER BY number DESC LIMIT 1",
            *(CASE, name),
        )
        return row["state"], row["why"]
