"""Confirming, moving, closing, warning: what stands, and what no message names any more."""

import json
from datetime import timedelta

import pytest

from schemas.kernel.case import CompleteTask, MoveDeadline
from schemas.kernel.refusals import Refusal
from schemas.outreach import commands
from schemas.outreach.stages import Stage
from tests.workflows.outreach.builder import FIRST, REASON, SECOND, Pure, in_stage, jst

DATED = [Stage.OFFERED, Stage.CONFIRMED, Stage.PREPARED]
OTHER = jst(2026, 11, 5, 13)


def move(case: Pure, *dates, **agreed) -> None:
    """The office moves it."""
    agreed = {"school_agreed": True, "lecturer_agreed": True} | agreed
    case.decide(commands.Reschedule, "office-1", dates=dates or [OTHER], reason="school-request", **agreed)


def closed(case: Pure, *, where: str = "school", first: str = "2026-09-10", last: str = "2026-09-10") -> None:
    """A closure is announced."""
    case.event("closure-announced", where=where, **{"from": first, "to": last})


def test_o06_the_school_confirms_two_weeks_before() -> None:
    """Reminded on D−21, D−14 and D−7 by the letter that asks; then it is settled and both sides know."""
    case = in_stage(Stage.OFFERED)
    assert case.due("confirm").date() == jst(2026, 8, 27).date()
    case.wait_until(jst(2026, 9, 4))
    assert len(case.notices("please-confirm")) == 4
    case.event("school-confirmed", date=FIRST)
    assert case.state.stage == Stage.CONFIRMED
    assert case.last.notices[0].message == "date-settled"
    assert case.last.notices[1].to == "staff:lecturer-1"


def test_o06_a_week_before_a_person_decides() -> None:
    """The office telephones; the clock neither confirms nor cancels."""
    case = in_stage(Stage.OFFERED)
    case.wait_until(jst(2026, 9, 2, 23, 59))
    assert "confirm-by-phone" not in case.state.tasks
    case.wait_until(jst(2026, 9, 3, 8))
    assert (case.state.stage, list(case.state.tasks)) == (Stage.OFFERED, ["confirm-by-phone"])
    case.decide(commands.ConfirmByPhone, "office-1", result="confirmed")
    assert case.state.stage == Stage.CONFIRMED


def test_o06_at_short_notice_a_person_decides_at_once() -> None:
    """A lecture in five days has no two weeks left."""
    case = Pure(now=FIRST - timedelta(days=5))
    case.decide(commands.PermitLate, "head-1", reason_id=REASON)
    case.to_offered()
    case.act_on_time()
    assert case.state.tasks.keys() == {"confirm-by-phone"}
    assert case.now < case.due("confirm") < FIRST


def test_o06_nobody_sets_out_unconfirmed() -> None:
    """On the day itself a date that the school never confirmed is open again, by the clock."""
    case = in_stage(Stage.OFFERED)
    case.wait_until(FIRST + timedelta(minutes=1))
    assert case.state.stage == Stage.WAITING_DATE
    assert case.notices("lecture-released") == [("lecture-released", "staff:lecturer-1")]


@pytest.mark.parametrize("stage", DATED)
@pytest.mark.parametrize("missing", ["school", "lecturer"])
def test_o06_a_date_moves_only_with_both_sides(stage, missing) -> None:
    """Neither alone."""
    case = in_stage(stage)
    with pytest.raises(Refusal, match=f"{missing} has not agreed"):
        move(case, **{f"{missing}_agreed": False})
    with pytest.raises(Refusal, match="name one"):
        move(case, OTHER, SECOND)


def test_o06_confirming_twice_changes_nothing() -> None:
    """The portal may say it again."""
    case = in_stage(Stage.PREPARED)
    case.event("school-confirmed", date=FIRST)
    assert (case.state.stage, case.last.notices) == (Stage.PREPARED, ())


def test_k08_a_confirmation_of_the_old_date_is_refused() -> None:
    """A letter read late does not confirm what it does not name."""
    case = in_stage(Stage.OFFERED)
    move(case)
    with pytest.raises(Refusal, match="has changed since"):
        case.event("school-confirmed", date=FIRST)


