"""What is given out, on its pages: frames, holders, who waits; set by who may."""

import pytest

from activities.kernel.staff import store_staff
from cases import places
from schemas.kernel.case import Actor
from schemas.kernel.people import StaffRow
from schemas.kernel.places import FrameWanted
from tests.office_pages.desks import desk_of, follow, hidden_of, send, text_of
from tests.workflows.conftest import pool  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name

FRAME = "dormitory/north"
STAFF = {"house-1": "house_office", "admin-1": "administrator", "office-1": "reviewer"}


@pytest.fixture
async def desk(pool, database, client):
    async with pool.acquire() as connection:
        rows = [
            StaffRow(staff_id=name, name=name, email=f"{name}@example.ac.jp", roles=frozenset({role}))
            for name, role in STAFF.items()
        ]
        await store_staff(connection, rows)
    async with desk_of(database, client) as desk:
        admin = Actor(id="admin-1", roles=("administrator",))
        await places.set_frame(pool, admin, FRAME, FrameWanted(places=3, measure="beds"))
        yield desk


async def test_who_works_in_a_process_sees_its_frames(desk):
    """The list leads to each frame, with who has something of it and who waits."""
    house = await desk.of("house-1")
    assert f'href="/places/{FRAME}"' in (await house.get("/places")).text
    page = await house.get(f"/places/{FRAME}")
    told = text_of(page)
    assert "Who has something of it" in told
    assert "Who waits, in order" in told
    assert "Set it" not in told


async def test_a_frame_of_another_process_is_not_there(desk):
    """Who does not see the work of the process finds neither list nor frame."""
    other = await desk.of("office-1")
    assert (await other.get("/places")).status_code == 404
    assert (await other.get(f"/places/{FRAME}")).status_code == 404


async def test_a_frame_is_set_after_a_check_and_once(desk, pool):
    """Question, check, done; sent twice it is set once, and the log has it."""
    admin, at = await desk.of("admin-1"), f"/places/{FRAME}"
    checked = await send(admin, at, await admin.get(at), places="5")
    assert "Nothing is done yet." in checked.text, text_of(checked)
    assert await pool.fetchval("SELECT places FROM iehe.frames WHERE frame = $1", FRAME) == 3
    for _ in range(2):
        done = await follow(admin, await admin.post(at, hidden_of(checked) | {"step": "do"}))
        assert "The change is made." in text_of(done)
    assert await pool.fetchval("SELECT places FROM iehe.frames WHERE frame = $1", FRAME) == 5
    logged = "SELECT count(*) FROM iehe.administration_log WHERE act = 'set-places' AND actor = 'admin-1'"
    assert await pool.fetchval(logged) == 2  # the fixture's, and this one


async def test_what_is_no_number_is_said_at_its_field(desk):
    """A wrong value comes back with its fault."""
    admin, at = await desk.of("admin-1"), f"/places/{FRAME}"
    refused = await send(admin, at, await admin.get(at), places="many", step="do")
    assert refused.status_code == 422
    assert "Give a number." in text_of(refused)


async def test_who_may_not_set_a_frame_changes_nothing(desk, pool):
    """The form is not there for them, and what is posted all the same is refused."""
    house = await desk.of("house-1")
    form = {"csrf": await house.token(), "key": "page-1", "step": "do", "places": "9"}
    assert (await house.post(f"/places/{FRAME}", form)).status_code == 404
    assert await pool.fetchval("SELECT places FROM iehe.frames WHERE frame = $1", FRAME) == 3
