"""Many at once, and workers that are killed: no bed twice on a day, and a draw that ends."""

import asyncio
import random
import sys
import time
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import asyncpg
import pytest

from activities.kernel.database import open_pool
from schemas.dormitory import commands
from schemas.dormitory.lookups import HouseFound
from schemas.dormitory.run import Bed, PersonStated, Request
from schemas.dormitory.stages import Gender, Need, RoomKind
from schemas.kernel.refusals import Refusal
from tests.conftest import Database
from tests.dormitory.hall import BEN, FIRST, RUN, UNTIL, Hall, student, twice
from tests.pure import default_policy_of
from workflows.dormitory.allocation import House, in_order

DRAWN_WITHIN = 10.0
"""Seconds for 1,500 requests, as the domain asks."""
ENOUGH = 40
"""Acts before the last kill."""


@pytest.fixture
async def crowd(hall: Hall, database: Database) -> Hall:
    """The same with many connections."""
    pool = await open_pool(database.url("worker"), size=50)
    yield Hall(pool, hall.owner)
    await pool.close()


async def test_librebooking_147_two_hundred_answers_at_the_last_moment_give_no_bed_twice(crowd: Hall) -> None:
    """LibreBooking #147: answer and lapse of each bed at one moment; exactly one of them wins."""
    await crowd.build(*(f"{number}-A:single" for number in range(100, 200)))
    await crowd.open()
    for number in range(120):
        await crowd.asks(student(number))
    await crowd.offered()
    holders = [
        row["case_id"] for row in await crowd.owner.fetch("SELECT case_id FROM iehe.places ORDER BY 1")
    ]
    assert len(holders) == 100
    late = Hall(crowd.pool, crowd.owner, crowd.now + timedelta(days=10, seconds=1))
    places = {case: await crowd.place(case) for case in holders}

    async def answers(case: str) -> bool:
        try:
            await crowd.in_the_ledger(case, how="take", place=places[case])
        except asyncpg.PostgresError as error:
            assert "place-over" in str(error)  # noqa: PT017 - an answer, or none
            return False
        return True

    shuffled = random.Random(7).sample(holders, 100)  # noqa: S311 - a repeatable order
    *won, _ = await asyncio.gather(*map(answers, shuffled * 2), late.let_time_pass())
    crowd.now = late.now
    await crowd.freed()
    assert not await twice(crowd.owner)
    taken = await crowd.owner.fetchval("SELECT count(*) FROM iehe.places WHERE state = 'taken'")
    assert taken == sum(won)
    lost = await crowd.owner.fetchval("SELECT count(*) FROM iehe.places WHERE state = 'lapsed'")
    assert taken + lost == 100
    live = await crowd.owner.fetch(
        "SELECT case_id FROM iehe.places WHERE state IN ('offered', 'taken') GROUP BY 1 HAVING count(*) > 1"
    )
    assert not live


async def test_agendia_268_what_is_offered_is_held_against_everybody(crowd: Hall) -> None:
    """MarcosRabadan/Agendia #268: while one person is to answer, no other way gives the bed."""
    await crowd.build("101-A:single", "102-A:single")
    await crowd.open()
    await crowd.asks(student(1))
    await crowd.offered()
    bed = await crowd.bed(student(1))
    await crowd.asks(student(2))
    await crowd.asks(student(3))
    assert await crowd.bed(student(2)) != bed
    with pytest.raises(Refusal, match=r"does not fit|house-full"):
        await crowd.decide(commands.OfferReserve, mobility=student(3), bed=bed)


