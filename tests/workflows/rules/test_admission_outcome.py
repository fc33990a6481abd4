"""Rules after the committee: decision, offer, answer, lapse, enrolment, siblings, withdrawal, re-judgment."""

from datetime import timedelta

import pytest

from schemas.admission.commands import (
    AnswerOffer,
    PermitLate,
    RecordDecision,
    RecordEnrolment,
    Rejudge,
    Withdraw,
)
from schemas.admission.stages import Stage
from schemas.kernel.case import ActorKind
from schemas.kernel.refusals import Refusal
from tests.workflows.rules.builder import Pure, default_policy, in_stage, jst, new, person
from workflows.admission.process import ACTIVE, STAGES
from workflows.kernel.case_details import case_details

INSTANT = timedelta(microseconds=1)
REASONS = default_policy().withdrawal_reasons


def refused(code: str):
    return pytest.raises(Refusal, check=lambda refusal: refusal.code == code)


# the decision


@pytest.mark.parametrize("decision", ["offered", "waitlisted"])
def test_a12_no_decision_against_the_committee(decision) -> None:
    """Whom the committee rejects is neither offered nor waitlisted, whatever the reason."""
    case = new().to_ranked("reject")
    with refused("against-committee"):
        case.decide(RecordDecision, "head-1", decision=decision, reason_id="r1")


def test_a12_a_rejection_in_spite_of_the_committee_needs_a_reason() -> None:
    """Places may not suffice, but it must be said."""
    case = new().to_ranked("admit")
    with refused("reason-required"):
        case.decide(RecordDecision, "head-1", decision="rejected")
    case.decide(RecordDecision, "head-1", decision="rejected", reason_id="r1")
    assert case.state.stage == Stage.REJECTED


@pytest.mark.parametrize("decision", ["offered", "waitlisted", "rejected"])
def test_a02_no_decision_while_a_part_is_missing(decision) -> None:
    """Niigata 2023: two were judged without the common test's part."""
    case = new().to_ranked()
    case.event("fee-refunded")
    with refused("parts-missing"):
        case.decide(RecordDecision, "head-1", decision=decision, reason_id="r1")
    case.event("fee-paid")
    case.decide(RecordDecision, "head-1", decision=decision, reason_id="r1")


def test_a02_no_offer_from_the_waitlist_while_a_part_is_missing() -> None:
    """The same holds when a place becomes free."""
    case = in_stage(Stage.WAITLISTED)
    case.event("document-revoked", item="transcript")
    with refused("parts-missing"):
        case.decide(RecordDecision, "head-1", decision="offered")


@pytest.mark.parametrize(
    ("stage", "decision"),
    [(Stage.RANKED, "released"), (Stage.WAITLISTED, "rejected"), (Stage.WAITLISTED, "waitlisted")],
)
def test_a01_each_stage_has_its_decisions(stage, decision) -> None:
    """What cannot be decided there is refused with what can."""
    with pytest.raises(Refusal, match=f"record-decision {decision}") as caught:
        in_stage(stage).decide(RecordDecision, "head-1", decision=decision, reason_id="r1")
    assert "offered" in caught.value.params["possible"]


@pytest.mark.parametrize(
    ("decision", "takes"), [("offered", True), ("waitlisted", False), ("rejected", False)]
)
def test_a_place_is_taken_when_the_offer_is_made(decision, takes) -> None:
    """Not when the applicant enrols: the quota counts offers."""
    case = new().to_decision(decision)
    assert case.records("decision")[-1]["takes_place"] is takes


def test_the_decision_is_a_task_that_is_done() -> None:
    """The head's task ends as done, its deadline as met."""
    case = new().to_decision("offered")
    assert [(task.key, task.how) for task in case.last.tasks_closed] == [("decide", "done")]
    assert {each.name: each.state for each in case.last.deadlines} == {
        "decide": "met",
        "offer-reply": "running",
    }


# the offer


