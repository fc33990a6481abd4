"""Applications of a round, whole cases, are told that results are out: how long until the last has heard."""

import argparse
import asyncio
import time
from datetime import timedelta
from typing import Final

import asyncpg
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
from workflows.round.process import ROUND

NUMBER: Final = "2027-COMPREHENSIVE"
GOAL_SECONDS: Final = 600.0
LIMIT: Final = 3_600.0
AT_ONCE: Final = 64
_WITHOUT_POLICY: Final = "DELETE FROM iehe.policies WHERE process = 'admission-round'"
"""The one that comes with the system: small rules come instead."""
_AT: Final = "SELECT count(DISTINCT case_id) FROM iehe.case_log WHERE case_id = ANY ($1) AND step = $2"
_TWICE: Final = (
    "SELECT count(*) FROM (SELECT FROM iehe.case_log WHERE step = 'outcome-released' GROUP BY case_id"
    " HAVING count(*) > 1) AS more"
)
_LETTERS: Final = "SELECT count(*) FROM iehe.notices WHERE message = 'result-ready'"
_REPORTED: Final = "SELECT count(*) FROM iehe.round_applications WHERE case_id = $1"
_RANKED: Final = """
INSERT INTO iehe.cases (case_id, process, version, stage, stage_since, opened_at, waiting_for, policy_version,
                        hash, state)
SELECT made, c.process, c.version, 'ranked', c.stage_since, c.opened_at, c.waiting_for, c.policy_version,
       c.hash, c.state || jsonb_build_object('case_id', made, 'application_no', split_part(made, '/', 2),
           'person_key', md5(made), 'programme', 'law', 'stage', 'ranked', 'result', 'admit',
           'judged_by', $3::text, 'tasks', '{}'::jsonb, 'deadlines', '{}'::jsonb)
FROM iehe.cases AS c, unnest($2::text[]) AS made WHERE c.case_id = $1"""
"""Where a committee has spoken: what comes before is another benchmark's, and would take an hour."""


async def run(count: int) -> bool:
    """Whether all were told within the goal, each once."""
    async with servers() as at:
        pool = await at.pool("owner", 4)
        owner = await asyncpg.connect(at.postgres.url("owner"))
        await owner.execute(_WITHOUT_POLICY)
        await staffed(owner)
        first, *cases = await own.prepare(at, count + 1)
        async with own.running(at) as (engine, processes):
            await engine.start(first)
            await _reached(pool, [first], "open")
            made = await _announced(at, owner)
            await _reached(pool, [first], "round-opened")
            await owner.execute(_RANKED, first, cases, made.case_id)
            await _started(at, cases)
            await _reached(pool, cases, "round-opened")
            await _until(count, pool, _REPORTED, made.case_id)
            await owner.execute("ANALYZE")
            await _confirmed(made, cases, count)
            used = processor_seconds(processes), processor_seconds(at.pids["postgres"])
            began = await _hour(made)
            await _reached(pool, cases, "outcome-released")
            seconds = time.monotonic() - began
            used = (
                processor_seconds(processes) - used[0],
                processor_seconds(at.pids["postgres"]) - used[1],
            )
        again, letters = await pool.fetchval(_TWICE), await pool.fetchval(_LETTERS)
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


async def _started(at: Servers, cases: list[str]) -> None:
    """Each case's workflow, where a committee has spoken."""
    gate, client, office = asyncio.Semaphore(AT_ONCE), await at.client(), await at.pool("office", 8)

    async def start(case_id: str) -> None:
        async with gate:
            await restart_case(office, client, case_id)

    await asyncio.gather(*map(start, cases))


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


async def _reached(pool: asyncpg.Pool, cases: list[str], step: str) -> None:
    """All cases have had the step."""
    await _until(len(cases), pool, _AT, cases, step)


async def _until(count: int, pool: asyncpg.Pool, query: str, *terms: object) -> None:
    async with asyncio.timeout(LIMIT):
        while await pool.fetchval(query, *terms) < count:
            await asyncio.sleep(0.5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    leave(0 if asyncio.run(run(parser.parse_args().count)) else 1)
