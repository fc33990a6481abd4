"""What stands beside a decision of a confidential process: the words, for whom they are, on record."""

import pytest

from tests.office_pages.desks import desk_of, send, text_of
from tests.support.conftest import office, owner  # noqa: F401
from tests.support.office import CANARIES

# ruff: noqa: F811 - fixtures are imported and asked for by name

WORDS = "花子さんが一週間欠席しています。"
READS = "SELECT count(*) FROM iehe.case_reads WHERE case_id = $1 AND staff_id = $2 AND what = 'words'"


@pytest.fixture
async def desk(office, database, client):
    async with desk_of(database, client) as desk:
        yield desk


async def test_who_triages_reads_the_referral_beside_the_form_and_that_is_on_record(desk, office, owner):
    """The words of the referral stand there for triage; that they were shown is noted."""
    case = await office.refer()
    triage = await desk.of("triage-1")
    page = await triage.get(f"/cases/{case.handle.id}/do/triage")
    assert page.status_code == 200, text_of(page)
    assert WORDS in page.text
    assert await owner.fetchval(READS, case.handle.id, "triage-1") > 0


async def test_who_only_oversees_reads_no_words(desk, office):
    """The head may judge a referral and sees where it stands; what was said is not theirs."""
    case = await office.refer()
    head = await desk.of("head-1")
    page = await head.get(f"/cases/{case.handle.id}/do/triage")
    assert page.status_code == 200, text_of(page)
    assert not [each for each in CANARIES if each in page.text]


async def test_scores_and_codes_are_chosen(desk, office):
    """The rubric from 0 to 4, what the concern is about, and codes of the policy: nothing of it is typed."""
    case = await office.refer()
    triage = await desk.of("triage-1")
    page = await triage.get(f"/cases/{case.handle.id}/do/triage")
    assert page.text.count('name="distress"') == 6  # not said, 0 to 4
    assert 'value="isolation"' in page.text
    page = await triage.get(f"/cases/{case.handle.id}/do/misdirect")
    assert 'type="radio"' in page.text
    assert 'value="library"' in page.text


async def test_only_members_of_units_can_be_given_a_case(desk, office):
    """Who works in no unit is not among those to choose; the others stand with theirs."""
    case = await office.refer()
    await case.triage()
    triage = await desk.of("triage-1")
    page = await triage.get(f"/cases/{case.handle.id}/do/assign")
    assert 'value="counsellor-1"' in page.text
    assert "counselling, " in page.text
    assert 'value="triage-1"' not in page.text
    checked = await send(
        triage, f"/cases/{case.handle.id}/do/assign", page, unit="counselling", owner="counsellor-1"
    )
    assert "Nothing is decided yet." in checked.text, text_of(checked)
