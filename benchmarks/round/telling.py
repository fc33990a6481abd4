"""Applications of a round, whole cases, are told that results are out: how long until the last has heard."""

import argparse
import asyncio
import json
import time
from datetime import timedelta
from typing import Final

import asyncpg
from temporalio.client import Client
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from benchmarks.admission import case as own
from benchmarks.servers import Servers, processor_seconds, servers
from cases.batches import load_batch
from cases.starting import restart_case
from cli.session import leave
from encryption.case_keys import CaseKeys
from schemas.kernel.case import CompleteTask
from schemas.round import commands
from tests.round.bureau import read
from tests.round.rounds import CLOSES, RELEASE, Round, Rounds, staffed
from workflows.round.process import ADMISSION, ROUND

NUMBER: Final = "2027-COMPREHENSIVE"
GOAL_SECONDS: Final = 600.0
LIMIT: Final = 3_600.0
AT_ONCE: Final = 64
_WITHOUT_POLICY: Final = "DELETE FROM iehe.policies WHERE process = 'admission-round'"
"""The one that comes with the system: small rules come instead."""
_OPENED: Final = "SELECT count(*) FROM iehe.cases WHERE case_id = ANY ($1) AND version > 0"
_TOLD: Final = "SELECT count(*) FROM iehe.case_log WHERE case_id = ANY ($1) AND step = 'outcome-released'"
_TWICE: Final = (
    "SELECT count(*) FROM (SELECT FROM iehe.case_log WHERE step = 'outcome-released' GROUP BY case_id"
    " HAVING count(*) > 1) AS more"
)
_RANKED: Final = (
    "UPDATE iehe.cases SET stage = 'ranked', state = state || jsonb_build_object('stage', 'ranked',"
    " 'result', 'admit', 'judged_by', $2::text, 'tasks', '{}'::jsonb, 'deadlines', '{}'::jsonb)"
    " WHERE case_id = ANY ($1)"
)


async def run(count: int) -> bool:
    """Whether all were told within the goal, each once."""
    async with servers() as at:
        pool = await at.pool("owner", 4)
        owner = await asyncpg.connect(at.postgres.url("owner"))
        await owner.execute(_WITHOUT_POLICY)
        await staffed(owner)
        cases = await own.prepare(at, count)
        async with own.running(at) as (engine, processes):
            made = await _announced(at, owner)
            await _opened(engine, pool, cases)
            await _ranked(at, owner, pool, made, cases)
            await _confirmed(made, cases, count)
            used = processor_seconds(processes), processor_seconds(at.pids["postgres"])
            began = await _hour(made)
            await _reached(pool, _TOLD, cases, count)
            seconds = time.monotonic() - began
            used = (
                processor_seconds(processes) - used[0],
                processor_seconds(at.pids["postgres"]) - used[1],
            )
        twice = (
            "SELECT count(*) FROM (SELECT FROM iehe.case_log WHERE step = 'outcome-released' GROUP BY case_id"
        )
        again = await pool.fetchval(f"{twice} HAVING count(*) > 1) AS more")
        letters = await pool.fetchval("SELECT count(*) FROM iehe.notices WHERE message = 'result-ready'")
        await owner.close()
    print(
        f"{count} cases told in {seconds:.1f} s, {count / seconds:.1f} a second; {again} told twice,"
        f" {letters} letters; processor: worker and relay {used[0]:.1f} s, PostgreSQL {used[1]:.1f} s"
    )
    return seconds < GOAL_SECONDS and not again and letters == count


async def _announced(at: Servers, owner: asyncpg.Connection) -> Round:
    client = await at.client()
    skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
    rounds = Rounds(skipper, await at.pool("office", 4), owner, CaseKeys(at.ring))
    made = await rounds.announce(NUMBER)
    await made.fixed()
    return made


async def _opened(engine: own.Admission, pool: asyncpg.Pool, cases: list[str]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def start(case_id: str) -> None:
        async with gate:
            await engine.start(case_id)

    await asyncio.gather(*map(start, cases))
    await _reached(pool, _OPENED, cases, len(cases))


async def _ranked(
    at: Servers, owner: asyncpg.Connection, pool: asyncpg.Pool, made: Round, cases: list[str]
) -> None:
    """Put where a committee has spoken: what came before is another benchmark's, and would take an hour."""
    gate, client, office = asyncio.Semaphore(AT_ONCE), await at.client(), await at.pool("office", 8)
    skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
    await owner.execute(_RANKED, cases, made.case_id)

    async def again(case_id: str, client: Client = skipper.client) -> None:
        async with gate:
            await restart_case(office, client, case_id, terminate=True)

    await asyncio.gather(*map(again, cases))
    for place, case_id in enumerate(cases):
        said = {
            "case": case_id,
            "round": made.case_id,
            "number": case_id.partition("/")[2],
            "person": f"{place:032x}",
            "choices": ["law"],
        }
        await pool.execute(
            "SELECT iehe.round_take_row($1, $2, '', false)", f"{ADMISSION}.case-ranked", json.dumps(said)
        )
    await owner.execute("ANALYZE")


async def _confirmed(made: Round, cases: list[str], count: int) -> None:
    """Scores, lists, two persons: a quarter is admitted."""
    limit = {"frame": "law", "number": max(count // 4, 1), "minute_no": "2027-11"}
    await made.decide(commands.SetOfferLimit, "head-1", **limit)
    await made.forward(days=CLOSES.days, hours=1)
    await made.until("stage = 'scoring'", LIMIT)
    marks = {case.partition("/")[2]: (place % 101, place // 101 % 101) for place, case in enumerate(cases)}
    batch = await load_batch(made.house.door, "office-1", made.case_id, ROUND.name, read(marks))
    await made.decide(commands.AcceptBatch, "office-1", batch=batch["batch"], hash=batch["hash"])
    for task in await made.open_tasks():
        if task.startswith("check-distribution"):
            await made.decide(CompleteTask, "checker-1", task=task)
    await made.until("stage = 'judging'", LIMIT)
    await made.confirmed()


async def _hour(made: Round) -> float:
    """The results are out; when, by this machine's clock."""
    hour = await made.scheduled()
    await made.clock(hour)
    began = time.monotonic()
    await made.forward(days=(RELEASE - CLOSES) // timedelta(days=1))
    return began


async def _reached(pool: asyncpg.Pool, query: str, cases: list[str], count: int) -> None:
    async with asyncio.timeout(LIMIT):
        while await pool.fetchval(query, cases) < count:
            await asyncio.sleep(0.5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    leave(0 if asyncio.run(run(parser.parse_args().count)) else 1)
