"""E7: appointments, and what follows when the student does not come."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from temporalio.client import WorkflowUpdateFailedError

from activities.kernel.database import open_pool
from schemas.support import commands
from schemas.support.stages import Stage
from tests.conftest import Database
from tests.support.builder import REASON, Pure, jst, refused
from tests.support.office import Office

WEDNESDAY = jst(2026, 11, 18, 14)


def booked(case: Pure, at: Any = WEDNESDAY, **values: Any) -> Pure:
    """With an appointment of its owner."""
    case.decide(commands.Book, "counsellor-1", at=at, **values)
    return case


def test_e07_an_appointment_is_in_the_future_and_the_owners() -> None:
    """Not in the past, not by mail, not by somebody else."""
    case = Pure().in_contact()
    with refused("deadline-in-past"):
        booked(case, case.now - timedelta(hours=1))
    with refused("not-in-person"):
        booked(case, channel="mail")
    with refused("not-yours"):
        case.decide(commands.Book, "counsellor-2", at=WEDNESDAY)
    booked(case, remark_id=REASON)
    assert case.records("booked")[0]["place_id"] == REASON


def test_e07_the_student_is_reminded_once_and_not_of_what() -> None:
    """A day before; the letter knows neither time nor place."""
    case = booked(Pure().in_contact())
    case.wait_until(WEDNESDAY - timedelta(minutes=5))
    assert case.notices("appointment-soon") == [("appointment-soon", "student")]


def test_e07_moved_the_reminder_moves_and_cancelled_there_is_none() -> None:
    """The old time is nobody's any more."""
    case = booked(Pure().in_contact())
    later = WEDNESDAY + timedelta(days=2)
    case.decide(commands.Rebook, "counsellor-1", booking=1, at=later)
    case.wait_until(WEDNESDAY)
    assert case.notices("appointment-soon") == []
    case.decide(commands.CancelAppointment, "counsellor-1", booking=1)
    case.wait_until(later + timedelta(hours=1))
    assert case.notices("appointment-soon") == []
    assert case.records("appointed")[-1]["became"] == "cancelled"
    with refused("no-such-booking"):
        case.decide(commands.Rebook, "counsellor-1", booking=1, at=later + timedelta(days=9))


def test_e07_what_came_of_it_is_a_task_until_it_is_recorded() -> None:
    """Contact at the appointment has held it."""
    case = booked(Pure().in_contact())
    case.wait_until(WEDNESDAY + timedelta(minutes=1))
    assert "record-appointment" in case.tasks()
    case.decide(commands.RecordContact, "counsellor-1", channel="meeting", outcome="reached")
    assert "record-appointment" not in case.tasks()
    assert case.records("appointed")[-1]["became"] == "held"
    assert case.state.booked == {}


def test_e04_before_an_appointment_an_owner_is_not_silent() -> None:
    """Two weeks ahead the case stays whose it is; after it the silence counts again."""
    case = booked(Pure().in_contact(), WEDNESDAY + timedelta(days=14))
    case.wait(days=15)
    assert case.state.owner == "counsellor-1"
    case.wait(days=9)
    assert case.state.owner is None


def missed(level: int = 3) -> Pure:
    """A case whose student did not come."""
    scores = {2: 3, 3: 2}
    case = booked(Pure().in_contact(distress=scores[level]))
    case.wait_until(WEDNESDAY + timedelta(minutes=10))
    case.event("appointment-missed", booking=1)
    return case


def test_e07_a_missed_one_is_named_and_has_begun() -> None:
    """One that is still to come, or is over, is not missed."""
    case = booked(Pure().in_contact())
    with refused("booking-ahead"):
        case.event("appointment-missed", booking=1)
    case.wait_until(WEDNESDAY + timedelta(minutes=10))
    with refused("no-such-booking"):
        case.event("appointment-missed", booking=7)
    case.event("appointment-missed")
    assert case.records("appointed")[-1] == {"kind": "appointed", "booking": 1, "became": "missed"}


def test_e07_three_calls_in_fifteen_minutes_then_a_message_then_closed_with_a_letter() -> None:
    """Sheffield Hallam: and each step at its time."""
    case = missed()
    assert case.due("calls") - case.now == timedelta(minutes=15)
    for _ in range(3):
        assert "call-again" in case.tasks()
        case.missed()
    assert "calls" not in case.state.deadlines
    assert case.notices("please-answer")
    case.wait(days=8)
    assert case.state.stage == Stage.CLOSED
    assert case.notices("closed-unanswered")


