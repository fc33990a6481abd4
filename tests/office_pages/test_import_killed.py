"""The pages as a process that is killed while a file is imported: nothing is lost, nothing stored twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from embedded.home import Home, make_way
from embedded.ports import free_port
from office.sessions import start
from spreadsheets.admission.sample_files import write_csv
from spreadsheets.admission.samples import sample_applications
from tests.cli.program import elsewhere
from tests.cli.test_admissions_import import stored
from tests.gateway.stand import Stand
from tests.office_pages.browser import Browser
from tests.office_pages.desks import send, text_of, upload
from tests.workflows.conftest import pool, vacant  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name

pytestmark = pytest.mark.timeout(180)
NEW = "/admission/imports/new"


@pytest.fixture
async def stand(vacant, database, temporal, tmp_path) -> AsyncIterator[Stand]:
    """Processes of an installation with rounds and staff."""
    make_way(Home(tmp_path / "home").secrets)
    environment = elsewhere(database, temporal, tmp_path / "home")
    stand = Stand(environment | {"IEHE_OFFICE_PORT": str(free_port())}, tmp_path)
    yield stand
    await stand.close()


@pytest.fixture
async def office(stand, pool) -> AsyncIterator[Browser]:
    """A browser of the office whose session outlives the process."""
    shown = await start(pool, "office-1", "en", datetime.now(UTC))
    browser = Browser(f"http://127.0.0.1:{stand.environment['IEHE_OFFICE_PORT']}", "")
    browser.http.cookies.set("iehe-office", shown)
    yield browser
    await browser.close()


@pytest.fixture
def content(tmp_path) -> bytes:
    rows = list(sample_applications(300, 1, "2027-comprehensive"))
    prefix = f"K{uuid4().hex[:6].upper()}"
    for number, row in enumerate(rows, 1):
        row.update(application_no=f"{prefix}-{number:06}")
    write_csv(tmp_path / "made.csv", rows, encoding="utf-8-sig")
    return (tmp_path / "made.csv").read_bytes()


async def test_killed_between_check_and_start_nothing_is_lost(stand, office, pool, content):
    """Nothing was stored; the page asks for the file once more, and then it is stored once."""
    process = await stand.start("office")
    at = (await upload(office, NEW, content)).headers["location"]
    plan = await office.get(at)
    await stand.kill(process)
    await stand.start("office")
    gone = await send(office, at, plan, step="do")
    assert gone.status_code == 410, text_of(gone)
    assert not await stored(pool)
    at = (await upload(office, NEW, content)).headers["location"]
    await send(office, at, await office.get(at), step="do")
    assert len(await stored(pool)) == 300


MOMENTS = {
    "sent": "SELECT true",
    "storing": "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1) "
    "OR EXISTS (SELECT FROM iehe.applications)",
    "stored": "SELECT EXISTS (SELECT FROM iehe.applications)",
}


@pytest.mark.parametrize("moment", MOMENTS)
async def test_killed_while_it_is_stored_it_is_whole_or_not_at_all(
    stand, office, pool, content, moment, eventually
):
    """Whenever it dies, the file again completes it; each application is stored once and will be started."""
    process = await stand.start("office")
    at = (await upload(office, NEW, content)).headers["location"]
    plan = await office.get(at)
    pressed = asyncio.create_task(send(office, at, plan, step="do"))
    await eventually(lambda: pool.fetchval(MOMENTS[moment]))
    await stand.kill(process)
    await asyncio.wait({pressed})
    pressed.exception()
    assert len(await stored(pool)) in (0, 300)
    await stand.start("office")
    at = (await upload(office, NEW, content)).headers["location"]
    await send(office, at, await office.get(at), step="do")
    assert len(await stored(pool)) == 300
    assert await pool.fetchval("SELECT count(*) FROM iehe.case_starts WHERE starts_itself") == 300
    page = await office.get("/admission/imports")
    assert "300" in text_of(page)
