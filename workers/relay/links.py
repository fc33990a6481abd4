"""Facts of other processes on their way to the cases of a home, as each receiver declares it (docs/links.md).

One relay of a home does it at a time, in the order in which they were told. What becomes of a fact is written
in one transaction with what it puts into inboxes; every id follows from the fact, so that twice is once.
"""

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast
from uuid import UUID

import asyncpg
import structlog
from pydantic import ValidationError

from activities.kernel.database import FAULTS, REFUSED_BY_FUNCTION, Connection, passes_at_once
from activities.kernel.queries import queries
from activities.kernel.room import Room
from cases import facts
from cases.apart import Kept, Marks, Words, keep, keyed, of_receiver
from schemas.kernel.case import EventEnvelope, FactOrigin
from schemas.kernel.identifiers import OWN_SOURCE, event_type
from workers.relay.listening import Bell
from workflows.kernel.links import Absent, ByCase, ByLabels, Closed, IntoRows, Takes
from workflows.kernel.process import Process

SQL: Final = queries("kernel/links")
LOCK: Final = 0x49454846, 2
"""Advisory lock of the relay that delivers facts; of each home one, told apart by a hash of its name."""
MOST: Final = 50
"""Deliveries in one transaction."""
LOOK_EVERY: Final = 1.0
FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 600.0
"""Seconds until a fact that waits for a case looks for it again, unless one opens."""
LONGEST_FAULT: Final = 5.0
SUCCESSORS: Final = 10
"""Ended cases in a row that are looked through for one that goes on."""

_CODES: Final = {LookupError: "no-keys", ValidationError: "invalid-message"}

log = structlog.get_logger()


class Links:
    """Delivers what a home's processes take.

    Args:
        pool: connections of the worker role of the home.
        bell: rung when there may be something to do.
        rooms: the processes that may be there, by name; those of other homes have no rows here.
        marks: keys of cases, for processes whose case ids are keyed.
    """

    def __init__(
        self, pool: asyncpg.Pool, bell: Bell, rooms: Mapping[str, Room], marks: Marks | None = None
    ) -> None:
        self._pool = pool
        self._bell = bell
        self._rooms = rooms
        self._marks = marks

    async def run(self) -> None:
        """Until cancelled."""
        failures = 0
        while True:
            more = False
            try:
                more = await self.deliver_some()
                failures = 0
            except FAULTS as error:
                failures += 1
                reason = getattr(error, "sqlstate", None) or type(error).__name__
                log.warning("cannot-deliver-facts", reason=reason, count=failures)
                await asyncio.sleep(_pause(failures, 0.2, LONGEST_FAULT))
            if not more and not failures:
                await self._bell.wait(LOOK_EVERY)

    async def deliver_some(self) -> bool:
        """Deliver what is due, in one transaction; True when there may be more."""
        taken = [(kind, room.process) for room in self._rooms.values() for kind in room.process.takes]
        if not taken:
            return False
        async with self._pool.acquire(timeout=5) as connection, connection.transaction():
            if not await connection.fetchval(
                "SELECT pg_try_advisory_xact_lock($1, hashtext($2 || coalesce(iehe.home_here(), '')))",
                LOCK[0],
                str(LOCK[1]),
            ):
                return False
            await connection.execute(SQL["hand_back"], MOST)
            names = [kind for kind, _ in taken], [process.name for _, process in taken]
            due = await connection.fetch(SQL["claim"], *names, MOST)
            for row in due:
                await self._deliver(connection, self._rooms[row["process"]].process, row)
            return len(due) == MOST

    async def _deliver(self, connection: Connection, process: Process[Any], row: asyncpg.Record) -> None:
        """One delivery; what keeps it from arriving holds up no other."""
        arrival = _Arrival(connection, process, row, self._marks)
        try:
            async with connection.transaction():
                await arrival.deliver()
        except (asyncpg.PostgresError, LookupError, ValidationError) as error:
            if isinstance(error, asyncpg.PostgresError) and passes_at_once(error):
                raise
            # a text of the error may quote the fact
            state = getattr(error, "sqlstate", None)
            code = (
                error.args[0]
                if state == REFUSED_BY_FUNCTION
                else state or _CODES.get(type(error), "not-accepted")
            )
            log.warning("fact-not-delivered", fact=row["fact_id"], process=process.name, reason=code)
            await arrival.wait(str(code), least=60.0)


