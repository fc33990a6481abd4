"""Steps that every process has: tasks and deadlines by hand, messages that failed, what is remembered."""

import copy
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from schemas.admission.stages import Stage
from schemas.kernel.case import (
    CLOCK,
    CancelDeadline,
    CompleteTask,
    MoveDeadline,
    PauseDeadline,
    ReassignTask,
    ResumeDeadline,
)
from schemas.kernel.deadlines import Change
from schemas.kernel.refusals import Refusal
from schemas.kernel.transition import Undelivered
from tests.workflows.rules.builder import in_stage, jst, new
from workflows.admission.process import ADMISSION_REVIEW
from workflows.kernel import steps
from workflows.kernel.case_details import case_details
from workflows.kernel.draft import Draft
from workflows.kernel.frame import Frame, LookupNeeded
from workflows.kernel.state import due_at, waiting_for_whom


def refused(code: str):
    return pytest.raises(Refusal, check=lambda refusal: refusal.code == code)


@pytest.mark.parametrize(
    ("command", "values", "code"),
    [
        (ReassignTask, {"task": "nothing", "assignee": "office-2"}, "unknown-task"),
        (CompleteTask, {"task": "nothing"}, "unknown-task"),
        (CompleteTask, {"task": "check-eligibility"}, "task-not-completable"),
        (MoveDeadline, {"deadline": "nothing", "due_at": jst(2027, 1, 1)}, "unknown-deadline"),
        (MoveDeadline, {"deadline": "check-eligibility", "due_at": jst(2026, 1, 1)}, "deadline-in-past"),
        (PauseDeadline, {"deadline": "nothing"}, "unknown-deadline"),
        (ResumeDeadline, {"deadline": "check-eligibility"}, "deadline-not-paused"),
        (CancelDeadline, {"deadline": "nothing"}, "unknown-deadline"),
    ],
)
def test_what_makes_no_sense_is_refused(command, values, code) -> None:
    """With a code that says what is wrong, and nothing changed."""
    with refused(code):
        new().complete().decide(command, "office-1", **values)


@pytest.mark.parametrize("command", [PauseDeadline, MoveDeadline])
def test_a_paused_deadline_is_neither_paused_nor_moved(command) -> None:
    """It is resumed first."""
    case = new()
    case.decide(PauseDeadline, "office-1", deadline="completeness")
    values = {"due_at": jst(2027, 1, 1)} if command is MoveDeadline else {}
    with refused("deadline-paused"):
        case.decide(command, "office-1", deadline="completeness", **values)


def test_a_moved_deadline_takes_its_task_along() -> None:
    """The task list shows the new due time."""
    case = new().complete()
    case.decide(MoveDeadline, "office-1", deadline="check-eligibility", due_at=jst(2026, 12, 1))
    assert case.state.tasks["check-eligibility"].due_at == jst(2026, 12, 1)
    assert [task.due_at for task in case.last.tasks_reassigned] == [jst(2026, 12, 1)]


def test_a_paused_deadline_does_nothing_until_resumed() -> None:
    """No reminder, no closing; afterwards everything comes with the time that was left."""
    case = new()
    case.decide(PauseDeadline, "office-1", deadline="completeness")
    assert not case.wait(days=100)
    case.decide(ResumeDeadline, "office-1", deadline="completeness")
    case.wait(days=100)
    assert case.state.outcome == "incomplete"
    assert len(case.notices("items-chaser")) == 3


def test_a_cancelled_deadline_has_no_consequence() -> None:
    """The offer stays open for as long as people want."""
    case = in_stage(Stage.OFFERED)
    case.decide(CancelDeadline, "office-1", deadline="offer-reply")
    case.wait(days=1000)
    assert case.state.stage == Stage.OFFERED


def test_a_reminder_follows_the_assignee() -> None:
    """Handed on, it is the new one who hears of it, or whoever stands in for them."""
    case = new().complete()
    case.decide(ReassignTask, "office-1", task="check-eligibility", assignee="office-2")
    deadline = case.state.deadlines["check-eligibility"]
    assert (
        steps._address(ADMISSION_REVIEW, case.state, deadline, "assignee")
        == "staff:office-2|role:admissions_office"
    )