async def test_indico_4315_a_cancellation_against_an_answer_leaves_one_of_them(crowd: Hall) -> None:
    """Of indico PR 4315: released and answered at once; no stay without nights is left."""
    await crowd.build("101-A:single")
    await crowd.open()
    await crowd.asks(student(1))
    await crowd.offered()
    place = await crowd.place(student(1))
    done = await asyncio.gather(
        crowd.in_the_ledger(student(1), how="take", place=place),
        crowd.in_the_ledger(student(1), how="release", place=place, reason="withdrawn"),
        return_exceptions=True,
    )
    assert not [each for each in done if each and not isinstance(each, asyncpg.PostgresError)]
    assert await crowd.owner.fetchval("SELECT state FROM iehe.places") in ("released", "taken")
    empty = "SELECT count(*) FROM iehe.place_lines WHERE isempty(during)"
    assert await crowd.owner.fetchval(empty) == 0
    await crowd.released(student(1), "withdrawn")
    await crowd.asks(student(2))
    assert await crowd.bed(student(2)) == "101-A"


async def test_noq_448_requests_take_no_place(crowd: Hall) -> None:
    """Of noQ-sweden/noq #448: however many ask, the frames count what is given and never go below nothing."""
    await crowd.build("101-A:single")
    await crowd.open()
    for number in range(5):
        await crowd.asks(student(number))
    row = await crowd.owner.fetchrow("SELECT sum(held + offered + taken) AS given FROM iehe.frames")
    assert row["given"] == 0
    await crowd.offered()
    rows = await crowd.owner.fetch("SELECT held + offered + taken AS given, places FROM iehe.frames")
    assert all(0 <= each["given"] <= each["places"] for each in rows if each["places"])


async def test_coscup_103_who_leaves_a_shared_room_is_replaced_by_whom_it_fits(hall: Hall) -> None:
    """COSCUP-Volunteer #103: the substitute fits who lives there, and nobody else is moved unaware."""
    await hall.build("201-A:shared", "201-B:shared", "201-C:shared")
    await hall.open()
    for number in (1, 2, 3):
        await hall.asks(student(number), "shared", stated={"gender": "woman"})
    await hall.offered()
    for number in (1, 2, 3):
        await hall.says_yes(student(number))
    before = await hall.beds(student(1), student(2))
    await hall.asks(student(4), "shared", stated={"gender": "man"})
    await hall.asks(student(5), "shared", stated={"gender": "woman"})
    await hall.in_the_ledger(student(3), how="release", place=await hall.place(student(3)), reason="left")
    await hall.freed()
    assert await hall.bed(student(4)) is None
    assert await hall.bed(student(5)) is not None
    assert await hall.beds(student(1), student(2)) == before
    assert await hall.heard(student(1)) == [("offered", None)]


async def test_workers_that_are_killed_leave_no_bed_twice(hall: Hall, database: Database) -> None:
    """Answers, swaps, relocations and closings in processes that are killed in the middle of a step."""
    await hall.build(*(f"{number}-{bed}:shared" for number in range(101, 107) for bed in "AB"))
    await hall.open()
    for number in range(16):
        await hall.asks(student(number), "shared", stated={"gender": "woman" if number % 2 else "man"})
    await hall.offered()
    said = Counter[str]()
    for seed in range(4):
        clerk = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.dormitory.mortal_clerk", database.url("worker")),
            *(database.url("owner"), str(seed)),
            stdout=asyncio.subprocess.PIPE,
        )
        assert clerk.stdout is not None
        for _ in range(ENOUGH + seed):
            said[(await clerk.stdout.readline()).decode().strip()] += 1
        clerk.kill()
        await clerk.wait()
        assert not await twice(hall.owner)
    assert said["done"] > ENOUGH / 2
    silent = (
        "SELECT p.place FROM iehe.places p LEFT JOIN iehe.case_log c"
        " ON c.case_id = p.by_case AND c.version = p.by_version"
        " WHERE c.case_id IS NULL AND p.by_case LIKE 'dormitory/%'"
    )
    assert not await hall.owner.fetch(silent)
    # invariant 8: every promised bed has a case
    nobody = "SELECT place FROM iehe.places WHERE state = 'taken' AND case_id IS NULL"
    assert not await hall.owner.fetch(nobody)


