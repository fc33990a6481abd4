"""P6: the record is kept for five years from the day the student leaves."""

from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg

from schemas.support import commands
from tests.support.office import Case, Office
from tests.support.test_fan_out import about, send, taken

DUE = "SELECT case_id FROM iehe.cases_due"
FROM = "SELECT iehe.may_be_erased_from($1)"


async def ended(office: Office, **referral: object) -> Case:
    case = await office.refer(referrer=None, **referral)
    await taken(office)
    await case.decide(commands.Advise, "triage-1", reason_id=await case.text())
    await case.until("closed_at IS NOT NULL AND iehe.kept_because(case_id) IS NULL")
    return case


async def long_ago(office: Office, *cases: Case) -> None:
    """The cases ended in 2019, and the policy keeps them for five years."""
    for case in cases:
        await office.owner.execute(
            "UPDATE iehe.cases SET closed_at = '2019-06-01T00:00Z' WHERE case_id = $1", case.handle.id
        )
    await office.owner.execute(
        """UPDATE iehe.policies SET body = body || '{"retention": {"case_years": 5}}'"""
    )


async def due(office: Office) -> set[str]:
    return {row[0] for row in await office.owner.fetch(DUE)}


async def test_p06_the_years_count_from_the_day_the_student_has_left(office: Office) -> None:
    """Also of cases that had ended when they left; whose student has not left is kept, however long."""
    mine, other, nobodys = (
        await ended(office),
        await ended(office, person="S2026-0099"),
        await ended(office, person=None),
    )
    await long_ago(office, mine, other, nobodys)
    assert await due(office) == {nobodys.handle.id}
    await send(office, about("student-left", "S2026-0042", left_on="2021-03-31"))
    assert await office.owner.fetchval(FROM, mine.handle.id) == datetime(2021, 3, 30, 15, tzinfo=UTC)
    assert await due(office) == {mine.handle.id, nobodys.handle.id}
    await send(office, about("student-left", "S2026-0042", "f-2", left_on="2025-03-31"))
    assert await due(office) == {nobodys.handle.id}
    assert await office.owner.fetchval(FROM, other.handle.id) is None


async def test_p06_a_case_that_ends_after_its_student_has_left_counts_from_its_end(office: Office) -> None:
    """A crisis goes on although they have left."""
    case = await office.refer()
    await send(office, about("student-left", "S2026-0042", left_on="2001-03-31"))
    closed = (await case.until("closed_at IS NOT NULL"))["closed_at"]
    assert await office.owner.fetchval(FROM, case.handle.id) == closed


async def test_p06_a_death_counts_and_a_day_that_was_told_stays(office: Office) -> None:
    """Whoever had left before died as no student; of somebody of whom there is no case nothing is kept."""
    await office.refer()
    await send(office, about("student-left", "S2026-0042", left_on="2020-03-31"))
    await send(
        office, about("student-deceased", "S2026-0042", "f-2"), about("student-left", "S2026-0001", "f-3")
    )
    rows = await office.owner.fetch("SELECT left_on FROM iehe.support_left")
    assert [row["left_on"] for row in rows] == [date(2020, 3, 31)]


async def test_p06_with_the_last_case_nothing_is_left_of_the_person(office: Office, database) -> None:
    """The day on which they left goes with it, and stands in its certificate."""
    first, last = await ended(office), await ended(office)
    await long_ago(office, first, last)
    await send(office, about("student-left", "S2026-0042", left_on="2020-03-31"))
    worker = await asyncpg.connect(database.url("worker", "support"))
    for case, count in ((first, 1), (last, 0)):
        assert await worker.fetchval("SELECT iehe.erase_case('run', $1, 1)", case.handle.id)
        assert await office.owner.fetchval("SELECT count(*) FROM iehe.support_left") == count
    await worker.close()
    gone = await office.owner.fetch(
        "SELECT (rows ->> 'support_left')::int FROM iehe.case_certificates ORDER BY erased_at"
    )
    assert [row[0] for row in gone] == [0, 1]


async def test_p06_the_words_of_a_referral_stay_with_their_case(office: Office) -> None:
    """No decision names them: what goes after a month is what was kept for one that was never made."""
    case = await office.refer(against="jiro@example.ac.jp")
    lost = await case.text("never decided")
    await office.owner.execute("UPDATE iehe.texts SET created_at = now() - interval '40 days'")
    await office.owner.execute(
        """UPDATE iehe.policies SET body = body || '{"retention": {"text_days": 30}}'"""
    )
    texts = "SELECT count(*) FROM iehe.texts WHERE case_id = $1"
    kept = await office.owner.fetchval(texts, case.handle.id) - 1
    assert await office.owner.fetchval("SELECT iehe.sweep('run', 'texts', 'support-case', 1000)") == 1
    assert await office.owner.fetchval(texts, case.handle.id) == kept
    assert not await office.owner.fetchval("SELECT count(*) FROM iehe.texts WHERE text_id = $1", UUID(lost))