def test_an_unassigned_task_reminds_its_role() -> None:
    """Nobody in particular has it, so all of the role hear."""
    case = new().complete()
    deadline = case.state.deadlines["check-eligibility"]
    assert steps._address(ADMISSION_REVIEW, case.state, deadline, "assignee") == "role:admissions_office"


def test_e02_a_reminder_says_to_whom_the_task_belongs() -> None:
    """Whoever is reminded of what is theirs is told that; a role finds its own reason."""
    for audience, why in (("assignee", "assignee"), ("role:admissions_office", None)):
        case = new().complete()
        case.state.deadlines["check-eligibility"].rungs[0].to = (audience,)
        case.wait(days=30)
        told = next(step for step in case.log if step.step == "remind").notices
        assert [(each.to, each.why) for each in told] == [("role:admissions_office", why)]


def test_e02_what_a_rung_says_once_a_day_is_of_its_day() -> None:
    """In quiet hours that is the morning after, on which it will be told; else there is no day."""
    case = new().complete()
    deadline = case.state.deadlines["check-eligibility"]
    deadline.rungs[0].once_a_day = True
    first = deadline.rungs[0].at.date()
    for hour, day in ((12, first), (23, first + timedelta(days=1))):
        case.now = deadline.rungs[0].at.replace(hour=hour)
        draft = Draft(case.process, copy.deepcopy(case.state), "remind", Frame(case.now, CLOCK))
        steps.remind(draft, deadline.name)
        told = draft.transition().notices
        assert {each.once_on for each in told} == {day}
        assert all((each.held_until is not None) == (hour == 23) for each in told)
    deadline.rungs[0].once_a_day = False
    draft = Draft(case.process, copy.deepcopy(case.state), "remind", Frame(case.now, CLOCK))
    steps.remind(draft, deadline.name)
    assert {each.once_on for each in draft.transition().notices} == {None}


def test_e01_who_is_asked_by_a_rung_is_told_that() -> None:
    """Not that a rule names them: the ladder has come to them."""
    case = new().complete()
    deadline = case.state.deadlines["check-eligibility"]
    deadline.rungs[0].asks = True
    case.now = deadline.rungs[0].at
    terms = {
        "case_id": case.state.case_id,
        "audience": steps._address(ADMISSION_REVIEW, case.state, deadline, deadline.rungs[0].to[0]),
        "at": case.now.isoformat(),
    }
    found = {LookupNeeded("staff-of", terms).key: ["office-1", "office-2"]}
    draft = Draft(case.process, copy.deepcopy(case.state), "remind", Frame(case.now, CLOCK, found=found))
    steps.remind(draft, deadline.name)
    told = draft.transition().notices
    assert {(each.to, each.why) for each in told} == {("staff:office-1", "rung"), ("staff:office-2", "rung")}


def test_a_failed_message_becomes_a_task_that_a_person_closes() -> None:
    """The record names the notice in part and the reason; the office says when it is done."""
    case = new()
    failed = {"ab" * 32: Undelivered(reason="mailbox-unknown")}
    case.take("report-notices", partial(steps.report_notices, failed=failed))
    (key,) = case.state.tasks
    assert case.last.details == {"abababababab": "mailbox-unknown"}
    case.decide(CompleteTask, "office-1", task=key)
    assert not case.state.tasks


def test_a_page_that_reached_nobody_is_noted_with_its_channel() -> None:
    """Whoever reads the record knows by which way nobody was reached."""
    case = new()
    failed = {"ab" * 32: Undelivered(reason="gave-up", channel="webhook:pager")}
    case.take("report-notices", partial(steps.report_notices, failed=failed))
    assert case.last.details == {"abababababab": "webhook:pager/gave-up"}


