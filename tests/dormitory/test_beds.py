"""A house's list of beds: edited by hand, refused whole, compared with the last; plan and waitlist."""

from datetime import date
from pathlib import Path

import asyncpg
import pytest

from cases.dormitory import beds as shared
from cli.session import Exit
from schemas.dormitory.beds import BedRow
from spreadsheets.dormitory.beds import check_beds_file
from tests.cli.program import Program, elsewhere
from tests.conftest import Database
from tests.dormitory.hall import FIRST, Hall, student

HEADER = "宿舎,ベッド,部屋,種別,区分,入居日,退去日,氏名\n"
ROWS = (
    "north,101-A,101,単身室,,,,\n",
    "north,201-A,201,相部屋,女性,2027-04-01,2027-06-01,見本 花子\n",
    "north,201-B,201,相部屋,女性,,,\n",
)


@pytest.fixture
async def staff(owner: asyncpg.Connection) -> None:
    for name, roles in (("house-1", ["house_office"]), ("office-1", ["exchange_office"])):
        await owner.execute(
            "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES ($1, $1, $2, $3)",
            *(name, f"{name}@univ.example.jp", roles),
        )


@pytest.fixture
def iehe(database: Database, temporal, tmp_path: Path, staff) -> Program:
    return Program(elsewhere(database, temporal, tmp_path / "home")).by("house-1")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "list.csv"


@pytest.fixture
def lived_in(file: Path) -> list[BedRow]:
    """A list in which somebody lives in the first bed."""
    rows = "north,101-A,101,単身室,,2027-03-01,2027-05-01,見本\nnorth,102-A,102,単身室,,,,\n"
    file.write_text(HEADER + rows, encoding="utf-8")
    return [row.data for row in check_beds_file(file).rows]


async def test_a_list_is_taken_over_and_compared_with_the_last_one(iehe, file, hall: Hall) -> None:
    """In the office's encoding: new, same, changed, vanished; who lives there is counted and not named."""
    file.write_bytes((HEADER + "".join(ROWS)).encode("cp932"))
    told = (await iehe("dormitory", "beds", "load", file, "--json")).json
    assert told == {
        "new": ["north/101-A", "north/201-A", "north/201-B"],
        "same": [],
        "changed": [],
        "vanished": [],
    }
    changed = ROWS[1].replace("2027-06-01", "2027-07-01")
    file.write_bytes((HEADER + ROWS[2] + changed).encode("cp932"))
    told = (await iehe("dormitory", "beds", "load", file, "--json")).json
    assert told == {
        "new": [],
        "same": ["north/201-B"],
        "changed": ["north/201-A"],
        "vanished": ["north/101-A"],
    }
    for table in ("dormitory_beds", "dormitory_residents", "administration_log", "events"):
        rows = await hall.owner.fetch(f"SELECT t::text FROM iehe.{table} AS t")  # noqa: S608 - its tables
        assert not [row for row in rows if "見本" in row[0] or "花子" in row[0]]


async def test_nothing_of_a_faulty_list_is_taken(iehe, file, hall: Hall) -> None:
    """Each fault with its row: days that do not follow, one of two, two in a bed, a kind that is none."""
    file.write_text(
        HEADER
        + "north,101-A,101,単身室,,2027-06-01,2027-04-01,\n"
        + "north,102-A,102,物置,,,,\n"
        + "north,103-A,103,単身室,,2027-04-01,,見本\n"
        + "north,104-A,104,単身室,,2027-04-01,2027-06-01,\n"
        + "north,104-A,104,単身室,,2027-05-01,2027-07-01,\n"
        + "north,105-A,105,単身室,,,,\n",
        encoding="utf-8",
    )
    ended = await iehe("dormitory", "beds", "load", file, "--json")
    assert ended.code == Exit.FAULTY_FILE
    assert {(each["row"], each["code"]) for each in ended.json["error"]["faults"]} == {
        (2, "days-out-of-order"),
        (3, "choice-unknown"),
        (4, "days-incomplete"),
        (6, "bed-repeated"),
    }
    assert await hall.owner.fetchval("SELECT count(*) FROM iehe.dormitory_beds") == 0


async def test_only_the_house_loads_its_list_and_reads_its_plan(iehe, file) -> None:
    """The exchange office does neither."""
    file.write_text(HEADER + ROWS[0], encoding="utf-8")
    other = iehe.by("office-1")
    assert (await other("dormitory", "beds", "load", file)).code == Exit.NOT_ALLOWED
    assert (await other("dormitory", "plan", "north")).code == Exit.NOT_ALLOWED
    assert (await other("dormitory", "waitlist", "north")).code == Exit.NOT_ALLOWED


async def test_open_runs_hear_of_a_list_and_give_no_bed_in_which_somebody_lives(
    hall: Hall, office_pool: asyncpg.Pool, lived_in: list[BedRow]
) -> None:
    """Their days are closed in the ledger; a list that was drawn before is drawn again."""
    await hall.build("101-A:single")
    await hall.open()
    await hall.asks(student(1))
    await hall.drawn()
    told = await shared.load_beds(office_pool, "house-1", lived_in, "list.csv")
    assert told["changed"] == ["north/101-A"]
    assert await hall.freed() == 1
    assert (await hall.state()).list_hash is None
    assert await hall.holder("101-A", FIRST) == (None, "resident")
    await hall.offered()
    assert await hall.bed(student(1)) == "102-A"


async def test_the_plan_says_who_has_a_bed_when_and_why_one_is_empty(iehe, hall: Hall) -> None:
    """By days, with states; the waitlist has reasons, and needs as codes: no gender, no nationality."""
    await hall.build("101-A:single", "102-A:single", "201-A:shared")
    await hall.open()
    await hall.asks(student(1))
    await hall.asks(student(2), "family", stated={"gender": "woman", "needs": ["family"]})
    await hall.offered()
    bed = await hall.bed(student(1))
    await hall.says_yes(student(1))
    rows = (await iehe("dormitory", "plan", "north", "--from", "2027-04-01", "--json")).json
    found = {row["bed"]: row for row in rows}
    assert found[bed]["state"] == "promised"
    assert found[bed]["days"][0]["until"] == "2027-08-22"
    assert found["201-A"]["empty"] == "nobody-asks-for-kind"
    ended = await iehe("dormitory", "waitlist", "north", "--json")
    (row,) = ended.json
    assert (row["mobility"], row["needs"], row["reason"]) == (student(2), ["family"], "no-bed-of-kind")
    assert "woman" not in ended.out
    await hall.arrival(student(1), "moved-in", date(2027, 4, 1))
    rows = (await iehe("dormitory", "plan", "north", "--from", "2027-04-01", "--json")).json
    assert {row["bed"]: row["state"] for row in rows}[bed] == "occupied"