def test_a05_an_offer_is_open_for_ten_working_days() -> None:
    """Counted from the day after, with one reminder at half time."""
    case = new().to_decision("offered")
    assert case.due("offer-reply") == jst(2026, 10, 16, 23, 59, 59, 999999)
    case.wait(days=10)
    assert case.notices("offer-reminder") == [("offer-reminder", "applicant")]


@pytest.mark.parametrize("answer", ["accepted", "declined"])
def test_an_answer_at_the_last_moment_counts(answer) -> None:
    """The due day lasts until its end; the deadline is met."""
    case = new().to_decision("offered")
    case.wait_until(case.due("offer-reply"))
    case.event("offer-answered", answer=answer)
    assert case.state.stage == answer
    assert {each.name: each.state for each in case.last.deadlines}["offer-reply"] == "met"


def test_a04_an_answer_too_late_is_refused() -> None:
    """A moment after the end, though the clock has not yet acted."""
    case = new().to_decision("offered")
    due = case.due("offer-reply")
    case.wait_until(due + timedelta(hours=2))
    with refused("too-late"):
        case.event("offer-answered", answer="accepted", at=due + INSTANT)


def test_a04_a_permitted_late_answer_counts_and_the_clock_waits() -> None:
    """With a permit the offer does not lapse before its time."""
    case = new().to_decision("offered")
    case.wait_until(case.due("offer-reply") + timedelta(hours=2))
    until = case.now + timedelta(days=5)
    case.decide(PermitLate, "office-1", item="offer-reply", until=until, reason_id="r1")
    case.wait_until(until)
    case.event("offer-answered", answer="accepted")
    assert case.state.stage == Stage.ACCEPTED


def test_an_answer_by_post_counts_from_when_it_arrived() -> None:
    """The office enters it in the grace with its day."""
    case = new().to_decision("offered")
    due = case.due("offer-reply")
    case.wait_until(due + timedelta(hours=10))
    with refused("too-late"):
        case.decide(AnswerOffer, "office-1", answer="accepted")
    case.decide(AnswerOffer, "office-1", answer="accepted", answered_at=due - timedelta(days=1))
    assert case.state.stage == Stage.ACCEPTED


def test_an_answer_is_never_later_than_now() -> None:
    """Entered by a clock that is minutes ahead, it is taken as now."""
    case = new().to_decision("offered")
    case.decide(AnswerOffer, "office-1", answer="accepted", answered_at=case.now + timedelta(minutes=5))
    assert case.state.stage == Stage.ACCEPTED


def test_a06_no_answer_lapses_by_the_clock() -> None:
    """Lapsed is not declined: the outcome, the step and the record all say that it was the clock."""
    case = new().to_decision("offered")
    case.wait(days=30)
    assert (case.state.outcome, case.state.outcome_by) == ("lapsed", ActorKind.CLOCK)
    assert (case.last.step, case.last.actor.kind) == ("lapse-offer", ActorKind.CLOCK)
    assert case.records("decision")[-1]["reason_code"] == "no-answer"


def test_a06_a_declined_offer_is_the_applicants() -> None:
    """A no is not shown as the clock's."""
    case = new().to_decision("offered")
    case.event("offer-answered", answer="declined")
    assert (case.state.outcome, case.state.outcome_by) == ("declined", ActorKind.SYSTEM)


def test_a_retired_timer_does_not_fire() -> None:
    """DFE #8813: after the answer no moment of the offer's deadline declines anything."""
    case = new().to_decision("offered")
    case.event("offer-answered", answer="accepted")
    case.wait(days=400)
    assert case.state.stage == Stage.ACCEPTED
    assert "lapse-offer" not in case.steps


# waitlist, enrolment, re-judgment


