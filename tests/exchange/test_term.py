"""In the term: a signature a month, absence, leave, longer and shorter, missing and found, gone early."""

from datetime import date

import pytest

from schemas.exchange import commands
from schemas.exchange.stages import Housing, Scholarship, Stage, Track
from tests.exchange.builder import REASON, Pure, jst, refused

BOTH = ("student", "partner")


def test_a_month_is_confirmed_by_its_tenth_and_escalated_on_the_twentieth() -> None:
    """Reminded on the fifth and the tenth; the head hears on the twentieth; the next month follows."""
    case = Pure().in_term()
    assert case.due("confirm-month:2027-04").date() == date(2027, 4, 10)
    case.wait_until(jst(2027, 4, 21, 12))
    assert [f"{each.facts['due_at']:.10}" for each in case.sent("please-sign")] == ["2027-04-10"]
    assert [each.to for each in case.sent("task-overdue") if each.facts["task"] == "confirm-month"] == [
        "role:head_of_exchange"
    ]
    assert "unsigned" in case.tasks()
    assert "confirm-month:2027-05" in case.state.deadlines


def test_a_signature_ends_the_months_clock_and_starts_the_next() -> None:
    """In every month of the stay, and in none after it."""
    case = Pure().in_term()
    for month in range(4, 9):
        case.wait_until(jst(2027, month, 8, 10))
        if case.state.stage != Stage.DEPARTED:
            case.decide(commands.RecordSignature, "office-1", month=f"2027-{month:02}")
    assert case.state.confirmed == [f"2027-{month:02}" for month in range(4, 9)]
    assert not [name for name in case.state.deadlines if name.startswith("confirm-month")]
    with refused("month-signed"):
        case.decide(commands.RecordSignature, "office-1", month="2027-08")
    with refused("month-not-here"):
        case.decide(commands.RecordSignature, "office-1", month="2027-03")
    with refused("month-not-here"):
        case.decide(commands.RecordSignature, "office-1", month="2027-09")


def test_x19_nothing_is_paid_before_it_is_signed() -> None:
    """A payment without a signature is refused and looked at; so is a second one, and one too many."""
    case = Pure().in_term().granted()
    assert case.event_or_task("month-paid", month="2027-04").details["code"] == "month-unsigned"
    case.event("enrolment-signed", month="2027-04")
    case.event("month-paid", month="2027-04")
    assert case.event_or_task("month-paid", month="2027-04").details["code"] == "month-paid"
    assert case.state.paid == ["2027-04"]


def test_x19_an_unsigned_month_suspends_the_scholarship_until_it_is_signed() -> None:
    """Signed late it goes on."""
    case = Pure().in_term().granted()
    case.wait_until(jst(2027, 4, 21, 12))
    assert case.on(Track.SCHOLARSHIP) == Scholarship.SUSPENDED
    case.decide(commands.RecordSignature, "office-1", month="2027-04")
    assert (case.on(Track.SCHOLARSHIP), "unsigned" in case.tasks()) == (Scholarship.ACTIVE, False)


def test_x19_no_more_months_than_the_year_allows() -> None:
    """Granted for twelve, six are paid."""
    case = Pure().in_term()
    case.decide(commands.ApplyScholarship, "office-1", what="interest")
    case.decide(commands.ApplyScholarship, "office-1", what="nominate")
    case.decide(commands.RecordScholarship, "office-1", result="granted", months=12)
    assert case.state.scholarship_months == 6


def test_x16_a_months_absence_is_reported_to_the_ministry() -> None:
    """A task after thirty days; back before it, none."""
    case = Pure().in_term()
    case.event("absence-recorded", first=date(2027, 5, 1))
    case.wait_until(jst(2027, 6, 2))
    assert "report-immigration" in case.tasks()
    case.decide(commands.ReportImmigration, "office-1")
    assert "report-immigration" not in case.tasks()
    back = Pure().in_term()
    back.event("absence-recorded", first=date(2027, 5, 1))
    back.event("absence-recorded", first=date(2027, 5, 1), last=date(2027, 5, 9))
    back.wait_until(jst(2027, 6, 2))
    assert "report-immigration" not in back.tasks()


def test_x18_three_months_without_study_are_looked_at_by_the_head() -> None:
    """The status can be revoked."""
    case = Pure(last="2027-12-20").in_term()
    case.event("absence-recorded", first=date(2027, 5, 1))
    case.wait_until(jst(2027, 8, 1))
    assert "status-endangered" in case.tasks()


def test_nobody_signs_while_away() -> None:
    """And the month is excused, not missed."""
    case = Pure().in_term().granted()
    case.event("absence-recorded", first=date(2027, 4, 7), excused=True)
    with refused("absent"):
        case.decide(commands.RecordSignature, "office-1", month="2027-04")
    case.wait_until(jst(2027, 4, 21, 12))
    assert (case.state.excused, case.on(Track.SCHOLARSHIP)) == (["2027-04"], Scholarship.ACTIVE)
    assert "unsigned" not in case.tasks()


