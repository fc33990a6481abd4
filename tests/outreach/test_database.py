"""What only the database can hold: topics of a year, a lecturer's time, silenced letters, erased contacts."""

import asyncio
import json
from datetime import timedelta

import pytest

from schemas.kernel.identifiers import event_type
from schemas.outreach import commands
from schemas.outreach.requests import SchoolRequest
from schemas.outreach.stages import Stage
from tests.outreach.desk import FIRST, Desk
from tests.words import UNREADABLE
from tests.workflows.outreach.builder import DATES, REASON, jst
from tests.workflows.outreach.test_requests import FORM
from workflows.outreach.process import OUTREACH

OTHER = jst(2026, 11, 5, 13)
HOUR = timedelta(hours=1)


async def store(desk: Desk, number: str, **changes) -> None:
    form = SchoolRequest.model_validate(FORM | changes).model_dump_json()
    await desk.pool.execute("SELECT iehe.outreach_store($1, $2)", number, form)


async def test_o01_a_topic_is_one_of_the_years(desk) -> None:
    """The year of the dates counts, from April; an unknown topic or field is refused with the year."""
    await store(desk, "S26-0001")
    await store(desk, "S26-0002", topic=None, field="law")
    next_year = [(at + timedelta(days=365)).isoformat() for at in DATES]
    for unknown in ({"topic": "volcanoes"}, {"topic": None, "field": "music"}, {"dates": next_year}):
        with pytest.raises(Exception, match="unknown-topic") as refused:
            await store(desk, "S26-0003", **unknown)
        assert "year" in str(refused.value.detail)


async def test_the_same_request_twice_is_one_and_another_is_refused(desk) -> None:
    """A repeated event stores nothing new; a number used for something else is said to be."""
    await store(desk, "S26-0001")
    await store(desk, "S26-0001")
    with pytest.raises(Exception, match="request-known"):
        await store(desk, "S26-0001", school="E999")


async def test_opening_takes_no_words_and_no_contact(desk) -> None:
    """The state, the log and the letters know codes, counts and times."""
    case_id = await desk.offering()
    rows = await desk.owner.fetch(
        "SELECT state::text AS said FROM iehe.cases UNION ALL SELECT details::text FROM iehe.case_log"
        " UNION ALL SELECT facts::text FROM iehe.notices"
    )
    said = " ".join(row["said"] for row in rows)
    for word in (FORM["school_name"], FORM["purpose"], FORM["place"], "見本 花子", "sample@school"):
        assert word not in said
    assert await desk.stage(case_id) == Stage.OFFERING


async def test_o01_nobody_named_asks_who_has_registered_the_topic(desk) -> None:
    """In the order in which they stand there."""
    case_id = await desk.store("S26-0001")
    await desk.decide(case_id, commands.CheckRequest, "office-1")
    await desk.decide(case_id, commands.NameLecturers, "office-1")
    asked = await desk.owner.fetch("SELECT lecturer, answer FROM iehe.outreach_asked")
    assert [tuple(row) for row in asked] == [("lecturer-2", "asked")]


async def test_k04_two_requests_accept_one_lecturer_at_once(desk) -> None:
    """Ten times at the same moment: one has the hour, the other is told why not."""
    for number in range(10):
        at = FIRST + timedelta(days=14 * number)
        dates = [(at + timedelta(hours=hours)).isoformat() for hours in (0, 4, 6)]
        pair = [await desk.offering(f"S26-{number}{side}00", dates=dates) for side in "AB"]
        outcomes = await asyncio.gather(
            *(
                desk.decide(case_id, commands.AnswerLecture, "lecturer-1", answer="yes", date=at)
                for case_id in pair
            )
        )
        refused = [outcome.refused.code for outcome in outcomes if outcome.refused]
        assert len(refused) == 1
        assert refused[0] in ("lecturer-busy", "lecturer-full")
        await desk.owner.execute("UPDATE iehe.outreach_bookings SET released_at = now(), cause = 'test'")


async def test_k04_the_database_itself_refuses_two_at_a_time(desk) -> None:
    """Whoever writes it: the hours of one lecturer never overlap, next to each other they may lie."""
    first, second = await desk.offering("S26-0001"), await desk.offering("S26-0002")
    book = (
        "INSERT INTO iehe.outreach_bookings (case_id, version, lecturer, during)"
        " VALUES ($1, 99, $2, tstzrange($3, $4))"
    )
    await desk.owner.execute(book, first, "lecturer-1", FIRST, FIRST + HOUR)
    with pytest.raises(Exception, match="outreach_lecturer_once_at_a_time"):
        await desk.owner.execute(book, second, "lecturer-1", FIRST + HOUR / 2, FIRST + 2 * HOUR)
    await desk.owner.execute(book, second, "lecturer-1", FIRST + HOUR, FIRST + 2 * HOUR)


