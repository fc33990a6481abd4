"""A worker's end by kill -9 while cases are open and facts wait, and how soon a new one has caught up."""

import asyncio
import statistics
import time
from typing import Final

from benchmarks.admission import case as own
from benchmarks.playing import watching
from benchmarks.servers import Servers, servers

OPENING: Final = 32
DECIDERS: Final = 4
"""Further cases on which people decide meanwhile, one thing after the other."""
LIMIT: Final = 300.0
"""Seconds after which it is given up."""
_HANDLED: Final = "SELECT count(*) FROM iehe.case_log WHERE cause IS NOT NULL AND actor_kind = 'system'"
_UNDELIVERED: Final = "SELECT count(*) FROM iehe.events WHERE state = 'stored'"
"""To cases that take nothing the relay gives only so many: it is waited for until it gives no more."""
_UNSENT: Final = "SELECT count(*) FROM iehe.notices WHERE state <> 'accepted'"


async def restart(count: int, waiting: int, facts: int) -> None:
    """Open so many cases, kill, let facts come for some of them, start anew; print what is seen."""
    async with servers() as at:
        stored = await own.prepare(at, count + DECIDERS)
        cases, others = stored[:count], stored[count:]
        pool = await at.pool("owner", 4)
        async with own.running(at) as (engine, processes), watching(pool, engine.table) as watch:
            gate = asyncio.Semaphore(OPENING)

            async def opened(case_id: str) -> None:
                async with gate:
                    await engine.start(case_id)
                    await watch.reached(case_id, 1)

            await asyncio.gather(*map(opened, stored))
            while await pool.fetchval(_UNSENT):
                await asyncio.sleep(0.1)
            worker = next(each for each in at.processes if each.pid == processes[0])
            await worker.stop()
            for number in range(facts):
                for case_id in cases[:waiting]:
                    await engine.send(case_id, number % 2)
            last_seen, undelivered = -1, await pool.fetchval(_UNDELIVERED)
            while undelivered not in (0, last_seen):
                await asyncio.sleep(2)
                last_seen, undelivered = undelivered, await pool.fetchval(_UNDELIVERED)
            began = time.perf_counter()
            starting = asyncio.create_task(_ready_after(at))
            answered: list[float] = []
            deciding = [asyncio.create_task(_decide(engine, case_id, answered)) for case_id in others]
            first, done = 0.0, 0
            while done < waiting * facts and time.perf_counter() - began < LIMIT:
                await asyncio.sleep(0.05)
                done = await pool.fetchval(_HANDLED)
                if done and not first:
                    first = time.perf_counter() - began
            last = time.perf_counter() - began
            for each in deciding:
                each.cancel()
            print(
                f"open={count} waiting={waiting} facts_each={facts} handled={done}",
                f"ready_s={await starting:.2f} first_s={first:.2f} all_s={last:.2f}",
                f"per_second={done / last:.0f} decisions_meanwhile={len(answered)}",
                f"median_s={statistics.median(answered or [0]):.2f} max_s={max(answered or [0]):.2f}",
                flush=True,
            )


async def _ready_after(at: Servers) -> float:
    began = time.perf_counter()
    await at.start("cli.main", "worker")
    return time.perf_counter() - began


async def _decide(engine: own.Admission, case_id: str, answered: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await engine.postpone(case_id)
        answered.append(time.perf_counter() - began)
        await asyncio.sleep(0.2)
