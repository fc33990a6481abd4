"""Every task that a rule can open has a due time: its deadline's, or by the policy for its kind."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Final

import pytest

from schemas.admission.commands import DeclineReview, ReopenDuplicate, ResolveDuplicate
from schemas.admission.stages import Stage
from schemas.kernel.case import CLOCK
from schemas.kernel.corrections import CorrectData
from schemas.kernel.policies import TaskPolicy
from schemas.kernel.taking_back import TakeBack
from schemas.kernel.transition import Undelivered
from tests.pure import REASON
from tests.workflows.rules.builder import GOOD, PARTS, Pure, changed_policy, in_stage, jst, new, round_of
from tests.workflows.rules.test_admission_committee import tied
from tests.workflows.rules.test_documents import kinds
from workflows.kernel import steps
from workflows.kernel.break_glass import REVIEW
from workflows.kernel.documents import CHECK_DOCUMENT
from workflows.kernel.draft import Draft
from workflows.kernel.frame import Frame
from workflows.kernel.links import CHAIN_TOO_LONG
from workflows.kernel.state import due_at
from workflows.kernel.steps import CALL_BY_HAND, NOBODY_REACHED
from workflows.kernel.undo import UNDO_BY_HAND

TWIN: Final = ("admission/T-0009",)


def late_application() -> Pure:
    """Submitted on the day after the round closed."""
    policy = changed_policy()
    closed = round_of(policy, closes_at=jst(2026, 9, 20))
    return Pure().open(policy=policy, round_=closed, submitted_on=date(2026, 9, 21))


def parts_overdue() -> Pure:
    """Only what may come late is missing when the time is over."""
    case = new()
    for part in PARTS:
        if part != "recommendation":
            case.event("document-received", item=part)
    due = case.due("completeness")
    case.wait_until(due + timedelta(days=3))
    return case


def after_event(stage: Stage, fact: str, **data: str) -> Pure:
    """In a stage, with a fact that makes work there."""
    case = in_stage(stage)
    case.event_or_task(fact, **data)
    return case


def failed_notice() -> Pure:
    """A letter that came back."""
    case = new()
    case.take(
        "report-notices",
        partial(steps.report_notices, failed={"ab" * 32: Undelivered(reason="mailbox-unknown")}),
    )
    return case


def refused_deadline() -> Pure:
    """The clock's step does not fit."""
    case = new()
    case.take(
        "deadline-refused",
        partial(steps.deadline_refused, name="completeness", code="wrong-stage"),
        actor=CLOCK,
    )
    return case


def declined_review() -> Pure:
    """A reviewer is missing."""
    case = in_stage(Stage.REVIEW)
    case.decide(DeclineReview, "reviewer-1")
    return case


def small_committee() -> Pure:
    """No quorum."""
    case = new().to_review().score(GOOD, GOOD, GOOD)
    case.convene("chair-1", "member-1")
    return case


def nearly_bound_member() -> Pure:
    """Of one member nearly the same school is on record."""
    case = new().to_review().score(GOOD, GOOD, GOOD)
    case.convene(near={"member-3": "same-school"})
    return case


def silent_committee() -> Pure:
    """The ballot's time is over."""
    case = in_stage(Stage.COMMITTEE)
    case.wait_until(case.due("vote") + timedelta(minutes=1))
    return case


def corrected(*, conflicts: bool = False) -> Pure:
    """The address on record was wrong; the right data relate the applicant to a reviewer."""
    case = in_stage(Stage.REVIEW)
    if conflicts:
        case.found["found-after-correction"] = {"conflicts": {"reviewer-1": "same-school"}}
    case.decide(CorrectData, "office-1", record="applicant", values_id=REASON, reason_id=REASON)
    return case


def proposed() -> Pure:
    """An offer is to be taken back, and its letter has left."""
    case = in_stage(Stage.OFFERED)
    case.decide(TakeBack, "head-1", taken=case.state.version, reason_id=REASON)
    return case


WAYS: Final[dict[str, Callable[[], Pure]]] = {
    "appoint-committee": small_committee,
    "assign-reviewers": declined_review,
    "casting-vote": tied,
    "check-conflict": lambda: corrected(conflicts=True),
    "letters-misdirected": corrected,
    "confirm-take-back": proposed,
    "check-eligibility": lambda: in_stage(Stage.ELIGIBILITY),
    "decide": lambda: in_stage(Stage.RANKED),
    "decide-accommodation": lambda: after_event(Stage.REVIEW, "accommodation-requested"),
    "judge-conflict": nearly_bound_member,
    "late-application": late_application,
    "look-at-event": lambda: after_event(Stage.REVIEW, "document-received", item="diary"),
    "missing-part": lambda: after_event(Stage.REVIEW, "document-revoked", item="transcript"),
    "notice-failed": failed_notice,
    "look-at-deadline": refused_deadline,
    "parts-overdue": parts_overdue,
    "reconvene": silent_committee,
    "record-enrolment": lambda: in_stage(Stage.ACCEPTED),
    "refund": lambda: after_event(Stage.REVIEW, "admission-fee-paid"),
    "resolve-duplicate": lambda: Pure().open(possible_duplicates=TWIN),
    "review": lambda: in_stage(Stage.REVIEW),
    "vote": lambda: in_stage(Stage.COMMITTEE),
}


def test_every_kind_of_task_is_walked() -> None:
    """A kind that a rule opens and this file does not know must be put into it by a person."""
    # ladders that ask, telephones, glass, documents, links and what is given back are not admission's
    assert WAYS.keys() == kinds("open_task") - {
        *(NOBODY_REACHED, CALL_BY_HAND, REVIEW, UNDO_BY_HAND, CHECK_DOCUMENT, CHAIN_TOO_LONG)
    }


@pytest.mark.parametrize("kind", WAYS)
def test_a_task_has_a_due_time_and_becomes_overdue(kind) -> None:
    """Not yet when it is opened, and in the order of all others by it."""
    case = WAYS[kind]()
    mine = [task for task in case.state.tasks.values() if task.kind == kind]
    assert mine
    for task in mine:
        assert task.due_at > case.now
        if task.deadline is None:
            expected = case.now.date() + timedelta(days=1)
            assert expected < task.due_at.date() < expected + timedelta(days=14)
    due = due_at(case.state)
    assert due is not None
    assert due <= min(task.due_at for task in case.state.tasks.values())


@pytest.mark.parametrize("kind", sorted(kinds("open_task")))
def test_the_policy_sets_the_due_time_of_each_kind(kind) -> None:
    """A university that wants another span writes it into its policy; the days count as working days."""
    case = new(tasks=TaskPolicy(of={kind: 7}))
    draft = Draft(case.process, case.state, "remind", Frame(case.now, CLOCK))
    # Thursday the 1st; Monday the 12th is a holiday
    assert draft.task_due(kind).date() == date(2026, 10, 13)
    assert draft.task_due("anything").date() == date(2026, 10, 6)


def test_a_task_asked_again_is_due_anew() -> None:
    """A finding taken back in the review gives its task the time that the first one had."""
    case = Pure().open(possible_duplicates=TWIN)
    case.decide(ResolveDuplicate, "office-1", same_person=False, reason_id="r1")
    case.to_review()
    case.wait(days=3)
    case.decide(ReopenDuplicate, "office-1", reason_id="r1")
    assert case.state.tasks["resolve-duplicate"].due_at > case.now + timedelta(days=4)