async def test_o04_the_fifth_lecture_of_a_term_is_refused(desk) -> None:
    """Counted under the lecturer's lock; the next term has its own four."""
    for number in range(4):
        at = FIRST + timedelta(days=number)
        dates = [(at + timedelta(hours=hours)).isoformat() for hours in (0, 2, 4)]
        case_id = await desk.offering(f"S26-000{number}", dates=dates)
        outcome = await desk.decide(case_id, commands.AnswerLecture, "lecturer-1", answer="yes")
        assert outcome.refused is None
    fifth = await desk.store("S26-0009")
    await desk.decide(fifth, commands.CheckRequest, "office-1")
    await desk.decide(fifth, commands.NameLecturers, "office-1", lecturers=("lecturer-1",))
    term = {"answer": "yes", "date": DATES[1]}
    outcome = await desk.decide(fifth, commands.AnswerLecture, "lecturer-1", **term)
    assert outcome.refused is not None
    assert outcome.refused.code == "lecturer-full"
    outcome = await desk.decide(fifth, commands.AnswerLecture, "lecturer-1", answer="yes")
    assert outcome.refused is None
    lower = await desk.owner.fetchval(
        "SELECT lower(during) FROM iehe.outreach_bookings WHERE case_id = $1", fifth
    )
    assert lower == DATES[2]


async def test_k08_letters_that_name_the_old_date_are_not_sent(desk) -> None:
    """What waits in the queue when a date moves is silenced, what names the new one goes out."""
    case_id = await desk.confirmed()
    agreed = {"school_agreed": True, "lecturer_agreed": True, "reason": "school-request"}
    await desk.decide(case_id, commands.Reschedule, "office-1", dates=[OTHER], **agreed)
    queued = await desk.notices(case_id)
    assert {row["message"] for row in queued} == {
        "request-received",
        "arrangement-changed",
        "lecture-changed",
    }
    assert not [row for row in queued if FIRST.isoformat() in row["facts"]]
    silenced = {row["message"]: row["reason"] for row in await desk.notices(case_id, "suppressed")}
    assert silenced["date-settled"] == silenced["lecture-settled"] == "date-changed"
    active = await desk.owner.fetch(
        "SELECT lower(during) FROM iehe.outreach_bookings WHERE released_at IS NULL"
    )
    assert [row[0] for row in active] == [OTHER]


async def test_a_closed_school_frees_the_lecturer_for_others(desk) -> None:
    """The hour is free the moment the closure is written."""
    case_id = await desk.confirmed()
    await desk.event(
        case_id, "closure-announced", where="school", **{"from": "2026-09-10", "to": "2026-09-10"}
    )
    assert await desk.stage(case_id) == Stage.WAITING_DATE
    await desk.confirmed("S26-0002")


async def test_o27_a_letter_to_the_school_has_one_reader(desk) -> None:
    """The contact, at one address, in the contact's language; the kind of another reader finds nobody."""
    case_id = await desk.store("S26-0001")
    reader = "SELECT * FROM iehe.outreach_recipient($1, $2, 'S26-0001')"
    (row,) = await desk.pool.fetch(reader, case_id, "school")
    assert tuple(row) == ("sample@school.example.jp", "ja", "見本高等学校 見本 花子", False)
    assert await desk.pool.fetch(reader, case_id, "guardian") == []


async def test_o28_ninety_days_later_the_contact_is_gone_and_counts_stay(desk) -> None:
    """Also from the event with which it arrived; whatever is still queued for the school stays unsent."""
    case_id = await desk.confirmed()
    received = ("portal", "1", event_type(OUTREACH.name, "request-received"), OUTREACH.name, case_id)
    form = FORM | {"dates": [at.isoformat() for at in DATES]}
    await desk.owner.execute(
        "INSERT INTO iehe.events (source, id, type, process, case_id, envelope)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        *(*received, json.dumps({"id": "1", "data": form})),
    )
    await desk.time(FIRST + HOUR)
    await desk.decide(case_id, commands.RecordHeld, "office-1", held=True, persons=38)
    await desk.owner.execute(
        UNREADABLE,
        *(REASON, case_id, "lecturer-1"),
    )
    await desk.decide(case_id, commands.SubmitReport, "lecturer-1", remark_id=REASON)
    await desk.time(FIRST + timedelta(days=91))
    assert await desk.stage(case_id) == Stage.CLOSED
    row = await desk.owner.fetchrow("SELECT * FROM iehe.outreach_requests")
    gone = ("contact_name", "contact_email", "contact_phone", "purpose", "place", "equipment")
    assert [row[name] for name in gone] == [None] * 6
    assert (row["persons"], row["attended"], row["grade"]) == (40, 38, "2")
    envelope = json.loads(await desk.owner.fetchval("SELECT envelope FROM iehe.events"))
    assert not set(envelope["data"]) & {"contact", "purpose", "place", "equipment"}
    assert await desk.pool.fetchval("SELECT silenced FROM iehe.outreach_recipient($1, 'school', '')", case_id)


async def test_the_auditor_sees_no_contact_and_the_worker_no_words(desk, database) -> None:
    """Least privilege, as for the other tables."""
    allowed = "SELECT has_table_privilege($1, 'iehe.outreach_requests', $2)"
    assert not await desk.owner.fetchval(allowed, "iehe_auditor", "SELECT")
    assert not await desk.owner.fetchval(allowed, "iehe_worker", "DELETE")
    assert not await desk.owner.fetchval(
        "SELECT has_column_privilege('iehe_worker', 'iehe.outreach_bookings', 'during', 'UPDATE')"
    )
