"""A house with its runs, step by step in the transactions in which a worker takes them, on the real ledger.

Students are the cases of another process: what these do with the ledger when a student answers is done here.
"""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import asyncpg

from activities.kernel.room import Room
from activities.kernel.steps import StepActivities
from cases.registry import ROOMS
from schemas.dormitory import commands
from schemas.dormitory.state import DormitoryState
from schemas.kernel.case import Actor, Command, EventEnvelope, FactOrigin
from schemas.kernel.identifiers import OWN_SOURCE, event_type
from schemas.kernel.refusals import Refusal
from schemas.kernel.step import Decided, FactTold, Message, Opened, StepOutcome, StepRequest, TimePassed
from tests.pure import default_policy_of, jst
from workflows.dormitory.process import DORMITORY, EXCHANGE

RUN: Final = "dormitory/NORTH-27S"
NEXT: Final = "dormitory/NORTH-27A"
FIRST, UNTIL = date(2027, 4, 1), date(2027, 8, 21)
COLLECTED: Final = jst(2027, 1, 20, 17)
ANN: Final = Actor(id="house-1", roles=("house_office",))
BEN: Final = Actor(id="house-2", roles=("house_office",))
BEGIN: Final = jst(2027, 1, 10, 9)
SEED: Final = "kyoto-2027"
_numbers = itertools.count(1)


def student(number: int | str) -> str:
    """The case of a student."""
    return f"exchange/27S-S{number:0>4}"


async def furnish(owner: asyncpg.Connection, **changes: Any) -> None:
    """The policy that comes with the system, with changes."""
    policy = default_policy_of("dormitory", "house").model_dump(mode="json") | changes
    await owner.execute(
        "INSERT INTO iehe.policies (process, version, valid_from, body, sha256, loaded_by)"
        " VALUES ($1, 'default-1', '2026-04-01', $2, '', 'test')",
        *(DORMITORY.name, json.dumps({"routes": {"house": policy}})),
    )