def test_e07_when_nobody_calls_the_message_is_left_after_fifteen_minutes() -> None:
    """Whether or not somebody had the time."""
    case = missed()
    case.wait(minutes=14)
    assert case.notices("please-answer") == []
    case.wait(minutes=2)
    assert case.notices("please-answer")
    assert "silence" in case.state.deadlines


def test_e07_who_answers_the_call_ends_the_ladder() -> None:
    """No message, no silence, no letter."""
    case = missed()
    case.missed()
    case.reached()
    case.wait(days=1)
    assert case.notices("please-answer") == []
    assert {"calls", "silence", "attempt"}.isdisjoint(case.state.deadlines)


def test_e07_urgent_an_attempt_within_a_working_day_else_a_welfare_check() -> None:
    """Not closed by silence: somebody goes and looks."""
    case = missed(level=2)
    assert case.due("attempt").astimezone(WEDNESDAY.tzinfo).date() == jst(2026, 11, 19).date()
    case.wait(days=2)
    assert "welfare-check" in case.tasks()
    assert case.notices("please-answer") == []
    case.wait(days=30)
    assert case.state.stage != Stage.CLOSED


def test_e09_a_crisis_holds_up_the_closing() -> None:
    """Danger was said meanwhile: the clock's end is put to a person."""
    case = missed()
    case.wait(minutes=20)
    case.decide(commands.SignalDanger, "counsellor-1", reason_id=REASON)
    case.wait(days=9)
    assert case.state.stage != Stage.CLOSED
    assert case.notices("closed-unanswered") == []


def test_e07_deceased_no_appointment_stays() -> None:
    """Nobody is reminded of one."""
    case = booked(Pure().in_contact())
    case.event("student-deceased")
    assert case.records("appointed")[-1]["became"] == "cancelled"
    case.wait_until(WEDNESDAY)
    assert case.notices("appointment-soon") == []


def test_s11_a_case_with_an_appointment_ahead_is_not_linked_away() -> None:
    """The student would come, and nobody would know."""
    case = booked(Pure().in_contact())
    with refused("appointment-ahead"):
        case.decide(commands.Link, "triage-1", into="support/OTHER", reason_id=REASON)


async def test_e07_no_counsellor_is_in_two_places_at_once(office: Office) -> None:
    """Two cases booked for the same hour at the same moment: the database lets one of them in."""
    cases = [await office.refer() for _ in range(2)]
    for case in cases:
        await case.assign()
    at = (await office.owner.fetchval("SELECT date_trunc('hour', now())")) + timedelta(days=3)
    answers = await asyncio.gather(
        *(case.decide(commands.Book, "counsellor-1", at=at) for case in cases), return_exceptions=True
    )
    lost = [each for each in answers if isinstance(each, BaseException)]
    assert len(lost) == 1
    assert lost[0].cause.details[0] == "appointment-overlaps"
    other = cases[[isinstance(each, BaseException) for each in answers].index(True)]
    with pytest.raises(WorkflowUpdateFailedError):
        await other.decide(commands.Book, "counsellor-1", at=at + timedelta(minutes=30))
    await other.decide(commands.Book, "counsellor-1", at=at + timedelta(minutes=50))
    rows = await office.owner.fetch("SELECT state FROM iehe.support_appointments")
    assert [row["state"] for row in rows] == ["booked", "booked"]


async def test_bookings_at_once_wait_for_each_other_and_are_never_in_the_way(database: Database) -> None:
    """Two of one constraint wait for each other; found out after a second, it held up all other steps."""
    owner = await open_pool(database.url("owner"), size=6)
    await owner.execute(
        "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES ('c-1', 'c', 'c@example.ac.jp', '{}')"
    )
    await owner.execute(
        "INSERT INTO iehe.cases (case_id, process, version, stage, stage_since, opened_at, state)"
        " SELECT 'support/T' || n, 'support-case', 1, 'in-contact', now(), now(), '{}'"
        " FROM generate_series(0, 1199) AS n"
    )
    first = datetime.now(UTC)

    async def book(number: int) -> str:
        at = first + number // 6 * timedelta(hours=1)
        record = {"at": at.isoformat(), "booking": 1, "counsellor": "c-1", "minutes": 50, "channel": "desk"}
        told = "SELECT iehe.support_record_booked($1, 1, now(), 'c-1', $2)"
        try:
            await owner.execute(told, f"support/T{number}", json.dumps(record))
        except asyncpg.PostgresError as error:
            return type(error).__name__
        return "booked"

    made = Counter(await asyncio.gather(*map(book, range(1200))))
    assert made["booked"] == 200
    assert made["DeadlockDetectedError"] == 0, made
    await owner.close()
