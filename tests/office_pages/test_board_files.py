"""Files at the boards: only checked, or checked and taken; faults by row, column and words."""

import pytest

from activities.kernel.staff import store_staff
from schemas.kernel.people import StaffRow
from tests.office_pages.desks import desk_of, text_of, upload
from tests.workflows.conftest import pool  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name

BOARD = "/boards/dormitory/import-dormitory-beds"
GOOD = "宿舎,ベッド,部屋,種別\nnorth,101-A,101,single\nnorth,102-A,102,single\n".encode()
FAULTY = "宿舎,ベッド,部屋,種別\nnorth,101-A,101,palace\n".encode()


@pytest.fixture
async def desk(pool, database, client):
    async with pool.acquire() as connection:
        row = StaffRow(
            staff_id="house-1",
            name="house-1",
            email="house-1@example.ac.jp",
            roles=frozenset({"house_office", "head_of_houses"}),
        )
        await store_staff(connection, [row])
    async with desk_of(database, client) as desk:
        yield desk


async def beds(pool) -> int:
    return await pool.fetchval("SELECT count(*) FROM iehe.dormitory_beds")


async def test_a_file_is_only_checked_where_that_is_asked_for(desk, pool):
    """Nothing is taken, and the page says so."""
    house = await desk.of("house-1")
    page = await upload(house, BOARD, GOOD, step="check")
    assert "Checked only: nothing was taken." in text_of(page)
    assert await beds(pool) == 0


async def test_a_file_is_checked_and_taken(desk, pool):
    """Taken whole, with what it has done."""
    house = await desk.of("house-1")
    page = await upload(house, BOARD, GOOD, step="do")
    assert page.status_code == 200, text_of(page)
    assert await beds(pool) == 2


@pytest.mark.parametrize(
    ("language", "words"), [("en", "not one of the possible values"), ("ja", "選択肢にない値です")]
)
async def test_faults_stand_by_row_and_column_in_the_reader_s_words(desk, pool, language, words):
    """Of a faulty file nothing is taken; each fault has its place and its words."""
    house = await desk.of("house-1", language)
    page = await upload(house, BOARD, FAULTY, step="do")
    assert page.status_code == 400
    told = text_of(page)
    assert words in told
    assert "種別 (D)" in told
    assert "choice-unknown" in told
    assert await beds(pool) == 0
