"""Import of applications on the pages: checked whole, shown, started, followed; at any time again."""

import asyncio
import re
from pathlib import Path
from uuid import uuid4

import pytest

from spreadsheets.admission.sample_files import write_csv
from spreadsheets.admission.samples import sample_applications
from tests.cli.test_admissions_import import stored
from tests.office_pages.desks import desk_of, follow, hidden_of, send, text_of, upload
from tests.workflows.conftest import (  # noqa: F401
    institute,
    notices,
    pool,
    vacant,
    worker_pool,
)

# ruff: noqa: F811 - fixtures are imported and asked for by name

ROUND = "2027-comprehensive"
NEW = "/admission/imports/new"
BATCH = "/admission/imports/0f0e1f3a-7d4e-4b52-9f0f-3f3f7a3c2b10"
SAMPLES = Path(__file__).parents[2] / "docs" / "samples"
CROOKED = Path(__file__).parent / "crooked"


@pytest.fixture
async def desk(vacant, database, client):
    async with desk_of(database, client) as desk:
        yield desk


@pytest.fixture
def csv(tmp_path):
    """The bytes of a file with so many applications, of numbers that no other test has."""
    prefix = f"P{uuid4().hex[:6].upper()}"

    def make(count: int, faulty: int = 0) -> bytes:
        rows = list(sample_applications(count, 1, ROUND))
        for number, row in enumerate(rows, 1):
            row.update(application_no=f"{prefix}-{number:06}")
        for row in rows[:faulty]:
            row.update(family_kana="bad")
        write_csv(tmp_path / "made.csv", rows, encoding="utf-8-sig")
        return (tmp_path / "made.csv").read_bytes()

    return make


async def start_import(browser, content: bytes, **form: str):
    """Upload a clean file and start it; the answer to the start."""
    checked = await upload(browser, NEW, content, **form)
    at = checked.headers["location"]
    plan = await browser.get(at)
    assert "What will happen" in plan.text, text_of(plan)
    return at, plan, await send(browser, at, plan, step="do")


async def test_a_faulty_file_is_shown_with_its_faults_and_nothing_is_stored(desk, pool):
    """Each fault stands by row, column, words and code; the database has nothing of the file."""
    office = await desk.of("office-1")
    answer = await upload(office, NEW, (SAMPLES / "applications-faulty.csv").read_bytes())
    page = await follow(office, answer)
    told = text_of(page)
    assert "era-out-of-bounds" in told
    assert "the date lies outside the era's bounds" in told
    assert "生年月日 (I)" in told
    assert await pool.fetchval("SELECT count(*) FROM iehe.applications") == 0


async def test_faults_are_told_in_the_language_of_the_reader(desk):
    """The same file in Japanese."""
    office = await desk.of("office-1", "ja")
    page = await follow(office, await upload(office, NEW, (SAMPLES / "applications-faulty.csv").read_bytes()))
    assert "元号の期間外の日付です" in text_of(page)
    assert "the date lies outside" not in page.text


async def test_the_annotated_copy_is_handed_out_under_a_name_that_tells_nothing(desk):
    """The copy has each fault beside its row; its name is not the one of the office's file."""
    office = await desk.of("office-1")
    content = (SAMPLES / "applications-faulty.csv").read_bytes()
    at = (await upload(office, NEW, content, name="鈴木翔太.csv")).headers["location"]
    copy = await office.get(f"{at}/copy")
    assert copy.headers["content-disposition"] == 'attachment; filename="applications.checked.csv"'
    assert "era-out-of-bounds" in copy.content.decode("utf-8-sig")
    book = await office.get(f"{at}/copy?as=xlsx")
    assert book.content.startswith(b"PK")


async def test_a_clean_file_is_imported_once_however_often_the_button_is_pressed(desk, pool, csv):
    """Two starts at the same time and one later: one batch, each application once."""
    office = await desk.of("office-1")
    at, plan, first = await start_import(office, csv(5))
    again = await asyncio.gather(*(send(office, at, plan, step="do") for _ in range(2)))
    assert {each.headers["location"] for each in again} <= {first.headers["location"], at}
    assert len(await stored(pool)) == 5
    assert await pool.fetchval("SELECT count(*) FROM iehe.import_batches") == 1


async def test_the_same_file_again_stores_nothing_twice(desk, pool, csv):
    """The plan says that all of it is known; starting it leads to the list and says so."""
    office, content = await desk.of("office-1"), csv(3)
    await start_import(office, content)
    checked = await upload(office, NEW, content)
    plan = await follow(office, checked)
    assert re.search(r"New 0 .*Stored before 3 ", text_of(plan)), text_of(plan)
    answer = await send(office, checked.headers["location"], plan, step="do")
    page = await follow(office, answer)
    assert "nothing was stored twice" in text_of(page)
    assert len(await stored(pool)) == 3