def test_a06_the_waitlist_is_released_by_the_clock() -> None:
    """At the end of the round's day."""
    case = in_stage(Stage.WAITLISTED)
    case.wait_until(jst(2027, 3, 31, 23, 59, 59))
    assert not case.state.closed
    case.wait(seconds=1)
    assert (case.state.outcome, case.state.outcome_by) == ("released", ActorKind.CLOCK)


def test_from_the_waitlist_to_an_offer() -> None:
    """A place becomes free: offered with a reply deadline of its own, and the list's day means nothing."""
    case = in_stage(Stage.WAITLISTED)
    case.decide(RecordDecision, "head-1", decision="offered")
    assert case.state.deadlines.keys() == {"offer-reply"}


@pytest.mark.parametrize(
    ("result", "reason"), [("enrolled", None), ("conditions_not_met", "r1"), ("deferred", "r1")]
)
def test_how_an_acceptance_ends(result, reason) -> None:
    """Enrolled, or otherwise with a reason; the office's task is done."""
    case = in_stage(Stage.ACCEPTED)
    if reason:
        with refused("reason-required"):
            case.decide(RecordEnrolment, "office-1", result=result)
    case.decide(RecordEnrolment, "office-1", result=result, reason_id=reason)
    assert (case.state.outcome, case.state.outcome_by) == (result, ActorKind.PERSON)
    assert [(task.key, task.how) for task in case.last.tasks_closed] == [("record-enrolment", "done")]


def test_enrolment_is_due_on_the_rounds_day() -> None:
    """The applicant is reminded five working days before."""
    case = in_stage(Stage.ACCEPTED)
    assert case.due("enrolment") == jst(2027, 3, 15, 23, 59, 59, 999999)
    case.wait_until(jst(2027, 3, 10))
    assert case.notices("enrolment-reminder") == [("enrolment-reminder", "applicant")]


def test_a_rejection_can_be_rejudged_beyond_the_places() -> None:
    """With a reason: an offer beyond the quota, in words of its own, and no outcome any more."""
    case = in_stage(Stage.REJECTED)
    with refused("reason-required"):
        case.decide(Rejudge, "head-1")
    case.decide(Rejudge, "head-1", reason_id="r1")
    assert (case.state.stage, case.state.outcome) == (Stage.OFFERED, None)
    assert case.records("decision")[-1]["beyond_places"] is True
    assert case.notices()[-1] == ("rejudged-offer", "applicant")


def test_a06_a_rejection_stays_a_persons_decision_when_the_clock_files_it() -> None:
    """A year later the clock closes the case; who rejected was a person."""
    case = in_stage(Stage.REJECTED)
    assert not case.state.closed
    case.wait(days=370)
    assert (case.state.closed, case.last.step) == (True, "close-rejected")
    assert (case.state.outcome, case.state.outcome_by) == ("rejected", ActorKind.PERSON)


@pytest.mark.parametrize("step", ["rejudge", "move-deadline", "permit-late", "change-policy"])
def test_a_filed_rejection_is_closed(step) -> None:
    """Its stage would allow steps, but the case has ended; a message about it still finds a person."""
    case = in_stage(Stage.REJECTED)
    case.event_or_task("document-received", item="unknown")
    case.wait(days=370)
    assert case.state.tasks
    with refused("case-closed" if step != "permit-late" else "wrong-stage"):
        case.take(step, lambda draft: draft.goto(Stage.OFFERED), actor=person("head-1"))
    assert case.event_or_task("fee-paid").details["code"] == "case-closed"
    assert "rejudge" not in case_details(case.process, case.state, None)


# A13 siblings


@pytest.mark.parametrize("stage", ACTIVE)
def test_a13_another_accepted_offer_withdraws_without_a_message(stage) -> None:
    """In every open stage, silently, with everything pending."""
    case = in_stage(stage)
    before = len(case.notices())
    case.event("sibling-accepted", by_case="admission/T-0002")
    assert (case.state.stage, case.state.outcome_by) == (Stage.WITHDRAWN, ActorKind.SYSTEM)
    assert len(case.notices()) == before
    assert not case.state.tasks
    assert not case.state.deadlines
    assert case.records("decision")[-1]["reason_code"] == "other-offer-accepted"