def _pause(attempts: int, first: float, longest: float) -> float:
    whole: float = min(longest, first * 2 ** min(attempts, 16))
    return whole * random.uniform(0.75, 1)  # noqa: S311 - jitter


@dataclass(frozen=True, slots=True)
class _Arrival:
    """One fact on its way to the cases of one process."""

    connection: Connection
    process: Process[Any]
    row: asyncpg.Record
    marks: Marks | None

    @property
    def takes(self) -> Takes:
        return self.process.takes[self.row["type"]]

    @property
    def place(self) -> tuple[str, int, str]:
        return self.row["fact_id"], self.row["revision"], self.process.name

    @property
    def origin(self) -> FactOrigin:
        row = self.row
        return FactOrigin(
            fact_id=row["fact_id"],
            revision=row["revision"],
            withdrawn=row["withdrawn"],
            chain=tuple(row["chain"]),
        )

    async def deliver(self) -> None:
        """Find the cases, put it into their inboxes, and write down what became of it."""
        row, takes = self.row, self.takes
        fact_id, revision, name = self.place
        if await self.connection.fetchval(SQL["corrected"], name, fact_id, revision, row["seq"]):
            await self._mark("superseded", "corrected")
            return
        await self.connection.execute(SQL["supersede"], name, fact_id, revision)
        data = of_receiver(self.marks, self.process, takes.data, json.loads(row["data"]))
        if isinstance(takes.find, IntoRows):
            await self._into_rows(data)
            return
        found = await self._find(data)
        if started := self._case_to_start():
            found.append(started)
        cases = await self.connection.fetch(SQL["cases"], found, name, fact_id, revision)
        if not cases:
            await self._nobody_there(started)
            return
        states = [
            await self._reach(each["case_id"], each["closed"], data) for each in cases if not each["reached"]
        ]
        state = next((each for each in ("asked", "delivered", "noted") if each in states), "delivered")
        await self._mark(state, "case-closed" if state in ("asked", "noted") else None)

    async def _find(self, data: Mapping[str, Any]) -> list[str]:
        row, find, room = self.row, self.takes.find, self.process.room
        match find:
            case None:
                return []
            case ByCase(field):
                named = str(data.get(field, ""))
                return [named] if named.partition("/")[0] == room else []
            case ByLabels(fields):
                labels = {label: data.get(field) for label, field in fields.items()}
                rows = await self.connection.fetch(SQL["labelled"], room, json.dumps(labels))
            case _:
                ask = f"SELECT t.case_id FROM iehe.{room}_takes($1, $2, $3) AS t (case_id)"  # noqa: S608
                rows = await self.connection.fetch(ask, row["type"], json.dumps(data), row["key"])
        return [each["case_id"] for each in rows]

    async def _into_rows(self, data: Mapping[str, Any]) -> None:
        """Rows of the room's own take it, once: with the note that they have."""
        row, room = self.row, self.process.room
        ask = f"SELECT iehe.{room}_take_row($1, $2, $3, $4)"
        said = row["type"], json.dumps(dict(data), default=str), row["key"], row["withdrawn"]
        if await self.connection.fetchval(ask, *said):
            await self._mark("delivered", None)
        else:
            await self._nobody_there(None)

    def _case_to_start(self) -> str | None:
        """The case that the fact starts, or has started: its id follows from it."""
        if self.takes.absent is not Absent.START:
            return None
        return self.process.case_id(self._subject())

    def _subject(self) -> str:
        fact_id = self.row["fact_id"]
        if not self.process.keyed:
            return str(fact_id[:20].upper())
        return keyed(self._keys(), self.process.room, OWN_SOURCE, fact_id)

    def _keys(self) -> Marks:
        if self.marks is None:
            raise LookupError(f"{self.process.name} is reached only where its keys are")
        return self.marks

    async def _reach(self, case_id: str, closed: bool, data: Mapping[str, Any]) -> str:
        """Tell one case, or what is said of ended ones; the state to which that leads."""
        if closed and self.takes.closed is Closed.NEXT:
            following = await self._successor(case_id)
            case_id, closed = following or case_id, following is None
        if closed:
            how = "noted" if self.takes.closed is Closed.NOTE else "asked"
            await self.connection.execute(SQL["reach"], *self.place, case_id, how, None)
            if how == "asked":
                await self.connection.execute(SQL["ask"], *self.place, "fact-for-ended-case")
            return how
        if self.takes.step is None:
            await self.connection.execute(SQL["reach"], *self.place, case_id, "noted", None)
            return "noted"
        row = self.row
        event = EventEnvelope(
            id=f"{row['fact_id']}/{row['revision']}/{case_id.partition('/')[2]}",
            source=OWN_SOURCE,
            type=row["type"],
            occurred_at=row["occurred_at"],
            received_at=row["told_at"],
            data=dict(data),
            link=self.origin,
        )
        entry = OWN_SOURCE, event.id, event.type, self.process.name, case_id, event.model_dump_json()
        await self.connection.execute(SQL["into_inbox"], *entry, row["fact_id"])
        await self.connection.execute(SQL["reach"], *self.place, case_id, "told", event.id)
        return "delivered"

    async def _successor(self, case_id: str) -> str | None:
        """The open case that goes on for one that has ended."""
        for _ in range(SUCCESSORS):
            following = await self.connection.fetchval(
                f"SELECT iehe.{self.process.room}_successor($1)", case_id
            )
            if following is None:
                return None
            if await self.connection.fetchval(SQL["is_open"], following):
                return cast("str", following)
            case_id = following
        return None

    async def _nobody_there(self, to_start: str | None) -> None:
        if self.takes.absent is Absent.STANDING:
            await self._mark("standing", None)
        elif self.row["withdrawn"]:
            await self._mark("noted", "nothing-to-undo")
        elif to_start is not None:
            await self._start(to_start)
        elif self.row["reason"] == "no-case" and await self.connection.fetchval(
            SQL["waits_too_long"], *self.place
        ):
            await self.connection.execute(SQL["ask"], *self.place, "fact-without-case")
            await self._mark("asked", "no-case")
        else:
            await self.wait("no-case")

    async def _start(self, case_id: str) -> None:
        """Store the form that begins the case, as another system's is; a relay starts what is stored."""
        takes, start = self.takes, self.process.start
        if takes.start is None or start is None:
            raise LookupError(f"{self.process.name} begins with no form")
        row = self.row
        form = takes.start(takes.data.model_validate(json.loads(row["data"])))
        event = EventEnvelope(
            id=f"{row['fact_id']}/start",
            source=OWN_SOURCE,
            type=event_type(self.process.name, start[0]),
            occurred_at=row["occurred_at"],
            received_at=datetime.now(UTC),
            data=form.model_dump(mode="json", exclude_unset=True),
            link=self.origin,
        )
        case = {"process": self.process.name, "case_id": case_id}
        words: tuple[Words | Kept, ...] = ()
        if self.marks is not None:
            event, words = facts.apart(self.marks, case, event)
        # noted first: the first step of the case may ask from what it comes
        await self.connection.execute(SQL["reach"], *self.place, case_id, "started", None)
        await self._keep(case_id, words)
        await facts.enter(self.connection, case, event)
        await self._mark("delivered", None)

    async def _keep(self, case_id: str, words: Sequence[Words | Kept]) -> None:
        marks = self._keys() if words else None
        if marks is None:
            return
        await keep(self.connection, marks, tuple(each for each in words if isinstance(each, Kept)))
        said = [each for each in words if isinstance(each, Words)]
        if not said:
            return
        class_key, wrapped = marks.new(case_id)
        key = marks.open(case_id, class_key, wrapped)
        if key is None:
            raise LookupError(class_key)
        ids = list[UUID]([each.text_id for each in said])
        sealed = [key.seal(each.text_id, each.words) for each in said]
        kept = ids, [each.author for each in said], sealed
        await self.connection.execute(SQL["first_words"], case_id, class_key, wrapped, *kept)

    async def wait(self, reason: str, least: float = FIRST_PAUSE) -> None:
        """Look again later."""
        seconds = max(least, _pause(self.row["attempts"], FIRST_PAUSE, LONGEST_PAUSE))
        await self.connection.execute(SQL["put_off"], *self.place, reason, seconds)

    async def _mark(self, state: str, reason: str | None) -> None:
        await self.connection.execute(SQL["mark"], *self.place, state, reason)