def test_leave_runs_alongside() -> None:
    """The stage stays; payments are suspended and go on after it."""
    case = Pure().in_term().granted()
    case.decide(commands.GrantLeave, "office-1", leave=True)
    assert (case.state.stage, case.on(Track.SCHOLARSHIP)) == (Stage.IN_TERM, Scholarship.SUSPENDED)
    with refused("leave-known"):
        case.decide(commands.GrantLeave, "office-1", leave=True)
    case.decide(commands.GrantLeave, "office-1", leave=False)
    assert case.on(Track.SCHOLARSHIP) == Scholarship.ACTIVE


def test_missing_needs_everybody_asked_and_starts_a_support_case() -> None:
    """Declared by the head; the partner is told, immigration is to be; only the scholarship goes back."""
    case = Pure().in_term().granted()
    case.event("enrolment-signed", month="2027-04")
    case.event("month-paid", month="2027-04")
    with refused("ladder-not-done"):
        case.decide(commands.DeclareMissing, "head-1", contacts=("student", "house"))
    case.decide(commands.DeclareMissing, "head-1", contacts=BOTH)
    assert case.state.stage == Stage.MISSING
    assert case.told_facts("missing") == [{"person": "E10001", "term": "27S", "language": "en"}]
    assert case.notices("student-missing") == [("student-missing", "coordinator")]
    assert [step.details["undone"] for step in case.log if step.step == "undo"] == ["scholarship"]
    assert case.on(Track.SCHOLARSHIP) == Scholarship.RETURN_DUE
    assert {"report-immigration", "return-scholarship"} <= case.tasks()
    assert "bed" in case.owed()


def test_who_is_found_goes_on_by_a_persons_decision() -> None:
    """The rest of what was held is still held."""
    case = Pure().in_term()
    case.decide(commands.DeclareMissing, "head-1", contacts=BOTH)
    case.decide(commands.RecordFound, "head-1", reason_id=REASON)
    assert (case.state.stage, "missing" in case.state.deadlines) == (Stage.IN_TERM, False)
    assert case.on(Track.DORMITORY) == Housing.CHECKED_IN
    assert [name for name in case.state.deadlines if name.startswith("confirm-month")]


def test_who_is_not_found_ends_after_half_a_year() -> None:
    """Then bed, tutor, register and place are given back."""
    case = Pure().in_term()
    case.decide(commands.DeclareMissing, "head-1", contacts=BOTH)
    case.wait(days=200)
    assert (case.state.closed, case.state.outcome, case.owed(), case.live()) == (
        *(True, Stage.MISSING, []),
        [],
    )
    assert {"strike-off", "report-immigration"} <= case.tasks()


@pytest.mark.parametrize("excused", [True, False])
def test_an_early_return_is_excused_by_the_committee_or_paid_back(excused) -> None:
    """Force majeure from the list: nothing is paid back; without it the last month is."""
    case = Pure().in_term().granted()
    case.event("enrolment-signed", month="2027-04")
    case.event("month-paid", month="2027-04")
    case.wait_until(jst(2027, 5, 20, 12))
    if excused:
        with refused("cause-unknown"):
            case.decide(commands.Excuse, "committee-1", ground="homesick")
        case.decide(commands.Excuse, "committee-1", ground="disaster", reason_id=REASON)
    case.decide(commands.RecordEarlyReturn, "office-1", on=date(2027, 5, 20))
    assert (case.state.stage, case.owed(), case.live()) == (Stage.EARLY_RETURN, [], [])
    assert case.on(Track.DORMITORY) == Housing.CHECKED_OUT
    assert case.state.transcript == "partial"
    if excused:
        assert (case.on(Track.SCHOLARSHIP), "return-scholarship" in case.tasks()) == (
            *(Scholarship.ENDED, False),
        )
    else:
        assert case.on(Track.SCHOLARSHIP) == Scholarship.RETURN_DUE
        case.decide(commands.ReturnScholarship, "office-1")
        assert case.on(Track.SCHOLARSHIP) == Scholarship.ENDED


def test_extending_in_the_departure_brings_the_student_back_into_the_term() -> None:
    """The end is watched anew."""
    case = Pure().departing()
    case.decide(commands.Extend, "office-1", last=date(2027, 9, 20), home_agrees=True)
    assert case.state.stage == Stage.IN_TERM
    assert case.due("leaving").date() == date(2027, 8, 23)
    with refused("not-later"):
        case.decide(commands.Extend, "office-1", last=date(2027, 9, 1), home_agrees=True)