def named_after(case: Pure, version: int) -> str:
    """Everything told after a version."""
    later = [step for step in case.log if step.version > version]
    return json.dumps([notice.model_dump(mode="json") for step in later for notice in step.notices])


@pytest.mark.parametrize("stage", DATED)
def test_k08_calcom_13238_after_a_move_no_message_names_the_old_date(stage) -> None:
    """Reminders of both sides come for the new day alone, and those still queued are silenced."""
    case = in_stage(stage)
    move(case)
    moved = case.state.version
    assert case.records("booked")[-1]["starts_at"] == OTHER.isoformat()
    case.wait_until(OTHER + timedelta(hours=1))
    told = named_after(case, moved)
    assert FIRST.isoformat() not in told
    assert told.count(OTHER.isoformat()) >= 4
    reminded = [n.message for step in case.log if step.version > moved for n in step.notices]
    assert reminded.count("date-settled") == reminded.count("lecture-settled") == 2


@pytest.mark.parametrize("stage", DATED)
def test_k08_calcom_6973_after_a_cancellation_nobody_is_reminded(stage) -> None:
    """Nothing but the cancellation itself, to both sides."""
    case = in_stage(stage)
    case.decide(commands.CancelRequest, "office-1", reason="weather")
    cancelled = case.state.version
    assert {notice.to for notice in case.last.notices} == {"school", "staff:lecturer-1"}
    case.wait(days=200)
    assert named_after(case, cancelled) == "[]"


@pytest.mark.parametrize("stage", DATED)
def test_a_closed_school_opens_the_date_again(stage) -> None:
    """The lecturer is free, reminders are dropped, the school is told once, the office agrees another."""
    case = in_stage(stage)
    closed(case)
    assert (case.state.stage, case.state.date) == (Stage.WAITING_DATE, None)
    assert not case.people.booked
    assert [(notice.message, notice.to) for notice in case.last.notices] == [
        ("lecture-released", "staff:lecturer-1"),
        ("date-open-again", "school"),
    ]
    version = case.state.version
    case.wait_until(FIRST + timedelta(days=1))
    assert FIRST.isoformat() not in named_after(case, version)


def test_a_closure_of_other_days_changes_nothing() -> None:
    """Nor one of the campus, for a lecture at the school; for a visit it does."""
    case = in_stage(Stage.CONFIRMED)
    closed(case, first="2026-09-11", last="2026-09-12")
    closed(case, where="campus")
    assert case.state.stage == Stage.CONFIRMED
    visit = Pure(kind="visit").to_confirmed()
    closed(visit, where="campus")
    assert visit.state.stage == Stage.WAITING_DATE


def test_a_closure_takes_the_proposals_in_it() -> None:
    """Who is being asked hears which dates are left; with none left another has to be agreed."""
    case = in_stage(Stage.OFFERING)
    closed(case)
    assert case.last.notices[0].to == "staff:lecturer-1"
    assert FIRST.isoformat() not in case.last.notices[0].facts["dates"]
    with pytest.raises(Refusal, match="no date"):
        case.decide(commands.AnswerLecture, "lecturer-1", answer="yes", date=FIRST)
    closed(case, first="2026-09-01", last="2026-10-31")
    assert case.state.stage == Stage.WAITING_DATE
    with pytest.raises(Refusal):
        case.decide(commands.AnswerLecture, "lecturer-1", answer="yes")


def test_from_waiting_the_same_lecturer_or_others() -> None:
    """With both sides' agreement it is confirmed at once; else lecturers are asked about new proposals."""
    case = in_stage(Stage.WAITING_DATE)
    move(case)
    assert (case.state.stage, case.state.lecturer, case.state.date) == (Stage.CONFIRMED, "lecturer-1", OTHER)
    other = in_stage(Stage.WAITING_DATE)
    move(other, OTHER, lecturer_agreed=False)
    assert (other.state.stage, other.state.dates) == (Stage.CHECKED, [OTHER])


def warned(level: str = "warning") -> Pure:
    """Six o'clock on the day."""
    case = in_stage(Stage.PREPARED)
    case.wait_until(jst(2026, 9, 10, 6))
    case.event("warning-issued", area="sendai", level=level)
    return case


