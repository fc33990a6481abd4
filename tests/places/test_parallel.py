"""The ledger under many at once, and under processes that are killed in the middle of a step."""

import asyncio
import random
import sys
from collections import Counter
from datetime import date
from decimal import Decimal

import asyncpg
import pytest

from activities.kernel.database import open_pool
from activities.kernel.places import SQL
from schemas.kernel.refusals import Refusal
from tests.conftest import Database
from tests.places.lending import ALLOCATOR, NOW, OFFER, Lending, line
from tests.places.mortal_clerk import HALL, STUDENTS

TWICE = """
SELECT count(*) FROM iehe.place_lines a JOIN iehe.place_lines b
ON a.unit = b.unit AND a.during && b.during AND a.line < b.line AND a.live AND b.live
"""
LAST_SAID = """
SELECT p.place FROM iehe.places p WHERE p.state IS DISTINCT FROM (
    SELECT l.to_state FROM iehe.place_log l WHERE l.place = p.place ORDER BY l.entry DESC LIMIT 1)
"""
SILENT = """
SELECT p.place FROM iehe.places p
LEFT JOIN iehe.case_log c ON c.case_id = p.by_case AND c.version = p.by_version WHERE c.case_id IS NULL
"""


async def outcomes(works) -> Counter[str]:
    """How many were done, and how many refused with which code."""
    done = await asyncio.gather(*works, return_exceptions=True)
    for each in done:
        if each is not None and not isinstance(each, Refusal):
            raise each
    return Counter("done" if each is None else each.code for each in done)


@pytest.fixture
async def crowd(lending: Lending, database: Database) -> Lending:
    """The same with many connections."""
    pool = await open_pool(database.url("worker"), size=50)
    yield Lending(pool, lending.owner, opened=lending.opened)
    await pool.close()


async def test_fifty_at_once_take_five_places_and_no_more(crowd: Lending) -> None:
    """D7, as in mod_booking's own race test: exactly five, and the others are told that it is full."""
    await crowd.frame("lending/session", 5)
    takers = [
        crowd.act(
            f"lending/T{number}", "claim", place=f"T{number}", lines=[line("lending/session")], state="taken"
        )
        for number in range(50)
    ]
    assert await outcomes(takers) == {"done": 5, "frame-full": 45}
    assert await crowd.counts("lending/session") == (0, 0, 5)


async def test_fifty_at_once_share_nested_frames_of_persons_and_months(crowd: Lending) -> None:
    """Two agreements of one programme, persons and decimal months: what is short first decides."""
    for measure, programme, agreement in (("persons", 8, 6), ("months", "22.5", 30)):
        await crowd.frame(f"lending/p:{measure}", programme, measure=measure)
        for name in "ab":
            parent = f"lending/p:{measure}"
            await crowd.frame(f"lending/{name}:{measure}", agreement, measure=measure, parent=parent)
    takers = [
        crowd.act(
            f"lending/T{number}",
            "claim",
            place=f"T{number}",
            lines=[
                line(f"lending/{'ab'[number % 2]}:months", "4.5"),
                line(f"lending/{'ab'[number % 2]}:persons"),
            ],
        )
        for number in range(50)
    ]
    assert await outcomes(takers) == {"done": 5, "frame-full": 45}
    assert await crowd.counts("lending/p:months") == (Decimal("22.5"), 0, 0)
    assert await crowd.counts("lending/p:persons") == (5, 0, 0)


async def test_fifty_who_look_first_take_what_is_left_and_the_others_wait(crowd: Lending) -> None:
    """Looked up and written in one transaction under one lock: nobody decides on what is true no more."""
    await crowd.frame("lending/session", 5)
    assert await outcomes([crowd.apply(f"lending/T{number}", "lending/session") for number in range(50)]) == {
        "done": 50
    }
    assert await crowd.counts("lending/session") == (0, 0, 5)
    assert len(await crowd.waiting("lending/session")) == 45


