"""A worker killed in the middle: nothing is lost, nothing is told or given twice; another goes on."""

import asyncio
import sys

import pytest

from activities.kernel.scheduled import Tools
from activities.round.ranking import rank_some
from cases.registry import ROOMS
from schemas.round import commands
from tests.conftest import Database
from tests.round.bureau import CASE, HEAD, RELEASE, Bureau

MANY = {f"A{number:04}": (number % 37, number % 41) for number in range(1, 121)}
ADMITTED = 50
WAITING = 30


class Died(Exception):
    """The worker is gone."""


@pytest.mark.parametrize("point", ["inputs-read", "lists-made"])
async def test_a_worker_that_dies_while_it_ranks_leaves_nothing(bureau: Bureau, point: str) -> None:
    """The next one makes the same lists: of the same inputs they are the same bytes (I8)."""
    await bureau.judging({"A0001": (90, 90), "A0002": (80, 80)})
    before = await bureau.hash()
    await bureau.owner.execute("UPDATE iehe.round_inputs SET revision = revision + 1")
    lists = "SELECT count(*) FROM iehe.result_lists"
    there = await bureau.owner.fetchval(lists)

    async def die(at: str) -> None:
        if at == point:
            raise Died

    with pytest.raises(Died):
        await rank_some(Tools(bureau.pool, None, ROOMS, die))  # type: ignore[arg-type]
    assert await bureau.owner.fetchval(lists) == there
    assert await bureau.owner.fetchval("SELECT looked < revision FROM iehe.round_inputs")
    await bureau.rank()
    assert await bureau.hash() == before
    assert (await bureau.state()).stage == "judging"


async def test_killed_again_and_again_while_cases_are_told(bureau: Bureau, database: Database) -> None:
    """Kill -9 in the middle of bulk telling: each is told once, and each place is held once (I1, I3, I7)."""
    await bureau.judging(MANY)
    limit = {"frame": "law", "number": ADMITTED, "waitlist": WAITING, "minute_no": "2027-11"}
    await bureau.decide(commands.SetOfferLimit, HEAD, **limit)
    await bureau.rank()
    await bureau.confirmed()
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=RELEASE)
    await bureau.goes_on(RELEASE)
    stage, kills = "confirmed", 0
    while stage != "enrolling":
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.round.mortal_worker", database.url("worker")),
            *(database.url("owner"), bureau.now.isoformat()),
            stdout=asyncio.subprocess.PIPE,
        )
        assert worker.stdout is not None
        for _ in range(2 + kills % 3):
            stage = (await worker.stdout.readline()).decode().strip() or stage
        worker.kill()
        await worker.wait()
        kills += 1
        bureau.now = max(bureau.now, await bureau.owner.fetchval("SELECT iehe.clock()"))
    assert kills > 3
    owner = bureau.owner
    told = await owner.fetch(
        "SELECT data ->> 'case' AS who, count(*) FROM iehe.facts"
        " WHERE type LIKE '%.outcome-released' GROUP BY 1"
    )
    assert [row["count"] for row in told] == [1] * len(MANY)
    lines = (
        "SELECT count(*) FROM iehe.result_lines JOIN iehe.result_lists l USING (list)"
        " WHERE iehe.is_out(l.release) AND result ->> 'verdict' = $1"
    )
    admitted = await owner.fetchval(lines, "admitted")
    offered = await owner.fetchval("SELECT count(*) FROM iehe.places WHERE state = 'offered'")
    assert offered == admitted >= ADMITTED
    waiting = await owner.fetchval(lines, "waitlisted")
    assert await owner.fetchval("SELECT count(*) FROM iehe.round_waitlist") == waiting >= WAITING
    assert await owner.fetchval("SELECT offered FROM iehe.frames WHERE frame = $1", f"{CASE}/law") == admitted
    untold = (
        "SELECT count(*) FROM iehe.result_lines JOIN iehe.result_lists l USING (list)"
        " WHERE iehe.is_out(l.release) AND told_version IS NULL"
    )
    assert await owner.fetchval(untold) == 0
