"""Playing cases on an engine: all as fast as they can, in waves, one quietly to be counted."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, Protocol

import asyncpg
from temporalio.client import Client, WorkflowExecutionStatus

from benchmarks.script import script

POLL: Final = 0.02


class Engine(Protocol):
    """What a case is played on; `table` holds the cases and their versions."""

    table: str

    async def start(self, case_id: str) -> None:
        """Start the case."""

    async def send(self, case_id: str, number: int) -> int:
        """Hand a message over; the version of the case where the answer tells it, else 0."""

    async def result(self, case_id: str) -> None:
        """Return when the case has ended and its last mail is gone."""


class Watch:
    """Which versions cases have reached: one question at a time for all that is waited for."""

    def __init__(self, pool: asyncpg.Pool, table: str) -> None:
        self._pool = pool
        self._query = f"SELECT case_id, version FROM {table} WHERE case_id = ANY($1)"  # noqa: S608
        self._waiting: dict[str, tuple[int, asyncio.Future[float]]] = {}

    async def reached(self, case_id: str, version: int) -> float:
        """When the case was first seen at this version or a later one."""
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting[case_id] = version, future
        return await future

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(POLL)
            for row in await self._pool.fetch(self._query, list(self._waiting)) if self._waiting else ():
                version, future = self._waiting[row["case_id"]]
                if row["version"] >= version:
                    del self._waiting[row["case_id"]]
                    future.set_result(time.perf_counter())


@asynccontextmanager
async def watching(pool: asyncpg.Pool, table: str) -> AsyncIterator[Watch]:
    """A watch that looks until the context ends."""
    watch = Watch(pool, table)
    looking = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        looking.cancel()


def needed() -> list[int]:
    """The version at which a case can take each message; facts one after the other do not wait."""
    versions: list[int] = []
    current = len(script().after(None))
    for number, decision in enumerate(script().decisions):
        waits = decision or not number or script().decisions[number - 1]
        versions.append(current if waits else versions[-1])
        current += len(script().after(number))
    return versions


async def at_once(engine: Engine, watch: Watch, cases: Sequence[str], limit: int) -> list[float]:
    """So many at a time, each with its next message as soon as it can take it.

    Returns:
        Seconds from the last message to the end.
    """
    gate = asyncio.Semaphore(limit)

    async def one(case_id: str) -> float:
        async with gate:
            await engine.start(case_id)
            known, last = 0, 0.0
            for number, version in enumerate(needed()):
                if known < version:
                    await watch.reached(case_id, version)
                last = time.perf_counter()
                known = await engine.send(case_id, number)
            await engine.result(case_id)
            return time.perf_counter() - last

    return list(await asyncio.gather(*map(one, cases)))


async def in_waves(engine: Engine, watch: Watch, cases: Sequence[str]) -> list[float]:
    """Everybody's next message after all have had theirs; seconds from last message to end."""
    await asyncio.gather(*map(engine.start, cases))

    async def one(case_id: str, number: int, version: int) -> float:
        await watch.reached(case_id, version)
        sent = time.perf_counter()
        await engine.send(case_id, number)
        if number == len(script().decisions) - 1:
            await engine.result(case_id)
        return time.perf_counter() - sent

    took: list[float] = []
    for number, version in enumerate(needed()):
        took = await asyncio.gather(*(one(case_id, number, version) for case_id in cases))
    return took


async def quietly(
    engine: Engine, watch: Watch, case_id: str, messages: int, client: Client | None, pool: asyncpg.Pool
) -> AsyncIterator[int]:
    """One case, each message when nothing of the last one is under way; yields the version after each.

    `client` is Temporal's, where the engine is on it.
    """
    version = 0
    for number in range(-1, messages):
        if number < 0:
            await engine.start(case_id)
        else:
            await engine.send(case_id, number)
        await watch.reached(case_id, version + 1)
        version = await _settled(engine.table, case_id, client, pool)
        yield version
    await engine.result(case_id)


async def _settled(table: str, case_id: str, client: Client | None, pool: asyncpg.Pool) -> int:
    """The version, once two looks show the same and nothing pending."""
    schema = table.partition(".")[0]
    query = (
        f"SELECT version, (SELECT count(*) FROM {schema}.notices "  # noqa: S608
        f"WHERE case_id = $1 AND state <> 'accepted') AS waiting FROM {table} WHERE case_id = $1"
    )
    last: tuple[int, ...] = ()
    while True:
        (row,) = await pool.fetch(query, case_id)
        under_way = row["waiting"] > 0
        now: tuple[int, ...] = (row["version"],)
        if client is not None:
            found = await client.get_workflow_handle(case_id).describe()
            raw = found.raw_description
            running = found.status is WorkflowExecutionStatus.RUNNING
            pending = bool(raw.pending_activities) or raw.HasField("pending_workflow_task")
            under_way |= running and pending
            now = (*now, found.history_length)
        if now == last and not under_way:
            return now[0]
        last = now
        await asyncio.sleep(0.05)
