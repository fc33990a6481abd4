"""Notes and notices of a confidential case: for who sees its work, each read on record, row by row."""

import pytest

from activities.kernel.acting import acting_for
from cases.break_glass import reads_of
from tests.support.test_sight import Sights, sights  # noqa: F401

pytestmark = pytest.mark.situations("owned")


# ruff: noqa: F811 - fixtures are imported and asked for by name

NOTE = "電話で本人と話した"


async def test_notes_are_for_who_sees_the_work_and_each_read_is_noted(sights: Sights) -> None:
    """Of the unit and of triage, by which right; of another desk, and of who sees the case alone, none."""
    case_id = sights.cases["owned"].handle.id
    path = f"/cases/{case_id}/notes"
    written = await sights.desk.post(path, {"note": NOTE}, "counsellor-1", Idempotency_Key="k-1")
    assert written.status_code == 201
    for name, status in (("lead-1", 200), ("triage-1", 200), ("officer-1", 404), ("auditor-1", 403)):
        answer = await sights.desk.get(path, name)
        assert (answer.status_code, NOTE in answer.text) == (status, status == 200), name
    rows = await reads_of(sights.people, case_id, None, 50)
    assert [(row["staff_id"], row["what"]) for row in rows] == [("triage-1", "notes"), ("lead-1", "notes")]


async def test_a_query_that_forgets_who_asks_shows_no_note(sights: Sights) -> None:
    """Rows are shown by who sees the work: whoever sees no more than the case has none of them."""
    case_id = sights.cases["owned"].handle.id
    path = f"/cases/{case_id}/notes"
    await sights.desk.post(path, {"note": NOTE}, "counsellor-1", Idempotency_Key="k-1")
    for name in ("counsellor-1", "triage-1", "officer-1", "auditor-1", ""):
        with acting_for(name):
            rows = await sights.people.fetch("SELECT case_id FROM iehe.case_notes")
        assert len(rows) == (name in ("counsellor-1", "triage-1")), name


async def test_a_letter_is_read_by_right_and_the_read_is_noted(sights: Sights) -> None:
    """Letters are personal: triage, who hands the case over, sees that there was one and not what it says."""
    case_id = sights.cases["owned"].handle.id
    notice = await sights.office.owner.fetchval(
        "SELECT min(notice_id) FROM iehe.notices WHERE case_id = $1 AND channel = 'mail'", case_id
    )
    for name, personal, status in (
        ("counsellor-1", "true", 200),
        ("triage-1", "false", 200),
        ("triage-1", "true", 403),
        ("officer-1", "false", 404),
    ):
        answer = await sights.desk.get(f"/notices/{notice}?personal={personal}", name)
        assert answer.status_code == status, (name, personal)
    rows = await reads_of(sights.people, case_id, None, 50)
    told = [(row["staff_id"], row["what"]) for row in rows]
    assert told == [("triage-1", "notice"), ("counsellor-1", "letter")]