def test_a13_a_released_rejection_stays() -> None:
    """It is noted and changes nothing."""
    case = in_stage(Stage.REJECTED)
    case.event("sibling-accepted", by_case="admission/T-0002")
    assert (case.state.stage, case.state.closed) == (Stage.REJECTED, False)


def test_a13_accepting_is_recorded_once_for_the_round() -> None:
    """The record that ends the siblings goes with the acceptance, and only with it."""
    case = in_stage(Stage.ACCEPTED)
    assert len(case.records("offer-accepted")) == 1


# A17 withdrawal


@pytest.mark.parametrize("stage", ACTIVE)
@pytest.mark.parametrize("by", ["office", "applicant"])
def test_a17_withdrawal_in_every_stage_ends_everything(stage, by) -> None:
    """Deadlines and tasks are gone but for a message that a person must look at; nothing ever fires."""
    case = in_stage(stage)
    case.event("accommodation-requested", sudden=True)
    case.event_or_task("document-received", item="unknown")
    if by == "office":
        case.decide(Withdraw, "office-1", reason="personal")
    else:
        case.event("withdrawal-requested", reason="personal")
    assert (case.state.outcome, case.state.closed) == ("withdrawn", True)
    assert {task.kind for task in case.state.tasks.values()} == {"look-at-event"}
    assert not case.state.deadlines
    assert case.records("decision")[-1]["reason_code"] == "personal"
    assert case.notices()[-1] == ("withdrawal-confirmed", "applicant")
    steps = len(case.log)
    case.wait(days=1000)
    assert len(case.log) == steps


@pytest.mark.parametrize("reason", REASONS)
def test_a17_every_reason_of_the_list(reason) -> None:
    """The policy's reasons are the reasons there are."""
    case = new()
    case.event("withdrawal-requested", reason=reason)
    assert case.last.details["reason"] == reason


def test_a17_a_reason_that_is_not_on_the_list() -> None:
    """Refused with the list."""
    with refused("unknown-reason"):
        new().decide(Withdraw, "office-1", reason="whatever")


@pytest.mark.parametrize("stage", [name for name, info in STAGES.items() if info.final])
def test_what_comes_after_the_end_is_put_to_a_person(stage) -> None:
    """A fact for a closed case is kept as a task; the case stays closed."""
    case = Pure().open()
    case.state.stage, case.state.closed = stage, True
    case.state.outcome, case.state.outcome_by = stage, ActorKind.PERSON
    case.state.deadlines, case.state.tasks = {}, {}
    case.event_or_task("fee-paid")
    assert case.last.details["code"] == "case-closed"
    assert [task.kind for task in case.state.tasks.values()] == ["look-at-event"]


@pytest.mark.parametrize("stage", [Stage.REJECTED, *(name for name, info in STAGES.items() if info.final)])
def test_an_accepted_offer_told_after_the_end_is_no_task(stage) -> None:
    """The case has ended already, by the same offer or otherwise: noted, and nobody has to look at it."""
    case = Pure().open()
    case.state.stage, case.state.closed = stage, True
    case.state.outcome, case.state.outcome_by = stage, ActorKind.PERSON
    case.state.deadlines, case.state.tasks = {}, {}
    case.event_or_task("sibling-accepted", by_case="admission/T-0002")
    assert case.last.step == "sibling-accepted"
    assert (case.state.stage, case.state.tasks, case.records("decision")) == (stage, {}, [])


def test_a_rejudgment_needs_every_part() -> None:
    """The fee was paid back after the rejection: no offer before it is there again."""
    case = new().to_decision("rejected")
    case.event("fee-refunded")
    with refused("parts-missing"):
        case.decide(Rejudge, "head-1", reason_id="r-1")
    assert case.state.stage == Stage.REJECTED