def test_o16_a_warning_at_six_is_decided_by_seven() -> None:
    """A person is asked at once; when nobody has decided by then the head is; the clock cancels nothing."""
    case = warned()
    assert case.notices("decide-on-warning") == [("decide-on-warning", "role:connection_office")]
    assert case.due("closure-decision") == jst(2026, 9, 10, 7)
    case.wait_until(jst(2026, 9, 10, 7, 1))
    assert case.notices("decide-on-warning")[1:] == [("decide-on-warning", "role:head_of_connection")]
    assert (case.state.stage, list(case.state.tasks)) == (Stage.PREPARED, ["closure-decision"])


def test_o16_cancelled_all_are_told_and_old_reminders_die() -> None:
    """Both sides in the same step."""
    case = warned()
    case.decide(commands.CancelRequest, "office-1", reason="weather")
    assert {notice.to for notice in case.last.notices} == {"school", "staff:lecturer-1"}
    assert case.state.deadlines.keys() == {"erase"}


def test_o16_or_it_goes_online() -> None:
    """At the same hour, and nobody has to decide any more."""
    case = warned()
    case.decide(commands.GoOnline, "office-1")
    assert (case.state.stage, case.state.date, case.state.kind) == (Stage.PREPARED, FIRST, "online")
    assert {notice.to for notice in case.last.notices} == {"school", "staff:lecturer-1"}
    assert not case.state.tasks


def test_o16_or_it_is_held_all_the_same() -> None:
    """A person says so, or the warning is lifted."""
    case, other = warned(), warned()
    case.decide(CompleteTask, "office-1", task="closure-decision")
    other.event("warning-lifted", area="sendai")
    for each in (case, other):
        each.wait_until(jst(2026, 9, 10, 9))
        assert len(each.notices("decide-on-warning")) == 1
        assert not each.state.tasks


def test_o16_a_warning_is_about_a_date_that_stands() -> None:
    """When the lecturer cannot come either, there is nothing to be decided about the warning."""
    case = warned()
    case.decide(commands.ReleaseLecturer, "office-1", reason_id=REASON)
    assert "closure-decision" not in case.state.tasks.keys() | case.state.deadlines.keys()
    case.wait_until(jst(2026, 9, 10, 8))


def test_o16_advice_or_a_warning_far_ahead_is_only_noted() -> None:
    """Nobody is woken for it."""
    assert not warned("advisory").state.tasks
    case = in_stage(Stage.CONFIRMED)
    case.event("warning-issued", area="sendai", level="emergency")
    assert case.notices("decide-on-warning") == []


def test_pretalx_2204_other_steps_leave_a_pending_decision_alone() -> None:
    """A question to a lecturer, and one about a warning, end by their own steps alone."""
    case = in_stage(Stage.OFFERING)
    case.event("warning-issued", area="sendai", level="warning")
    closed(case, where="campus")
    case.decide(MoveDeadline, "office-1", deadline="answer-school", due_at=jst(2026, 8, 1, 12))
    assert case.state.asked["lecturer-1"] == "asked"
    assert {"answer-lecture:lecturer-1"} == case.state.tasks.keys()
    other = in_stage(Stage.CONFIRMED)
    other.wait_until(jst(2026, 9, 10, 6))
    other.event("warning-issued", area="sendai", level="warning")
    other.decide(commands.RecordPrepared, "office-1")
    other.event("school-confirmed")
    assert "closure-decision" in other.state.tasks


@pytest.mark.parametrize("stage", [Stage.CANCELLED, Stage.DECLINED, Stage.WAITING_DATE])
def test_calcom_11669_an_old_link_revives_nothing(stage) -> None:
    """The answer in a letter, and the school's confirmation, are dead when it is over."""
    case = in_stage(stage)
    for lecturer in ("lecturer-1", "lecturer-2"):
        with pytest.raises(Refusal):
            case.decide(commands.AnswerLecture, lecturer, answer="yes")
    with pytest.raises(Refusal):
        case.event("school-confirmed", date=FIRST)
    assert case.state.stage == stage