def test_tasks_about_messages_outlive_the_stage() -> None:
    """The case goes on, the failed message is still somebody's."""
    case = new()
    case.event_or_task("document-received", item="unknown")
    case.complete()
    assert "look-at-event" in {task.kind for task in case.state.tasks.values()}


def test_whose_turn_is_the_most_urgent_task() -> None:
    """What is due first comes first, of whatever kind; a stage without tasks names its own."""
    case = new()
    assert waiting_for_whom(case.process, case.state) == "applicant"
    case.to_review()
    assert waiting_for_whom(case.process, case.state) == "reviewer"
    assert due_at(case.state) == case.due("answer:reviewer-1")
    case.wait(days=1)
    case.event_or_task("document-received", item="unknown")
    (look,) = (task for task in case.state.tasks.values() if task.kind == "look-at-event")
    assert waiting_for_whom(case.process, case.state) == "admissions_office"
    assert due_at(case.state) == case.due("answer:reviewer-1")
    assert case.due("answer:reviewer-1") < look.due_at < case.due("score:reviewer-1")


def test_the_map_says_where_the_case_stands() -> None:
    """Stage in both languages, the way, whom it waits for, tasks, deadlines, what is possible."""
    case = new().to_review()
    shown = case_details(case.process, case.state, "reviewer")
    assert "### under review · 審査" in shown
    assert "~~completeness~~ → ~~eligibility~~ → **review**" in shown
    assert "- `review:reviewer-1` of reviewer-1, due" in shown
    assert "`submit-scores`" in shown


def test_the_map_of_a_closed_case_says_who_ended_it() -> None:
    """The outcome with the clock as its maker."""
    case = new()
    case.wait(days=60)
    assert "- **outcome**: incomplete (by clock)" in case_details(case.process, case.state, "reviewer")


def test_a_fact_is_never_later_than_now() -> None:
    """A sender's clock that is minutes ahead does not make anything later than it is."""
    case = new()
    case.event("fee-paid", at=case.now + timedelta(minutes=5))
    assert case.state.items["fee"].changed_at == case.now


def test_a_task_whose_deadline_was_cancelled_is_due_by_policy() -> None:
    """Without its deadline it has the time of its kind, counted anew, in the state and in the database."""
    case = in_stage(Stage.ELIGIBILITY)
    case.wait(days=30)
    case.decide(CancelDeadline, "office-1", deadline="check-eligibility")
    due = case.state.tasks["check-eligibility"].due_at
    assert case.now < due < case.now + timedelta(days=8)
    assert case.last.tasks_reassigned[0].due_at == due


def test_a_fact_from_the_future_is_refused() -> None:
    """A wrong year in a date is not taken for now."""
    case = new()
    with refused("in-future"):
        case.event("fee-paid", at=case.now + timedelta(days=100))


def test_a_fact_of_years_ago_is_refused() -> None:
    """A typing error in the year must not make a late fact early."""
    case = new()
    with refused("long-past"):
        case.event("fee-paid", at=case.now - timedelta(days=4 * 366))


def test_a_due_time_that_is_given_is_not_explained_by_counting() -> None:
    """The post is due at noon because the round says so, not at the end of a counted day."""
    post = in_stage(Stage.SUBMITTED).state.deadlines["post"]
    assert [change.how for change in post.changes] == [Change.GIVEN]
    assert post.amount is None


def test_a_review_is_not_handed_to_somebody_else() -> None:
    """A review belongs to its reviewer: the office releases them and another is drawn."""
    case = in_stage(Stage.REVIEW)
    (name, *_) = [task.key for task in case.state.tasks.values() if task.kind == "review"]
    with refused("task-personal"):
        case.decide(ReassignTask, "office-1", task=name, assignee="reviewer-6")


def test_the_reason_of_a_common_decision_is_kept() -> None:
    """Why a deadline was paused stands in the log, as the id of the text."""
    case = new()
    reason = str(UUID(int=1))
    case.decide(PauseDeadline, "office-1", deadline="completeness", reason_id=reason)
    assert case.last.details["reason_id"] == reason
