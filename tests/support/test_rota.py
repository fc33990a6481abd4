"""E10, E11, E14, E19: the rota as a ledger of its own, on a real database."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from activities.kernel.database import open_pool
from cases.support import duty
from schemas.kernel.refusals import Refusal
from tests.cli.program import Program, elsewhere
from tests.conftest import Database
from tests.support.builder import refused

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
PEOPLE = ("duty-1", "duty-2", "duty-3")


class Rota:
    """Duty officers who are reached by two channels, and what is planned."""

    def __init__(self, office: asyncpg.Pool, owner: asyncpg.Pool) -> None:
        self.office, self.owner = office, owner

    async def employ(self, name: str, *, tested: int = 2, role: str = "duty_officer") -> None:
        await self.owner.execute(
            "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES ($1, $1, $2, $3)",
            *(name, f"{name}@example.ac.jp", [role]),
        )
        channels = [("mail", f"{name}@example.ac.jp"), ("webhook:pager", f"pager-{name}")]
        for channel, address in channels[:tested]:
            await self.owner.execute(
                "INSERT INTO iehe.staff_channels (staff_id, channel, address, tested_at)"
                " VALUES ($1, $2, $3, now())",
                *(name, channel, address),
            )

    async def plan(self, place: str, who: str, begins: float, ends: float) -> int:
        return await duty.plan_shift(
            self.office, "head-1", place, who, NOW + begins * HOUR, NOW + ends * HOUR
        )

    async def on_duty(self, place: str, hour: float) -> list[str]:
        rows = await self.owner.fetch(
            "SELECT staff_id FROM iehe.support_rota WHERE place = $1 AND during @> $2::timestamptz",
            *(place, NOW + hour * HOUR),
        )
        return [row["staff_id"] for row in rows]

    async def gaps(self, days: int = 1) -> list[tuple[str, int, int]]:
        rows = await self.owner.fetch("SELECT * FROM iehe.support_gaps($1, $2)", NOW, days)
        return [
            (row["place"], round((row["begins_at"] - NOW) / HOUR), round((row["ends_at"] - NOW) / HOUR))
            for row in rows
        ]


@pytest.fixture
async def ledger(database: Database) -> AsyncIterator[Rota]:
    owner = await open_pool(database.url("owner"), size=2)
    office = await open_pool(database.url("office"), size=6)
    await owner.execute(
        "INSERT INTO iehe.webhooks (name, url) VALUES ('pager', 'https://pager.example.ac.jp/')"
    )
    made = Rota(office, owner)
    for name in PEOPLE:
        await made.employ(name)
    yield made
    await office.close()
    await owner.close()


async def test_e10_every_minute_without_somebody_is_a_gap(ledger: Rota) -> None:
    """Day ahead, both places; shifts that meet leave none between them."""
    await ledger.plan("first", "duty-1", 0, 8)
    await ledger.plan("first", "duty-2", 8, 12)
    await ledger.plan("second", "duty-3", 0, 24)
    assert await ledger.gaps() == [("first", 12, 24)]


async def test_one_in_a_place_and_nobody_in_two(ledger: Rota) -> None:
    """Two in the same place at the same time, or one person in both, are refused by the database."""
    await ledger.plan("first", "duty-1", 0, 8)
    with refused("shift-overlaps"):
        await ledger.plan("first", "duty-2", 7, 9)
    with refused("shift-overlaps"):
        await ledger.plan("second", "duty-1", 4, 6)


async def test_a_shift_twice_in_a_file_is_one(ledger: Rota) -> None:
    """The same one again is refused and changes nothing."""
    await ledger.plan("first", "duty-1", 0, 8)
    with refused("shift-overlaps"):
        await ledger.plan("first", "duty-1", 0, 8)
    assert await ledger.gaps() == [("second", 0, 24), ("first", 8, 24)]


@pytest.mark.parametrize(
    ("tested", "role", "code"),
    [(1, "duty_officer", "channels-untested"), (2, "counsellor", "no-duty-officer")],
)
async def test_e14_only_who_is_reached_by_two_tested_channels(ledger: Rota, tested, role, code) -> None:
    """And is a duty officer at all."""
    await ledger.employ("new-1", tested=tested, role=role)
    with refused(code):
        await ledger.plan("first", "new-1", 0, 8)


async def test_e11_offered_accepted_given_back(ledger: Rota) -> None:
    """Until it is accepted it is the giver's; given back it is theirs again."""
    shift = await ledger.plan("first", "duty-1", 0, 8)
    await duty.offer_shift(ledger.office, shift, "duty-1", "duty-2")
    assert await ledger.on_duty("first", 4) == ["duty-1"]
    assert await duty.answer_swap(ledger.office, shift, "duty-2", "accepted") == "duty-1"
    assert await ledger.on_duty("first", 4) == ["duty-2"]
    assert await duty.answer_swap(ledger.office, shift, "duty-2", "given-back") == "duty-1"
    assert await ledger.on_duty("first", 4) == ["duty-1"]


