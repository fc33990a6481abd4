"""Rule A4 for the application itself: what is submitted after the round has closed."""

from datetime import date, timedelta
from typing import Any

import pytest

from schemas.admission.commands import ChangePolicy, PermitLate
from schemas.admission.stages import Stage
from schemas.kernel.case import ActorKind, CancelDeadline
from schemas.kernel.refusals import Refusal
from tests.workflows.rules.builder import Pure, changed_policy, jst, round_of

CLOSED = jst(2026, 11, 10, 17)
AFTER = date(2026, 11, 11)


def applied(on: date, route: str = "comprehensive", *, hard: bool = True, **changes: Any) -> Pure:
    """Opened on 20 November by a policy with that answer to what is late; the round closed on the 10th."""
    policy = changed_policy(route, **{"late_application.hard": hard}, **changes)
    round_ = round_of(policy, opens_at=jst(2026, 9, 1), closes_at=CLOSED)
    return Pure(jst(2026, 11, 20, 10)).open(policy=policy, round_=round_, submitted_on=on)


def permit(case: Pure) -> None:
    case.decide(
        PermitLate, "office-1", item="application", until=case.now + timedelta(days=1), reason_id="r1"
    )


@pytest.mark.parametrize("on", [date(2026, 9, 1), date(2026, 11, 10)], ids=["first day", "last day"])
def test_a04_an_application_within_the_period_goes_on(on) -> None:
    """The days on which the round opens and closes belong to it, however late the file is imported."""
    case = applied(on)
    assert (case.state.stage, case.state.outside_period) == (Stage.COMPLETENESS, None)


def test_a04_a_late_application_waits_for_its_permit() -> None:
    """Nothing is asked of the applicant; the office has a task with a due time."""
    case = applied(AFTER)
    assert case.state.stage == Stage.SUBMITTED
    assert case.state.tasks["late-application"].due_at == case.due("late-application")
    assert case.last.details["submitted"] == "late"
    assert case.notices() == []


def test_a04_a_late_application_without_a_permit_is_closed_by_the_clock() -> None:
    """When the office's time has passed, with a letter of its own."""
    case = applied(AFTER)
    case.wait(days=15)
    assert (case.state.outcome, case.state.outcome_by) == (Stage.INCOMPLETE, ActorKind.CLOCK)
    (decision,) = case.records("decision")
    assert decision["reason_code"] == "application-late"
    assert case.notices("application-late") == [("application-late", "applicant")]


def test_a04_a_named_late_application_is_permitted_with_a_reason() -> None:
    """Then it goes on as any other, and it stays known that it was late."""
    case = applied(AFTER)
    with pytest.raises(Refusal, check=lambda refusal: refusal.code == "reason-required"):
        case.decide(PermitLate, "office-1", item="application", until=case.now + timedelta(days=1))
    permit(case)
    assert (case.state.stage, case.state.outside_period) == (Stage.COMPLETENESS, "late")
    assert "application-received" in [message for message, _ in case.notices()]
    assert "late-application" not in case.state.tasks | case.state.deadlines
    case.complete()


def test_a04_by_a_soft_policy_a_late_application_is_only_marked() -> None:
    """It counts, marked late."""
    case = applied(AFTER, hard=False)
    assert (case.state.stage, case.state.outside_period) == (Stage.COMPLETENESS, "late")


def test_a04_nothing_late_is_permitted_where_nothing_is_late() -> None:
    """The application is an item of the permit only while it waits for one."""
    case = applied(date(2026, 10, 1))
    with pytest.raises(Refusal, check=lambda refusal: refusal.code == "unknown-item"):
        permit(case)


def test_a04_an_application_from_before_the_opening_is_marked() -> None:
    """A date of years ago is a slip of the pen: everybody sees it, nobody is shut out by it."""
    case = applied(date(2020, 1, 1))
    assert (case.state.stage, case.state.outside_period) == (Stage.COMPLETENESS, "early")


def test_a04_the_post_does_not_go_around_the_permit() -> None:
    """What arrives meanwhile is kept, once; with the permit the case goes on at once."""
    case = applied(AFTER, "general")
    case.event("post-arrived")
    assert case.state.stage == Stage.SUBMITTED
    with pytest.raises(Refusal, check=lambda refusal: refusal.code == "wrong-stage"):
        case.event("post-arrived")
    permit(case)
    assert case.state.stage == Stage.COMPLETENESS


@pytest.mark.parametrize("cancelled", [False, True])
def test_a04_permitted_a_web_registration_still_needs_its_post(cancelled) -> None:
    """The permit is for the day of the application, not for the paper."""
    case = applied(AFTER, "general")
    if cancelled:
        case.decide(CancelDeadline, "office-1", deadline="post")
    permit(case)
    assert case.state.stage == Stage.SUBMITTED
    case.event("post-arrived")
    assert case.state.stage == Stage.COMPLETENESS


def test_a04_permitted_with_everything_there_it_is_complete() -> None:
    """Parts that arrived while the permit was awaited count."""
    case = applied(AFTER)
    for item in ("transcript", "identity", "recommendation", "fee"):
        case.event("document-received", item=item)
    assert case.state.stage == Stage.SUBMITTED
    permit(case)
    assert case.state.stage == Stage.ELIGIBILITY


def test_a04_another_policy_leaves_the_question_open() -> None:
    """What waits for a permit goes on waiting when the case is moved to a softer version."""
    case = applied(AFTER)
    softer = changed_policy(**{"late_application.hard": False}, version="v2")
    case.decide(ChangePolicy, "head-1", version=case.know(softer))
    assert "late-application" in case.state.tasks