async def test_faulty_rows_are_left_out_only_where_that_is_asked_for(desk, pool, csv):
    """Without the word nothing is stored, by whatever is posted; with it the rows without errors are."""
    office = await desk.of("office-1")
    at = (await upload(office, NEW, csv(4, faulty=1))).headers["location"]
    page = await office.get(at)
    assert "Leave out faulty rows and continue" in page.text
    await office.post(at, {"csrf": hidden_of(page)["csrf"], "step": "do"})
    assert not await stored(pool)
    plan = await office.get(f"{at}?leave-out=yes")
    assert "What will happen" in plan.text
    await send(office, at, plan, step="do")
    assert len(await stored(pool)) == 3


async def test_the_cases_begin_and_every_window_sees_how_far_they_are(institute, database, client, csv):
    """The page asks for itself until all cases have begun, and then leads to them."""
    async with desk_of(database, client) as desk:
        office, head = await desk.of("office-1"), await desk.of("head-1")
        _, _, answer = await start_import(office, csv(4))
        at = answer.headers["location"]
        async with asyncio.timeout(20):
            while "has its case" not in (page := await head.get(at)).text:
                assert 'http-equiv="refresh" content="5; url=?by-itself"' in page.text
                assert "data-progress" in page.text
                await asyncio.sleep(0.05)
        cases = re.findall(r'href="(/cases/admission/[^"]+)"', (await office.get(at)).text)
        async with asyncio.timeout(20):
            while len(cases) < 4:
                cases = re.findall(r'href="(/cases/admission/[^"]+)"', (await office.get(at)).text)
                await asyncio.sleep(0.05)
        assert (await office.get(cases[0])).status_code == 200
        assert at in (await head.get("/admission/imports")).text


async def test_a_restart_between_check_and_start_loses_nothing(vacant, database, client, pool, csv):
    """The pages say that the file is to be chosen again; nothing was stored, and then it is stored once."""
    content = csv(3)
    async with desk_of(database, client) as desk:
        office = await desk.of("office-1")
        at = (await upload(office, NEW, content)).headers["location"]
        plan = await office.get(at)
    async with desk_of(database, client) as desk:
        office = await desk.of("office-1")
        token = hidden_of(await office.get(NEW))
        gone = await office.post(at, hidden_of(plan) | token | {"step": "do"})
        assert gone.status_code == 410
        assert "nothing is stored twice" in text_of(gone)
        assert not await stored(pool)
        await start_import(office, content)
    assert len(await stored(pool)) == 3


async def test_an_import_is_its_owners_until_it_is_stored(desk, csv):
    """Another member of the office does not see somebody's file, nor its faults."""
    office, head = await desk.of("office-1"), await desk.of("head-1")
    at = (await upload(office, NEW, csv(2))).headers["location"]
    assert (await head.get(at)).status_code == 410
    assert (await head.get(f"{at}/copy")).status_code == 410


@pytest.mark.parametrize(
    "path", ["/admission/imports", NEW, "/admission/imports/0f0e1f3a-7d4e-4b52-9f0f-3f3f7a3c2b10"]
)
async def test_nobody_imports_without_the_right(desk, path):
    """A reviewer finds none of these pages, and no way to them."""
    reviewer = await desk.of("reviewer-1")
    assert (await reviewer.get(path)).status_code == 404
    assert NEW not in (await reviewer.get("/start")).text


async def test_a_form_without_the_token_of_the_session_takes_no_file(desk, pool, csv):
    """What another page sends is refused before the file is looked at."""
    office = await desk.of("office-1")
    own = {"Origin": office.url, "Sec-Fetch-Site": "same-origin"}
    answer = await office.http.post(
        f"{office.url}{NEW}", data={"csrf": "x"}, files={"file": ("a.csv", csv(1))}, headers=own
    )
    assert answer.status_code == 403


async def test_the_way_to_the_import_stands_where_cases_begin_and_beside_them(desk):
    """The office finds it on the page of new cases and on the board of the process."""
    office = await desk.of("office-1")
    assert f'href="{NEW}"' in (await office.get("/start")).text
    board = await office.get("/boards/admission")
    assert 'href="/admission/imports"' in board.text
    assert 'href="/admission/rounds"' in board.text


@pytest.mark.parametrize("name", sorted(each.name for each in CROOKED.iterdir()))
async def test_what_offices_hand_in_is_answered_with_words(desk, pool, name):
    """Whatever the file is, the page tells what is wrong or what will happen, and stores nothing."""
    office = await desk.of("office-1")
    answer = await upload(office, NEW, (CROOKED / name).read_bytes(), name=name)
    page = await follow(office, answer)
    assert page.status_code == 200
    assert re.search("What will happen|Nothing was stored", text_of(page)), text_of(page)
    assert await pool.fetchval("SELECT count(*) FROM iehe.applications") == 0
