"""A request from its arrival until it is checked, declined, or given to lecturers."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from schemas.kernel.refusals import Refusal
from schemas.outreach import commands
from schemas.outreach.requests import SchoolRequest
from schemas.outreach.stages import Stage
from tests.workflows.outreach.builder import DATES, NOW, REASON, Pure, in_stage, jst

FORM = {
    "school": "D104",
    "school_name": "見本高等学校",
    "contact": {"name": "見本 花子", "email": "sample@school.example.jp"},
    "kind": "lecture",
    "topic": "sea-level",
    "purpose": "探究学習の導入",
    "grade": "2",
    "persons": 40,
    "dates": [at.isoformat() for at in DATES],
    "place": "体育館",
    "equipment": "プロジェクター",
    "travel_cost": "school",
}


def test_o01_a_request_names_a_topic_or_a_field() -> None:
    """One of the two, and not both."""
    assert SchoolRequest.model_validate(FORM).topic == "sea-level"
    assert SchoolRequest.model_validate({**FORM, "topic": None, "field": "law"}).field == "law"
    for other in ({"topic": None}, {"field": "law"}):
        with pytest.raises(ValidationError, match="a topic or a field"):
            SchoolRequest.model_validate(FORM | other)


def test_o01_another_topic_is_looked_up_among_the_registered() -> None:
    """The office changes to another field, and lecturers who declined can be asked about it."""
    case = Pure().to_offering("lecturer-1")
    case.decide(commands.AnswerLecture, "lecturer-1", answer="no")
    case.decide(commands.ChangeTopic, "office-1", field="law")
    assert (case.state.topic, case.state.field, case.state.title.en) == (None, "law", "Law")
    case.decide(commands.NameLecturers, "office-1", lecturers=("lecturer-1",))
    assert case.state.asked == {"lecturer-1": "asked"}


@pytest.mark.parametrize(
    "missing", ["purpose", "grade", "persons", "dates", "place", "equipment", "travel_cost"]
)
def test_o02_a_request_lacks_nothing(missing) -> None:
    """Purpose, grade, persons, dates, place, equipment and who pays the journey are all named."""
    with pytest.raises(ValidationError, match=missing):
        SchoolRequest.model_validate({name: value for name, value in FORM.items() if name != missing})


def test_o02_three_different_dates() -> None:
    """Two are too few, and one twice is no choice."""
    for dates in (FORM["dates"][:2], [FORM["dates"][0], *FORM["dates"][:2]]):
        with pytest.raises(ValidationError, match="dates"):
            SchoolRequest.model_validate(FORM | {"dates": dates})


def later(days: int) -> list[str]:
    """Three dates, the first so many days after the request."""
    return [(NOW + timedelta(days=days + week)).isoformat() for week in (0, 7, 14)]


@pytest.mark.parametrize(("kind", "days"), [("lecture", 42), ("visit", 42), ("online", 21)])
def test_o02_dates_are_weeks_ahead(kind, days) -> None:
    """Six weeks, online three: the last day that is early enough passes, the day before it does not."""
    Pure(kind=kind, dates=later(days)).to_checked()
    with pytest.raises(Refusal, match="too soon") as refused:
        Pure(kind=kind, dates=later(days - 1)).to_checked()
    assert refused.value.code == "request-too-soon"


def test_o02_the_head_permits_what_is_too_soon() -> None:
    """With a reason, and nobody else."""
    case = Pure(dates=later(20))
    with pytest.raises(Refusal, match="needs one of the roles"):
        case.decide(commands.PermitLate, "office-1", reason_id=REASON)
    with pytest.raises(Refusal, match="reason"):
        case.decide(commands.PermitLate, "head-1")
    case.decide(commands.PermitLate, "head-1", reason_id=REASON)
    case.to_checked()
    assert [step.details for step in case.log if step.step == "permit-late"] == [{"reason_id": REASON}]


def test_o02_going_online_makes_three_weeks_enough() -> None:
    """What is too soon for a journey may be early enough for a talk online."""
    case = Pure(dates=later(30))
    case.decide(commands.GoOnline, "office-1")
    assert case.to_checked().state.stage == Stage.CHECKED


def test_o05_when_all_have_declined_a_person_looks() -> None:
    """The last no leads back to the office, which has every way out: dates, online, field, decline."""
    case = Pure().to_offering()
    case.decide(commands.AnswerLecture, "lecturer-1", answer="no")
    case.decide(commands.AnswerLecture, "lecturer-2", answer="no")
    assert case.state.stage == Stage.CHECKED
    assert "find-lecturer" in case.state.tasks
    possible = set(case.process_possible())
    assert {"reschedule", "go-online", "change-topic", "name-lecturers", "decline-request"} <= possible


def test_o05_who_declined_is_not_asked_again_about_the_same() -> None:
    """Until the dates are others."""
    case = Pure().to_offering("lecturer-1")
    case.decide(commands.AnswerLecture, "lecturer-1", answer="no")
    with pytest.raises(Refusal, match="asked already"):
        case.decide(commands.NameLecturers, "office-1", lecturers=("lecturer-1",))
    other = jst(2026, 11, 5, 13)
    case.decide(commands.Reschedule, "office-1", dates=[other], reason="school-request", school_agreed=True)
    case.decide(commands.NameLecturers, "office-1", lecturers=("lecturer-1",))
    assert case.last.notices[0].facts["dates"] == [other.isoformat()]


def test_o05_a_decline_has_a_reason_that_the_school_is_told() -> None:
    """From the policy's list."""
    case = Pure().to_checked()
    with pytest.raises(Refusal, match="not on the list"):
        case.decide(commands.DeclineRequest, "office-1", reason="whatever")
    case.decide(commands.DeclineRequest, "office-1", reason="no-lecturer")
    (notice,) = case.last.notices
    assert (notice.message, notice.to, notice.facts) == (
        "request-declined",
        "school",
        {"cause": "no-lecturer"},
    )


def test_a_request_is_declined_only_before_lecturers_are_asked() -> None:
    """Once they are, it is cancelled or it comes back first."""
    with pytest.raises(Refusal, match="not possible"):
        in_stage(Stage.OFFERING).decide(commands.DeclineRequest, "office-1", reason="topic")


def test_the_school_is_answered_within_twenty_working_days() -> None:
    """Reminders before and on the day go to the office, after it to the head; the school hears on the day."""
    case = Pure()
    assert case.due("answer-school").date() == jst(2026, 6, 29).date()
    case.wait(days=40)
    assert case.notices("task-reminder") == [("task-reminder", "role:connection_office")] * 2
    assert case.notices("task-overdue") == [("task-overdue", "role:head_of_connection")]
    assert case.notices("being-arranged") == [("being-arranged", "school")]


def test_the_school_is_not_told_that_it_waits_when_it_has_its_answer() -> None:
    """An accepted lecture ends the deadline."""
    case = in_stage(Stage.OFFERED)
    assert "answer-school" not in case.state.deadlines


@pytest.mark.parametrize("stage", [Stage.REQUESTED, Stage.CHECKED, Stage.OFFERING])
def test_nobody_is_asked_about_a_day_that_is_over(stage) -> None:
    """When the last proposed date has passed, the clock opens the question of a date again."""
    case = in_stage(stage)
    case.wait_until(DATES[-1] + timedelta(minutes=1))
    assert case.state.stage == Stage.WAITING_DATE
    assert case.state.tasks.keys() == {"agree-date"}