async def test_e11_passed_on(ledger: Rota) -> None:
    """Oncall 5131: who has taken it over may offer it on; who had it has no say any more."""
    shift = await ledger.plan("first", "duty-1", 0, 8)
    await duty.offer_shift(ledger.office, shift, "duty-1", "duty-2")
    await duty.answer_swap(ledger.office, shift, "duty-2", "accepted")
    with refused("shift-not-yours"):
        await duty.offer_shift(ledger.office, shift, "duty-1", "duty-3")
    await duty.offer_shift(ledger.office, shift, "duty-2", "duty-3")
    await duty.answer_swap(ledger.office, shift, "duty-3", "accepted")
    assert await ledger.on_duty("first", 4) == ["duty-3"]


async def test_e11_oncall_4182_a_swap_moves_with_its_shift(ledger: Rota) -> None:
    """The shift is moved while it is offered: accepted, it is the moved one."""
    shift = await ledger.plan("first", "duty-1", 0, 8)
    await duty.offer_shift(ledger.office, shift, "duty-1", "duty-2")
    await duty.move_shift(ledger.office, "head-1", shift, NOW + 10 * HOUR, NOW + 18 * HOUR)
    await duty.answer_swap(ledger.office, shift, "duty-2", "accepted")
    assert await ledger.on_duty("first", 12) == ["duty-2"]
    assert await ledger.on_duty("first", 4) == []


async def test_e11_oneuptime_2445_it_holds_for_that_one_shift(ledger: Rota) -> None:
    """Other shifts of the giver stay the giver's."""
    shift = await ledger.plan("first", "duty-1", 0, 8)
    await ledger.plan("second", "duty-1", 12, 20)
    await duty.offer_shift(ledger.office, shift, "duty-1", "duty-2")
    await duty.answer_swap(ledger.office, shift, "duty-2", "accepted")
    assert await ledger.on_duty("second", 14) == ["duty-1"]


async def test_nobody_answers_what_was_not_offered_to_them(ledger: Rota) -> None:
    """Neither a stranger nor twice."""
    shift = await ledger.plan("first", "duty-1", 0, 8)
    await duty.offer_shift(ledger.office, shift, "duty-1", "duty-2")
    with refused("no-such-swap"):
        await duty.answer_swap(ledger.office, shift, "duty-3", "accepted")
    with refused("swap-offered"):
        await duty.offer_shift(ledger.office, shift, "duty-1", "duty-3")
    await duty.answer_swap(ledger.office, shift, "duty-2", "declined")
    with refused("no-such-swap"):
        await duty.answer_swap(ledger.office, shift, "duty-2", "accepted")


async def test_who_is_on_duty_already_takes_no_other_shift(ledger: Rota) -> None:
    """Two shifts at once are refused at the acceptance, and nothing moves."""
    shift = await ledger.plan("first", "duty-1", 0, 8)
    await ledger.plan("second", "duty-2", 4, 12)
    await duty.offer_shift(ledger.office, shift, "duty-1", "duty-2")
    with refused("shift-overlaps"):
        await duty.answer_swap(ledger.office, shift, "duty-2", "accepted")
    assert await ledger.on_duty("first", 5) == ["duty-1"]


async def test_e19_who_has_left_is_out_in_one_step(ledger: Rota) -> None:
    """Goalert 2373, oncall 4343: their shifts and swaps are gaps, and nobody else's duty moves."""
    await ledger.plan("first", "duty-1", -2, 8)
    shift = await ledger.plan("first", "duty-2", 8, 16)
    await ledger.plan("second", "duty-3", 0, 24)
    await duty.offer_shift(ledger.office, shift, "duty-2", "duty-1")
    await ledger.owner.fetchval("SELECT iehe.support_person_left('duty-1')")
    assert await ledger.on_duty("first", 4) == []
    assert await ledger.on_duty("first", 10) == ["duty-2"]
    with refused("no-such-swap"):
        await duty.answer_swap(ledger.office, shift, "duty-1", "accepted")
    assert await ledger.gaps() == [("first", 0, 8), ("first", 16, 24)]


