"""After the day, and every way in which a request ends."""

from datetime import timedelta

import pytest

from schemas.kernel.refusals import Refusal
from schemas.outreach import commands
from schemas.outreach.requests import Contact, SchoolRequest
from schemas.outreach.stages import Stage
from schemas.outreach.state import OutreachState
from tests.workflows.outreach.builder import FIRST, NOW, REASON, Pure, in_stage, jst


def test_held_reported_and_closed() -> None:
    """From the request to its end, with nobody reminded in vain."""
    case = in_stage(Stage.REPORTED)
    case.wait_until(FIRST + timedelta(days=91))
    assert (case.state.stage, case.state.outcome) == (Stage.CLOSED, Stage.CLOSED)
    assert case.state.closed
    assert case.notices("task-reminder") == []


def test_a_lecture_is_not_recorded_before_it_begins() -> None:
    """Nor by mistake on the day before."""
    case = in_stage(Stage.PREPARED)
    with pytest.raises(Refusal, match="record it afterwards"):
        case.decide(commands.RecordHeld, "office-1", held=True)


def test_when_it_is_over_the_office_says_whether_it_was_held() -> None:
    """Also when nobody had recorded the preparations."""
    case = in_stage(Stage.CONFIRMED)
    case.wait_until(FIRST + timedelta(minutes=51))
    assert "record-held" in case.state.tasks
    case.decide(commands.RecordHeld, "office-1", held=True)
    assert case.records("held") == [{"kind": "held", "persons": 40, "report_id": None}]


def test_a_lecture_to_which_nobody_came_ends_as_cancelled() -> None:
    """It asks for no report and sends no survey."""
    case = in_stage(Stage.PREPARED)
    case.wait_until(FIRST + timedelta(hours=1))
    case.decide(commands.RecordHeld, "office-1", held=False)
    assert (case.state.stage, case.state.outcome) == (Stage.CANCELLED, Stage.CANCELLED)
    case.wait(days=100)
    assert case.notices("survey") == []
    assert case.state.closed


@pytest.mark.parametrize(
    "stage",
    [Stage.REQUESTED, Stage.CHECKED, Stage.OFFERING, Stage.WAITING_DATE, Stage.OFFERED, Stage.PREPARED],
)
def test_the_school_cancels_whenever_it_likes(stage) -> None:
    """Before it is held; then the case lasts until the contact is erased, and says who ended it."""
    case = in_stage(stage)
    case.event("school-cancelled")
    assert (case.state.outcome, case.state.outcome_by, case.state.closed) == (
        Stage.CANCELLED,
        "system",
        False,
    )
    assert not case.people.booked
    case.wait(days=91)
    assert (case.state.closed, case.state.outcome, case.state.outcome_by) == (True, Stage.CANCELLED, "system")


def test_on_the_telephone_the_school_cancels_too() -> None:
    """A person enters it."""
    case = in_stage(Stage.OFFERED)
    case.decide(commands.ConfirmByPhone, "office-1", result="cancelled")
    assert (case.state.stage, case.state.outcome_by) == (Stage.CANCELLED, "person")


@pytest.mark.parametrize("stage", [Stage.HELD, Stage.REPORTED, Stage.DECLINED])
def test_what_is_over_is_not_cancelled(stage) -> None:
    """Neither by the school nor by the office."""
    case = in_stage(stage)
    with pytest.raises(Refusal):
        case.event("school-cancelled")
    with pytest.raises(Refusal):
        case.decide(commands.CancelRequest, "office-1", reason="weather")


def test_a_report_is_the_lecturers_or_the_offices() -> None:
    """Another lecturer writes none; who did is reminded on D+14 and D+30, the office on D+45."""
    case = in_stage(Stage.HELD)
    with pytest.raises(Refusal, match="not asked to give"):
        case.decide(commands.SubmitReport, "lecturer-2", remark_id=REASON)
    case.wait_until(jst(2026, 10, 26))
    assert case.notices("task-reminder") == [("task-reminder", "staff:lecturer-1")] * 2
    assert case.notices("task-overdue") == [("task-overdue", "role:connection_office")]
    case.decide(commands.SubmitReport, "office-1", remark_id=REASON)
    assert case.state.stage == Stage.REPORTED


def test_o27_one_address_and_one_reader_a_message() -> None:
    """A contact is one address; shera #111 and gathio #178 wrote to all in one letter."""
    for address in ("a@x.jp,b@x.jp", "a@x.jp; b@x.jp", "a@x.jp b@x.jp", "A <a@x.jp>", "a@x.jp\nBcc: b@x.jp"):
        with pytest.raises(ValueError, match="email"):
            Contact(name="見本 花子", email=address)
    with pytest.raises(ValueError, match="name"):
        Contact(name="見本\nBcc: b@x.jp", email="a@x.jp")


def test_o28_the_survey_goes_out_two_weeks_later_and_keeps_no_answer() -> None:
    """A letter to the school with nothing in it that tells who asks."""
    case = in_stage(Stage.HELD)
    case.wait_until(jst(2026, 9, 25, 0, 1))
    (notice,) = [notice for step in case.log for notice in step.notices if notice.message == "survey"]
    assert (notice.to, notice.facts) == ("school", {})


@pytest.mark.parametrize(
    ("stage", "until"),
    [
        (Stage.REPORTED, FIRST + timedelta(days=91)),
        (Stage.HELD, FIRST + timedelta(days=91)),
        (Stage.DECLINED, NOW + timedelta(days=91)),
        (Stage.CANCELLED, NOW + timedelta(days=91)),
    ],
)
def test_o28_the_contact_is_erased_after_ninety_days(stage, until) -> None:
    """By the clock, after the day or after the end without one; not a day earlier; counts stay."""
    case = in_stage(stage)
    case.wait_until(until - timedelta(days=1, hours=14))
    assert not case.records("contact-erased")
    case.wait_until(until)
    assert case.records("contact-erased") == [{"kind": "contact-erased"}]
    assert case.state.persons == 40


def test_o28_a_late_report_ends_a_case_whose_contact_is_gone() -> None:
    """Erasing does not wait for it."""
    case = in_stage(Stage.HELD)
    case.wait_until(FIRST + timedelta(days=100))
    assert case.state.stage == Stage.HELD
    case.decide(commands.SubmitReport, "lecturer-1", remark_id=REASON)
    assert case.state.stage == Stage.CLOSED


def test_o28_pupils_are_counted_and_never_named() -> None:
    """Neither the form nor the state has a place for a name of theirs."""
    fields = SchoolRequest.model_fields.keys() | OutreachState.model_fields.keys()
    assert not [name for name in fields if "pupil" in name or "student" in name]
    stored = Pure().to_reported().stored
    assert not {"contact", "school_name", "place", "purpose", "equipment"} & stored.keys()
