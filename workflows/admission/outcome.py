"""Admission rules after the committee: decision, offer, answer, withdrawal, re-judgment."""

from typing import Final

from schemas.admission.commands import (
    AnswerOffer,
    ChangePolicy,
    RecordDecision,
    Rejudge,
    Withdraw,
)
from schemas.admission.facts import OfferAnswered, SiblingAccepted, WithdrawalRequested
from schemas.admission.records import DecisionRecorded, OfferAccepted
from schemas.admission.roles import Role
from schemas.admission.stages import Choice, Stage
from schemas.kernel.deadlines import Deadline
from schemas.kernel.policies import PolicyRef
from schemas.kernel.refusals import Refusal
from workflows.admission import by_round, moved_dates
from workflows.admission.intake import (
    DECIDE_ACCOMMODATION,
    AdmissionDraft,
    end_of,
    is_late,
    missing_items,
    policy_of,
    round_of,
)
from workflows.kernel.taking_back import STEPS

DECISIONS: Final[dict[str, tuple[str, ...]]] = {
    Stage.RANKED: ("offered", "waitlisted", "rejected"),
    Stage.WAITLISTED: ("offered", "released"),
}
"""What the head can decide where an application stands."""


def enter_ranked(draft: AdmissionDraft) -> None:
    """The committee has spoken; the round decides by its lists, or the head of admissions records it."""
    if draft.state.judged_by is not None:
        by_round.wait(draft)
        return
    draft.start_deadline("decide", policy_of(draft.state).decision)
    draft.open_task("decide", Role.HEAD_OF_ADMISSIONS, deadline="decide")


def record_decision(draft: AdmissionDraft, command: RecordDecision) -> None:
    """Never against the committee, never while a required part is missing (A12, A2)."""
    state, decision = draft.state, command.decision
    draft.require(state.judged_by is None, "round-decides", round=state.judged_by)
    draft.require("resolve-duplicate" not in state.tasks, "duplicate-open")
    _require_parts(draft)
    if state.stage == Stage.RANKED:
        contradicts = state.result is Choice.REJECT and decision != "rejected"
        draft.require(not contradicts, "against-committee", result=state.result, decision=decision)
        unexplained = state.result is Choice.ADMIT and decision == "rejected" and command.reason_id is None
        draft.require(not unexplained, "reason-required", step=f"{command.step} {decision}")
    here = DECISIONS[state.stage]
    possible = ", ".join(here)
    step = f"{command.step} {decision}"
    draft.require(decision in here, "wrong-stage", step=step, stage=state.stage, possible=possible)
    draft.details["decision"] = decision
    draft.finish("decide")
    offered = decision == "offered"
    draft.record(DecisionRecorded(decision=decision, reason_id=command.reason_id, takes_place=offered))
    if decision == "released":
        draft.notify("waitlist-released", "applicant")
    draft.goto(decision)


def enter_offered(draft: AdmissionDraft) -> None:
    """The applicant has so many working days to answer."""
    until, policy = draft.state.offered_until, policy_of(draft.state).offer_reply
    deadline = draft.start_deadline("offer-reply", policy, due_at=until)
    if draft.state.place is not None:
        return  # that a result is out was said, and not which
    message = "rejudged-offer" if draft.step == Rejudge.step else "offer-made"
    draft.notify(message, "applicant", due_at=deadline.due_at.isoformat())


def answer_offer(draft: AdmissionDraft, command: AnswerOffer) -> None:
    """An answer that the office enters counts from when it arrived."""
    offer_answered(draft, OfferAnswered(answer=command.answer))


def offer_answered(draft: AdmissionDraft, fact: OfferAnswered) -> None:
    """In time, or permitted: accepted or declined."""
    is_late(draft, "offer-reply", "offer-reply", hard=True)
    draft.details["answer"] = fact.answer
    draft.stop_deadline("offer-reply")
    if fact.answer == "accepted":
        draft.record(OfferAccepted())
        if draft.state.place is not None:
            draft.places.take(draft.state.place)
        draft.goto(Stage.ACCEPTED)
    else:
        by_round.give_back(draft, "declined")
        draft.notify("offer-declined", "applicant")
        draft.goto(Stage.DECLINED)


def lapse_offer(draft: AdmissionDraft, _deadline: Deadline) -> None:
    """No answer: lapsed by the clock (A6), unless the round has moved its hour."""
    if moved_dates.goes_on(draft):
        return
    if draft.state.place is not None:
        draft.places.lapse(draft.state.place)
        draft.state.place = None
    draft.record(DecisionRecorded(decision=Stage.LAPSED, reason_code="no-answer"))
    draft.notify("offer-lapsed", "applicant")
    draft.goto(Stage.LAPSED)