@dataclass
class Hall:
    """The runs of one house.

    Args:
        pool: connections of the worker role.
        owner: whoever looks at everything.
    """

    pool: asyncpg.Pool
    owner: asyncpg.Connection
    now: datetime = BEGIN

    # what is there

    async def build(self, *beds: str) -> None:
        """Beds such as `101-A:single`, `201-A:shared:woman`; the room is before the dash."""
        rows = []
        for each in beds:
            bed, kind, *group = each.split(":")
            rows.append(("north", bed, bed.partition("-")[0], kind, group[0] if group else None))
        await self.owner.executemany(
            "INSERT INTO iehe.dormitory_beds (house, bed, room, kind, group_) VALUES ($1, $2, $3, $4, $5)",
            rows,
        )

    async def open(self, run: str = RUN, first: date = FIRST, until: date = UNTIL, **form: Any) -> None:
        """A run begins."""
        usual = {
            "first": first.isoformat(),
            "until": until.isoformat(),
            "collect_until": COLLECTED.isoformat(),
            "kept_until": date(first.year, first.month, 30).isoformat(),
            "seed": SEED,
        }
        subject = run.partition("/")[2]
        stored = json.dumps(usual | form)
        await self.owner.execute("SELECT iehe.dormitory_store($1, $2::jsonb)", subject, stored)
        await self.owner.execute(
            "UPDATE iehe.dormitory_runs SET received_at = $2 WHERE case_id = $1", run, self.now
        )
        await self.take(run, Opened())

    # steps

    @property
    def rooms(self) -> dict[str, Room]:
        """The room under test."""
        return {DORMITORY.name: ROOMS[DORMITORY.name]}

    async def take(self, run: str, message: Message) -> StepOutcome:
        """One message."""
        version = await self.pool.fetchval("SELECT version FROM iehe.cases WHERE case_id = $1", run)
        request = StepRequest(
            case_id=run, process=DORMITORY.name, follows=version or 0, at=self.now, message=message
        )
        return await StepActivities(self.pool, self.rooms).take_step(request)

    async def decide(
        self, command: type[Command], by: Actor = ANN, run: str = RUN, **values: Any
    ) -> StepOutcome:
        """A decision.

        Raises:
            Refusal: it was refused.
        """
        made = command(command_id=f"c{next(_numbers)}", actor=by, **values)
        outcome = await self.take(run, Decided(step=made.step, command=made.model_dump(mode="json")))
        if outcome.refused is not None:
            raise Refusal(outcome.refused.code, **outcome.refused.params)
        return outcome

    async def event(self, kind: str, run: str = RUN, *, linked: bool = False, **data: Any) -> StepOutcome:
        """A fact."""
        number = next(_numbers)
        link = FactOrigin(fact_id=f"f{number}") if linked else None
        told = json.loads(json.dumps(data, default=str))
        event = EventEnvelope(
            id=str(number), source="portal", type=kind, received_at=self.now, data=told, link=link
        )
        return await self.take(run, FactTold(event=event))

    async def let_time_pass(self, run: str = RUN, **span: float) -> None:
        """Time goes on, and the clock does what is due."""
        self.now += timedelta(**span) + timedelta(seconds=1)
        await self.take(run, TimePassed())

    # what students' cases tell and do

    async def states(self, of: str, run: str = RUN, **stated: Any) -> None:
        """What a person has stated, as the door keeps it, and the fact that goes on."""
        value = json.dumps({"mobility": of, **stated})
        await self.owner.execute(
            "SELECT iehe.dormitory_kept($1, 'person-stated', 'person', $2::jsonb)", run, value
        )
        kind = event_type(DORMITORY.name, "person-stated")
        await self.event(kind, run, person=f"{next(_numbers):A>16}".translate(_DIGITS))

    async def asks(
        self,
        of: str,
        *types: str,
        run: str = RUN,
        first: date = FIRST,
        until: date = UNTIL,
        stated: dict[str, Any] | None = None,
        **more: Any,
    ) -> str:
        """A student asks for a bed, having stated something."""
        if stated is not None:
            await self.states(of, run, **stated)
        usual = {"quota": "none", "faculty": "law", "accepted": True}
        await self.event(
            f"{EXCHANGE}.bed-requested",
            run,
            linked=True,
            case=of,
            house="north",
            term=run[-3:],
            types=types or ("single",),
            first=first,
            until=until,
            **(usual | more),
        )
        return of

    async def released(self, of: str, reason: str, run: str = RUN) -> None:
        """A student's case tells that the bed is not needed."""
        await self.event(
            f"{EXCHANGE}.bed-released",
            run,
            linked=True,
            case=of,
            house="north",
            term=run[-3:],
            reason=reason,
        )

    async def arrival(self, of: str, what: str, on: date, run: str = RUN) -> None:
        """A student's case tells of an arrival."""
        await self.event(
            f"{EXCHANGE}.bed-arrival",
            run,
            linked=True,
            case=of,
            house="north",
            term=run[-3:],
            what=what,
            on=on,
        )

    async def in_the_ledger(self, of: str, **change: Any) -> None:
        """What a student's case does there, in a step of its own.

        Raises:
            asyncpg.PostgresError: the ledger refuses it.
        """
        if change["how"] == "take":
            change["at"] = self.now.isoformat()
        changes = json.dumps([change], default=str)
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "SELECT iehe.change_places($1, 1, $2, 'portal', $3)", of, self.now, changes
            )

    async def says_yes(self, of: str) -> None:
        """The student takes what is offered."""
        await self.in_the_ledger(of, how="take", place=await self.place(of))

    async def says_no(self, of: str) -> None:
        """The student declines what is offered."""
        await self.in_the_ledger(of, how="release", place=await self.place(of), reason="declined")

    async def leaves(self, of: str, on: date) -> None:
        """The student has moved out: the days after the cleaning are nobody's."""
        await self.stays_until(of, on + timedelta(days=1))
        await self.released(of, "checked-out")

    async def stays_until(self, of: str, until: date) -> None:
        """The student's bed is theirs until another day.

        Raises:
            asyncpg.PostgresError: the ledger refuses it.
        """
        row = await self.owner.fetchrow(
            "SELECT p.place, l.frame, l.unit, lower(l.during) AS first FROM iehe.places p"
            " JOIN iehe.place_lines l USING (place) WHERE p.case_id = $1 AND l.live",
            of,
        )
        line = {"frame": row["frame"], "amount": 1, "unit": row["unit"], "first": row["first"]}
        await self.in_the_ledger(of, how="move", place=row["place"], lines=[line | {"until": until}])

    # the run

    async def drawn(self, run: str = RUN) -> str:
        """The list is drawn after the collecting; its hash."""
        self.now = max(self.now, COLLECTED + timedelta(hours=1))
        await self.decide(commands.Draw, run=run, seed=SEED)
        return (await self.state(run)).list_hash or ""

    async def offered(self, run: str = RUN) -> None:
        """Drawn, confirmed, offered."""
        of_list = await self.drawn(run)
        await self.decide(commands.ConfirmRun, BEN, run, hash=of_list)
        await self.decide(commands.Offer, run=run, hash=of_list)

    async def freed(self) -> int:
        """Tell the runs what has fallen free; how many facts there were."""
        rows = await self.owner.fetch("SELECT * FROM iehe.events WHERE state = 'stored' ORDER BY seq")
        for row in rows:
            await self.owner.execute("UPDATE iehe.events SET state = 'delivered' WHERE id = $1", row["id"])
            told = EventEnvelope.model_validate_json(row["envelope"])
            assert told.source == OWN_SOURCE
            await self.take(row["case_id"], FactTold(event=told))
        return len(rows)

    # what tests ask

    async def state(self, run: str = RUN) -> DormitoryState:
        """As it is stored."""
        stored = await self.owner.fetchval("SELECT state FROM iehe.cases WHERE case_id = $1", run)
        return DormitoryState.model_validate_json(stored)

    async def answered_for(self) -> tuple[str, str | None, str | None]:
        """How the newest list stands, who has drawn it, who has confirmed it."""
        row = await self.owner.fetchrow(
            "SELECT state, prepared_by, confirmed_by FROM iehe.result_lists ORDER BY number DESC LIMIT 1"
        )
        return row["state"], row["prepared_by"], row["confirmed_by"]

    async def place(self, of: str) -> str:
        """What somebody holds or was offered."""
        return await self.owner.fetchval(
            "SELECT place FROM iehe.places WHERE case_id = $1 AND state IN ('offered', 'taken')", of
        )

    async def bed(self, of: str) -> str | None:
        """The bed that somebody has or was offered; the last of several."""
        return await self.owner.fetchval(
            "SELECT split_part(l.unit, '/', 3) FROM iehe.place_lines l JOIN iehe.places p USING (place)"
            " WHERE p.case_id = $1 AND l.live ORDER BY lower(l.during) DESC LIMIT 1",
            of,
        )

    async def beds(self, *of: str) -> list[str | None]:
        """The same of several."""
        return [await self.bed(each) for each in of]

    async def holder(self, bed: str, on: date) -> tuple[str | None, str] | None:
        """Who has a bed on a day, and for what; None: it is free."""
        row = await self.owner.fetchrow(
            "SELECT p.case_id, p.purpose FROM iehe.place_lines l JOIN iehe.places p USING (place)"
            " WHERE l.live AND l.unit = $1 AND l.during @> $2::date",
            *(f"dormitory/north/{bed}", on),
        )
        return None if row is None else (row["case_id"], row["purpose"])

    async def heard(self, of: str) -> list[tuple[str, str | None]]:
        """What a student's case was told, in order: offered, or what became of it, and why."""
        rows = await self.owner.fetch(
            "SELECT type, data FROM iehe.facts WHERE data ->> 'case' = $1 ORDER BY told_at, version", of
        )
        found = []
        for row in rows:
            data = json.loads(row["data"])
            found.append((data.get("what", "offered"), data.get("reason")))
        return found

    async def reasons(self, run: str = RUN) -> dict[str, str | None]:
        """Of the list: why somebody has no bed."""
        rows = await self.owner.fetch(
            "SELECT mobility, reason FROM iehe.dormitory_list WHERE case_id = $1 ORDER BY place", run
        )
        return {row["mobility"]: row["reason"] for row in rows}

    async def waiting(self, frame: str = "dormitory/north/27S") -> list[tuple[str, str | None]]:
        """Who waits, in order, and why they were passed over the last time."""
        rows = await self.owner.fetch(
            "SELECT case_id, passed_over ->> 'reason' AS reason FROM iehe.place_queue"
            " WHERE frame = $1 AND state = 'waiting' ORDER BY rank, entry",
            frame,
        )
        return [(row["case_id"], row["reason"]) for row in rows]

    async def tasks(self, run: str = RUN) -> set[str]:
        """Keys of open tasks."""
        return set((await self.state(run)).tasks)


_DIGITS: Final = str.maketrans("0189", "WXYZ")


async def twice(owner: asyncpg.Connection) -> Sequence[asyncpg.Record]:
    """Beds that two have on one day: none, ever."""
    return await owner.fetch(
        "SELECT a.unit FROM iehe.place_lines a JOIN iehe.place_lines b"
        " ON a.unit = b.unit AND a.during && b.during AND a.line < b.line AND a.live AND b.live"
    )