def _house(requests: int, beds: int) -> House:
    kinds = list(RoomKind)
    chance = random.Random(3)  # noqa: S311 - a repeatable mixture
    found = HouseFound(
        beds=tuple(
            Bed(
                bed=f"{number // 2:04}-{'AB'[number % 2]}",
                room=f"{number // 2:04}",
                kind=kinds[number // 2 % 6],
            )
            for number in range(beds)
        ),
        held=(),
        requests=tuple(
            Request(
                case=student(number),
                types=tuple(chance.sample([kind.value for kind in kinds if kind != RoomKind.COUPLE], 3)),
                first=FIRST,
                until=UNTIL,
                quota="none",
                faculty="law",
                accepted=True,
                person=PersonStated(
                    mobility=student(number),
                    gender=chance.choice(list(Gender)),
                    needs=(Need.ACCESSIBLE,) if chance.random() < 0.05 else (),
                    stays_on=chance.random() < 0.3,
                ),
            )
            for number in range(requests)
        ),
        queue=(),
        free={"dormitory/north/27S": 10**6, "dormitory/north/27S/open": 10**6}
        | {"dormitory/north/27S/reserve": 10**6},
        parents=dict.fromkeys(
            ("dormitory/north/27S/open", "dormitory/north/27S/reserve"), "dormitory/north/27S"
        ),
        closings=(),
        residents=(),
    )
    policy = default_policy_of("dormitory", "house")
    return House(found, policy, "north", "dormitory/north/27S", FIRST - timedelta(days=60))


def test_yppf_766_a_draw_of_fifteen_hundred_ends_in_seconds() -> None:
    """Yuanpei-Intelligence/YPPF PR 766: each is looked at once, each has a bed or a reason, none the same."""
    house = _house(1500, 2200)
    began = time.monotonic()
    lines = house.allot(in_order(house.found.requests, house.policy, "north", "seed"))
    assert time.monotonic() - began < DRAWN_WITHIN
    assert len(lines) == 1500
    assert all((line.bed is None) != (line.reason is None) for line in lines)
    beds = [line.bed for line in lines if line.bed]
    assert len(beds) == len(set(beds)) > 500


async def test_a_run_of_fifteen_hundred_is_drawn_and_offered_in_steps_that_end(hall: Hall) -> None:
    """With the ledger: drawn in one step, offered in several, as the list says."""
    await hall.build(*(f"{number}-A:single" for number in range(1000, 2200)))
    await hall.open()
    await hall.owner.execute(
        "INSERT INTO iehe.dormitory_requests"
        " (case_id, mobility, types, first, until, quota, faculty, accepted)"
        " SELECT $1, 'exchange/27S-S' || lpad(n::text, 4, '0'), '{single}', $2, $3, 'none', 'law', true"
        " FROM generate_series(1, 1500) AS n",
        *(RUN, FIRST, UNTIL),
    )
    took = [time.monotonic()]
    of_list = await hall.drawn()
    took.append(time.monotonic())
    await hall.decide(commands.ConfirmRun, by=BEN, hash=of_list)
    await hall.decide(commands.Offer, hash=of_list)
    took.append(time.monotonic())
    while await hall.owner.fetchval("SELECT count(*) FROM iehe.places WHERE state = 'offered'") < 1200:
        await hall.let_time_pass(seconds=1)
        took.append(time.monotonic())
    assert max(after - before for before, after in pairwise(took)) < DRAWN_WITHIN
    rows = await hall.owner.fetch(
        "SELECT FROM iehe.dormitory_list d JOIN iehe.place_lines l ON l.unit = 'dormitory/north/' || d.bed"
        " JOIN iehe.places p ON p.place = l.place AND p.case_id = d.mobility"
    )
    assert len(rows) == 1200, "offered is what was drawn"
    assert await hall.owner.fetchval("SELECT count(*) FROM iehe.places WHERE state = 'offered'") == 1200
    assert len(await hall.waiting()) == 300