def enter_waitlisted(draft: AdmissionDraft) -> None:
    """On the list until the round's day."""
    policy = policy_of(draft.state).waitlist
    deadline = draft.start_deadline("waitlist", policy, due_at=end_of(draft, round_of(draft).waitlist_until))
    if draft.step not in STEPS and draft.state.judged_by is None:
        draft.notify("waitlisted", "applicant", due_at=deadline.due_at.isoformat())


def release_waitlist(draft: AdmissionDraft, _deadline: Deadline) -> None:
    """The list's day has passed: released by the clock (A6)."""
    draft.record(DecisionRecorded(decision=Stage.RELEASED, reason_code="waitlist-over"))
    draft.notify("waitlist-released", "applicant")
    draft.goto(Stage.RELEASED)


def enter_rejected(draft: AdmissionDraft) -> None:
    """The result is out; the case stays open for a re-judgment until the policy's time is over."""
    draft.state.outcome, draft.state.outcome_by = Stage.REJECTED, draft.actor.kind
    draft.finish(DECIDE_ACCOMMODATION)
    draft.start_deadline("rejudgment", policy_of(draft.state).rejudgment)
    if draft.state.judged_by is None:
        draft.notify("rejected", "applicant")


def enter_withdrawn(draft: AdmissionDraft) -> None:
    """However it came to that: the round counts the application no more, and what it gave is free."""
    by_round.withdraw(draft, str(draft.details.get("reason", "withdrawn")))


def rejudge(draft: AdmissionDraft, command: Rejudge) -> None:
    """The university was wrong: a place beyond the quota, with a reason."""
    draft.require(draft.state.judged_by is None, "round-decides", round=draft.state.judged_by)
    draft.require(command.reason_id is not None, "reason-required", step=command.step)
    _require_parts(draft)
    draft.state.outcome = draft.state.outcome_by = None
    draft.record(
        DecisionRecorded(
            decision=Stage.OFFERED, reason_id=command.reason_id, takes_place=True, beyond_places=True
        )
    )
    draft.goto(Stage.OFFERED)


def close_rejected(draft: AdmissionDraft, _deadline: Deadline) -> None:
    """Nobody asked for a re-judgment: the case ends as it was decided, by a person then."""
    decided_by = draft.state.outcome_by
    draft.end(Stage.REJECTED)
    draft.state.outcome_by = decided_by


def withdraw(draft: AdmissionDraft, command: Withdraw | WithdrawalRequested) -> None:
    """Withdrawal with a reason from the list; everything pending is cancelled with it (A17)."""
    known = policy_of(draft.state).withdrawal_reasons
    on_list = command.reason in known
    draft.require(on_list, "unknown-reason", reason=command.reason, known=", ".join(known))
    draft.details["reason"] = command.reason
    draft.record(DecisionRecorded(decision=Stage.WITHDRAWN, reason_code=command.reason))
    draft.notify("withdrawal-confirmed", "applicant")
    draft.goto(Stage.WITHDRAWN)


def sibling_accepted(draft: AdmissionDraft, fact: SiblingAccepted) -> None:
    """The applicant took another offer of the round: this one ends without a message, if it has not (A13)."""
    draft.details["by_case"] = fact.by_case
    if draft.state.closed or draft.state.stage == Stage.REJECTED:
        return
    draft.record(DecisionRecorded(decision=Stage.WITHDRAWN, reason_code="other-offer-accepted"))
    draft.goto(Stage.WITHDRAWN)


def change_policy(draft: AdmissionDraft, command: ChangePolicy) -> None:
    """From now on another version; what is running keeps the time that was promised."""
    before = {item.key for item in missing_items(draft.state)}
    draft.follow_policy(PolicyRef(version=command.version, route=policy_of(draft.state).route))
    draft.details["policy"] = command.version
    _ask_for_other_parts(draft, before)


def _ask_for_other_parts(draft: AdmissionDraft, before: set[str]) -> None:
    """What the new version no longer asks for is not waited for; what it asks for in addition is (A2)."""
    stage, missing = draft.state.stage, {item.key for item in missing_items(draft.state)}
    for key in sorted(before - missing):
        draft.close_task(f"missing-part:{key}", how="moved_on")
    if stage == Stage.COMPLETENESS and not missing:
        draft.goto(Stage.ELIGIBILITY)
    elif stage == Stage.ELIGIBILITY and missing:
        draft.goto(Stage.COMPLETENESS)
    elif stage not in (Stage.SUBMITTED, Stage.COMPLETENESS, Stage.REJECTED):
        for key in sorted(missing - before):
            draft.open_task("missing-part", Role.ADMISSIONS_OFFICE, whose=key, keep=True)


def _require_parts(draft: AdmissionDraft) -> None:
    if missing := missing_items(draft.state):
        raise Refusal("parts-missing", missing=", ".join(item.key for item in missing))
