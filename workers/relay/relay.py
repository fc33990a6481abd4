"""The relay: brings what the inbox holds to the cases it is for; any number of relays may run side by side.

One scout claims; what it has claimed is delivered in turns beside it, so that a case with many events holds
up no other. A relay that finds nothing waits for the database to tell it of something, and looks by itself
every second in case nobody tells.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from activities.kernel.database import FAULTS
from activities.kernel.queries import queries
from cases.apart import Marks
from cases.registry import ROOMS
from cases.starting import start_cases, stored_by_themselves
from embedded.concurrency import cancelled
from workers.relay.delivery_batch import CASES, LOCKS, Report, claim, deliver, mark, pause, wake_closed
from workers.relay.links import Links
from workers.relay.listening import Bell, listen
from workers.relay.room import Room, look

SQL: Final = queries("kernel/relay")
TURNS: Final = 4
"""Turns under way at once."""
CONNECTIONS: Final = TURNS + 7
"""The scout's question, the listener, the facts, the starter with what it notes, and some to spare."""
LOOK_EVERY: Final = 1.0
LOOK_AGAIN: Final = 0.1
"""Seconds until the next look while there is no room and the cases are taking what they have."""
START_AGAIN_AFTER: Final = 600.0
"""Seconds after which a case that was started and never opened is started again if no workflow runs."""
GATHER: Final = 0.05
"""Seconds in which events come together while few are there: a turn for one costs as much as one for many."""
SWEEP_EVERY: Final = 600.0
"""Seconds between two looks for events that were delivered and that their case never took."""
SWEPT: Final = 200
"""Of these, so many at a time."""
STARTS: Final = 100
"""Applications accepted over HTTP that are started in one go."""
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 5.0
STOP_WITHIN: Final = 1.5
"""Seconds for the turns under way when the relay is told to stop; then they are given up and undone."""
_STARTER: Final = 1

Fault = Callable[[str], Awaitable[None]]
log = structlog.get_logger()