async def test_librebooking_147_fifty_at_once_get_one_bed_once(crowd: Lending) -> None:
    """The house has room for all of them: the bed itself is given to one."""
    await crowd.frame("lending/north", 100)
    stay = [line("lending/north", 1, "lending/north/101-A", date(2027, 4, 1), date(2027, 8, 1))]
    takers = [crowd.act(f"lending/T{n}", "claim", place=f"T{n}", lines=stay) for n in range(50)]
    assert await outcomes(takers) == {"done": 1, "unit-taken": 49}


async def test_an_answer_and_a_lapse_at_once_are_one_of_them(crowd: Lending) -> None:
    """Twenty offers at their end, each answered and lapsed at the same moment by different cases."""
    await crowd.frame("lending/session", 20)
    names = [f"lending/T{number}" for number in range(20)]
    for name in names:
        given = {"state": "offered", "ends_at": NOW + OFFER}
        await crowd.act(name, "claim", place=name, lines=[line("lending/session")], **given)
        await crowd.act(f"{name}-CLOCK", "lapse", place=name)  # its clock is open, and lapses nothing yet
    late = Lending(crowd.pool, crowd.owner, NOW + OFFER, crowd.opened)
    works = [work for name in names for work in (
        crowd.act(name, "take", place=name), late.act(f"{name}-CLOCK", "lapse", place=name)
    )]  # fmt: skip
    counted = await outcomes(works)
    states = Counter([await crowd.state(name) for name in names])
    assert states["taken"] + states["lapsed"] == 20
    assert counted["place-over"] == states["lapsed"]
    assert await crowd.counts("lending/session") == (0, 0, states["taken"])


async def kill_and_count(database: Database, seed: str, until: int) -> int:
    """A clerk who is killed after so many lines of what they do; how many acts were ended."""
    clerk = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.places.mortal_clerk", database.url("worker"), seed),
        stdout=asyncio.subprocess.PIPE,
    )
    ended = 0
    for _ in range(until):
        ended += (await clerk.stdout.readline()) == b"ended\n"
    clerk.kill()
    await clerk.wait()
    return ended


@pytest.mark.timeout(120)  # processes are started and killed
async def test_two_hundred_answers_swaps_and_closings_under_kill_9_give_no_bed_twice(
    lending: Lending, database: Database
) -> None:
    """X invariant 1: four clerks at once, each killed in the middle of an act, and others after them."""
    await lending.frame(HALL, 10)
    await lending.do(ALLOCATOR)
    for number in range(STUDENTS):
        await lending.do(f"lending/S{number}")
    chance = random.Random(7)  # noqa: S311 - a repeatable mixture
    ended = 0
    swapped = "SELECT count(*) FROM iehe.place_log WHERE reason = 'swap'"
    turn = 0
    while turn < 3 or (turn < 12 and not await lending.owner.fetchval(swapped)):
        turn += 1
        clerks = [kill_and_count(database, f"{turn}-{n}", chance.randrange(45, 60, 2)) for n in range(4)]
        ended += sum(await asyncio.gather(*clerks))
        assert await lending.owner.fetchval(TWICE) == 0
    assert ended >= 200
    assert await lending.owner.fetchval("SELECT count(DISTINCT to_state) FROM iehe.place_log") >= 5
    assert await lending.owner.fetchval(swapped) > 0
    for statement in (SQL["miscounted"], LAST_SAID, SILENT):
        assert await lending.owner.fetch(statement) == []


async def test_who_dies_before_the_step_is_written_has_given_nothing(
    lending: Lending, worker_pool: asyncpg.Pool
) -> None:
    """Cut off between the ledger's change and the end of its transaction: no bed, count or evidence."""
    await lending.frame("lending/session", 1)
    connection = await worker_pool.acquire()
    await connection.execute("BEGIN")
    claim = (
        '[{"how": "claim", "place": "A", "holder": "lending/A", "purpose": "p", "state": "held", "lines": '
    )
    claim += '[{"frame": "lending/session", "amount": "1"}]}]'
    await connection.execute("SELECT iehe.change_places('lending/A', 1, now(), 'a', $1)", claim)
    connection.terminate()
    await worker_pool.release(connection)
    await lending.act("lending/B", "claim", place="B", lines=[line("lending/session")])
    assert await lending.counts("lending/session") == (1, 0, 0)
    assert await lending.state("A") is None
    assert await lending.log("lending/A") == []
