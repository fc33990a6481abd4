"""Rounds on the pages: listed, added, their places set; by who may, and once."""

import pytest

from tests.office_pages.desks import desk_of, follow, hidden_of, send, text_of
from tests.workflows.conftest import pool, vacant  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name

ROUNDS = "/admission/rounds"
PLACES = "SELECT programme, places FROM iehe.round_places WHERE round_id = '2027-comprehensive'"
NEW = {
    "round_id": "2028-late",
    "route": "general",
    "title_ja": "後期",
    "title_en": "late",
    "opens_at": "2028-01-10T09:00",
    "closes_at": "2028-02-10T17:00",
    "enrol_by": "2028-03-20",
    "waitlist_until": "2028-03-25",
    "places.science": "12",
}


@pytest.fixture
async def desk(vacant, database, client):
    async with desk_of(database, client) as desk:
        yield desk


async def test_the_rounds_stand_with_their_places(desk):
    """Who works in the process sees them; each leads to its programmes."""
    office = await desk.of("office-1")
    assert "2027-comprehensive" in text_of(await office.get(ROUNDS))
    page = await office.get(f"{ROUNDS}/2027-comprehensive")
    assert "science" in text_of(page)
    assert "Set places" not in page.text


async def test_a_round_is_added_once(desk, pool):
    """Question, check, done; the same form again adds nothing, and the log names who did it."""
    head, at = await desk.of("head-1"), f"{ROUNDS}/new"
    asked = await head.get(at)
    checked = await send(head, at, asked, **NEW)
    assert "Nothing is done yet." in checked.text, text_of(checked)
    assert await pool.fetchval("SELECT count(*) FROM iehe.rounds WHERE round_id = '2028-late'") == 0
    for _ in range(2):
        done = await follow(head, await head.post(at, hidden_of(checked) | {"step": "do"}))
        assert "後期" in done.text or "late" in done.text
    logged = "SELECT count(*) FROM iehe.administration_log WHERE act = 'add-round' AND subject = '2028-late'"
    assert await pool.fetchval(logged) == 1
    assert await pool.fetchval("SELECT places FROM iehe.round_places WHERE round_id = '2028-late'") == 12


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"closes_at": "2027-01-10T09:00"}, "It has to close after it opens."),
        ({"round_id": "2027-comprehensive"}, "There is a round of this code already"),
    ],
)
async def test_what_cannot_be_is_said_at_the_form_with_everything_still_there(desk, changes, words):
    """A refusal comes back with what was typed."""
    head, at = await desk.of("head-1"), f"{ROUNDS}/new"
    refused = await send(head, at, await head.get(at), **(NEW | changes), step="do")
    assert refused.status_code == 409
    assert words in text_of(refused)
    assert 'value="後期"' in refused.text


async def test_places_are_set_after_a_check(desk, pool):
    """Only what was filled in changes."""
    head, at = await desk.of("head-1"), f"{ROUNDS}/2027-comprehensive"
    before = dict(await pool.fetch(PLACES))
    checked = await send(head, at, await head.get(at), **{"places.science": "７７"})
    done = await follow(head, await send(head, at, checked, step="do"))
    assert "The change is made." in text_of(done)
    after = dict(await pool.fetch(PLACES))
    assert after == before | {"science": 77}


@pytest.mark.parametrize("staff_id", ["office-1", "reviewer-1", "member-1"])
async def test_nobody_else_changes_a_round(desk, pool, staff_id):
    """By default nobody may: whatever is posted, nothing changes."""
    browser = await desk.of(staff_id)
    token = {"csrf": await browser.token(), "key": "page-x", "step": "do", "places.science": "1"}
    assert (await browser.post(f"{ROUNDS}/2027-comprehensive", token)).status_code == 404
    assert (await browser.post(f"{ROUNDS}/new", token | NEW)).status_code == 404
    assert await pool.fetchval("SELECT count(*) FROM iehe.administration_log WHERE act = 'set-places'") == 0