async def test_who_plans_at_once_waits_for_each_other_and_is_never_in_the_way(ledger: Rota) -> None:
    """Two of one constraint wait for each other; found out after a second, it held up all other planners."""

    async def plan(number: int) -> str:
        try:
            begins = NOW + number // 6 * HOUR
            when = (begins, begins + HOUR)
            await ledger.office.fetchval(duty.SQL["plan"], "first", PEOPLE[number % 3], *when, "head-1")
        except asyncpg.PostgresError as error:
            return type(error).__name__
        return "planned"

    made = Counter(await asyncio.gather(*(plan(number) for number in range(1200))))
    assert made["planned"] == 200
    assert made["DeadlockDetectedError"] == 0, made


async def test_fifty_at_once_take_one_place(ledger: Rota) -> None:
    """Whoever is faster has it; nobody is there twice."""

    async def plan(number: int) -> int | None:
        try:
            return await ledger.plan("first", PEOPLE[number % 3], 0, 8)
        except Refusal:
            return None

    made = await asyncio.gather(*(plan(number) for number in range(50)))
    assert sum(shift is not None for shift in made) == 1
    assert len(await ledger.on_duty("first", 4)) == 1


# the file


@pytest.fixture
def head(database, temporal, tmp_path, ledger) -> Program:
    return Program(elsewhere(database, temporal, tmp_path / "home")).by("head-1")


async def test_e10_a_rota_is_planned_from_a_file_whole_and_only_once(head, ledger, tmp_path) -> None:
    """Full-width digits, 24:00, the next morning; the check changes nothing, the same file again neither."""
    await ledger.employ("head-1", role="head_of_support")
    file = tmp_path / "rota.csv"
    rows = ["２０２７/４/１,９：００～24:00,duty-1,duty-2", "2027-04-02,0:00-9:00,duty-2,duty-1"]
    rows += ["2027-04-02,22:00-翌8:00,duty-3,"]
    file.write_bytes("\n".join(["日付,時間帯,当番,副当番", *rows]).encode("cp932", "replace"))
    planned = "SELECT place, staff_id, lower(during), upper(during) FROM iehe.support_rota ORDER BY 3, 1"
    told = await head("support", "rota", "import", file, "--check", "--json")
    assert told.json == {"new": 5, "same": 0}, told
    assert await ledger.owner.fetch(planned) == []
    assert (await head("support", "rota", "import", file, "--json")).json == {"new": 5, "same": 0}
    assert (await head("support", "rota", "import", file, "--json")).json == {"new": 0, "same": 5}
    found = [
        (row[0], row[1], f"{row[2]:%d %H}", f"{row[3]:%d %H}") for row in await ledger.owner.fetch(planned)
    ]
    assert found == [
        ("first", "duty-1", "01 00", "01 15"),
        ("second", "duty-2", "01 00", "01 15"),
        ("first", "duty-2", "01 15", "02 00"),
        ("second", "duty-1", "01 15", "02 00"),
        ("first", "duty-3", "02 13", "02 23"),
    ]


async def test_e14_a_faulty_rota_plans_nothing(head, ledger, tmp_path) -> None:
    """A shift twice, somebody unknown, not reached, or in both places at once: each by its row."""
    await ledger.employ("head-1", role="head_of_support")
    await ledger.employ("duty-4", tested=1)
    file = tmp_path / "rota.csv"
    rows = [
        "2027-04-01,9:00-17:00,duty-1,duty-2",
        "2027-04-01,16:00-18:00,duty-3,",
        "2027-04-03,9:00-25:00,duty-1,",
    ]
    rows += ["2027-04-04,9:00-17:00,duty-1,duty-1", "2027-04-05,9:00-17:00,duty-4,nobody"]
    file.write_text("\n".join(["日付,時間帯,当番,副当番", *rows]))
    told = (await head("support", "rota", "import", file, "--json")).json["error"]
    assert [(fault["row"], fault["code"]) for fault in told["faults"]] == [
        (3, "shift-repeated"),
        (4, "time-invalid"),
        (5, "same-person-twice"),
        (6, "person-not-reachable"),
        (6, "person-unknown"),
    ]
    assert await ledger.owner.fetchval("SELECT count(*) FROM iehe.support_rota") == 0