class Relay:
    """One relay.

    Args:
        pool: connections of the worker role of a home, at least `CONNECTIONS`; they see its cases alone.
        client: Temporal, in the namespace of that home.
        fault: called at named points (`claimed`, `signalled`, `marked`) so that tests can die there.
        marks: keys of cases, without which no fact of another process reaches one whose case ids are keyed.
    """

    def __init__(
        self, pool: asyncpg.Pool, client: Client, fault: Fault | None = None, marks: Marks | None = None
    ) -> None:
        self._facts = Bell()
        self._links = Links(pool, self._facts, ROOMS, marks)
        self._pool = pool
        self._client = client
        self._fault = fault
        self._bell = Bell()
        self._starts = Bell()
        self._slots = asyncio.Semaphore(TURNS)
        self._turns: set[asyncio.Task[None]] = set()
        self._room = Room(0, {})
        self._in_hand = 0
        self._failures = 0
        self._away = False

    async def run(self, told: asyncio.Event) -> None:
        """Deliver until told to stop; what is under way is brought to its end, within limits."""
        loops = [
            asyncio.create_task(work)
            for work in (
                self._scout(),
                self._start(),
                self._sweep(),
                self._links.run(),
                listen(self._pool, self._bell),
            )
        ]
        stop = asyncio.create_task(told.wait())
        try:
            await asyncio.wait({*loops, stop}, return_when=asyncio.FIRST_COMPLETED)
            for loop in loops:
                if loop.done():
                    loop.result()
            if self._turns:
                await asyncio.wait(set(self._turns), timeout=STOP_WITHIN)
        finally:
            await cancelled(stop, *loops, *self._turns)

    # events

    async def _scout(self) -> None:
        while True:
            await self._slots.acquire()
            claimed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            turn = asyncio.create_task(self._turn(claimed))
            self._turns.add(turn)
            turn.add_done_callback(self._ended)
            if not await claimed:
                if self._room.tight:
                    # what is stored meanwhile changes nothing
                    await asyncio.sleep(LOOK_AGAIN if self._room.taken else LOOK_EVERY)
                else:
                    await self._bell.wait(await self._until_next())
                self._starts.ring()
                self._facts.ring()
            elif self._failures:
                # one turn at a time until something passes again
                await asyncio.wait({turn})
            if claimed.result() < CASES:
                await asyncio.sleep(GATHER)
            if self._failures:
                await asyncio.sleep(pause(self._failures - 1, FIRST_PAUSE, LONGEST_PAUSE))

    def _ended(self, turn: asyncio.Task[None]) -> None:
        self._turns.discard(turn)
        self._slots.release()
        if not turn.cancelled() and (error := turn.exception()) is not None:
            log.error("turn-failed", exc_info=error)

    async def _turn(self, claimed: asyncio.Future[int]) -> None:
        in_hand = 0
        try:
            async with self._pool.acquire(timeout=5) as connection:
                self._room = await look(connection, self._in_hand)
                async with connection.transaction():
                    runs = await claim(connection, self._room, 1 if self._failures else CASES)
                    in_hand = sum(map(len, runs))
                    self._in_hand += in_hand
                    await self._at("claimed")
                    claimed.set_result(len(runs))
                    if not runs:
                        # that all have been put off says nothing about Temporal
                        if not self._away:
                            self._failures = 0
                        return
                    report = await deliver(self._client, runs)
                    await self._at("signalled")
                    await wake_closed(connection, self._client, report)
                    await mark(connection, report)
            await self._at("marked")
            self._learn(report)
        except FAULTS as error:
            self._failed(getattr(error, "sqlstate", None) or type(error).__name__)
        except BaseException:
            self._failures += 1
            raise
        finally:
            self._in_hand -= in_hand
            if not claimed.done():
                claimed.set_result(0)
        self._bell.ring()

    def _learn(self, report: Report) -> None:
        self._away = bool(report.away)
        if report.away:
            self._failed(report.why_away)
        else:
            self._failures = 0

    def _failed(self, reason: str) -> None:
        self._failures += 1
        log.warning("relay-cannot-deliver", reason=reason, count=self._failures)

    async def _at(self, point: str) -> None:
        if self._fault is not None:
            await self._fault(point)

    async def _until_next(self) -> float:
        try:
            seconds = await self._pool.fetchval(SQL["next_try"], timeout=5)
        except FAULTS:
            return LOOK_EVERY
        return LOOK_EVERY if seconds is None else min(LOOK_EVERY, max(0.01, seconds))

    # events that were delivered to a run that was lost before it took them, and runs lost before they opened

    async def _sweep(self) -> None:
        while True:
            seconds = LOOK_EVERY
            try:
                rows = await self._pool.fetch(SQL["bring_back_lost"], SWEPT, timeout=20)
                await self._pool.execute(queries("kernel/starts")["forget"], START_AGAIN_AFTER, timeout=20)
            except FAULTS:
                log.warning("cannot-sweep", exc_info=True)
                seconds = LONGEST_PAUSE
            else:
                for row in rows:
                    log.warning("event-lost", case_id=row["case_id"], event_id=row["id"], state=row["state"])
                if rows:
                    self._bell.ring()
                if len(rows) < SWEPT:
                    seconds = SWEEP_EVERY
            await asyncio.sleep(seconds)

    # subjects that were accepted while nobody waited

    async def _start(self) -> None:
        failures = 0
        while True:
            more = False
            try:
                more = await self._start_some()
                failures = 0
            except* (*FAULTS, RPCError, RuntimeError) as group:
                failures += 1
                log.warning("cannot-start-cases", count=failures, exc_info=group)
            if failures:
                await asyncio.sleep(pause(failures - 1, FIRST_PAUSE, LONGEST_PAUSE))
            elif not more:
                await self._starts.wait(LOOK_EVERY)

    async def _to_start(self, _case_id: str) -> Client:
        return self._client

    async def _start_some(self) -> bool:
        """Start what was accepted, by one relay at a time; True when there may be more."""
        async with self._pool.acquire(timeout=5) as connection, connection.transaction():
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1, $2)", LOCKS + 1, _STARTER):
                return False
            waiting = await stored_by_themselves(connection, STARTS)
            if waiting:
                await start_cases(self._pool, self._to_start, waiting, concurrency=CASES)
                log.info("cases-started", count=len(waiting))
            return len(waiting) == STARTS


@asynccontextmanager
async def running_relay(
    pool: asyncpg.Pool, client: Client, *, fault: Fault | None = None, marks: Marks | None = None
) -> AsyncIterator[None]:
    """Deliver until the context ends."""
    told = asyncio.Event()
    work = asyncio.create_task(Relay(pool, client, fault, marks).run(told))
    try:
        yield
    finally:
        told.set()
        await asyncio.wait({work})
        work.result()
