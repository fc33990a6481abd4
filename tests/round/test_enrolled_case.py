"""An application that a round admitted, from its answer to enrolment: fee, documents, the hour (R8)."""

from datetime import datetime, timedelta

import pytest

from schemas.admission.commands import AnswerOffer, RecordEnrolment
from schemas.admission.facts import RoundOver
from schemas.admission.stages import Fee, Stage
from schemas.kernel.case import CompleteTask
from schemas.kernel.refusals import Refusal
from tests.round.test_promoted_case import ROUND, UNTIL, place, told
from tests.workflows.rules.builder import Pure, changed_policy, in_stage, new
from workflows.admission import by_round
from workflows.admission.process import ADMISSION_REVIEW
from workflows.kernel import undo

NEEDS = ("admission-fee", "enrolment-documents")


@pytest.fixture
def case() -> Pure:
    """It has accepted what the round's list has given."""
    case = new().to_ranked("admit")
    case.state.policy = changed_policy(enrolment_needs=NEEDS)
    case.policies[case.state.policy_ref] = case.state.policy
    case.state.judged_by = ROUND
    result = {"verdict": "admitted", "place": f"{ROUND}#T-0001"}
    case.found |= {"released-lines": [{"result": result}], "chain": [], "places-of": [], "standing": None}
    place(case, "offered")
    told(case, "outcome-released")
    case.decide(AnswerOffer, "office-1", answer="accepted")
    assert case.state.stage == Stage.ACCEPTED
    return case


def standings(case: Pure) -> list[tuple[str, str]]:
    """What the round was told of where the case stands, and of its fee."""
    told_now = [fact for step in case.log for fact in step.facts if fact.type.endswith(".case-standing")]
    return [(fact.data["standing"], fact.data["fee"]) for fact in told_now]


def undone(case: Pure) -> None:
    """What the case owes is given back, as the workflow has it done."""
    for owed in [each.key for each in case.state.owes if each.due]:
        case.take("undo", lambda draft, owed=owed: undo.give_back(draft, owed))


def arrived(case: Pure, at: datetime | None = None) -> None:
    """Fee and documents."""
    case.event("admission-fee-paid", at=at)
    case.event("enrolment-documents-received", at=at)


def test_r8_nobody_is_enrolled_without_fee_and_documents(case: Pure) -> None:
    """What is missing is named; with all of it the place is kept, and the fee too."""
    with pytest.raises(Refusal) as refused:
        case.decide(RecordEnrolment, "office-1", result="enrolled")
    assert refused.value.code == "enrolment-incomplete"
    assert refused.value.params == {"missing": "admission-fee, enrolment-documents"}
    case.event("admission-fee-paid")
    with pytest.raises(Refusal) as refused:
        case.decide(RecordEnrolment, "office-1", result="enrolled")
    assert refused.value.params == {"missing": "enrolment-documents"}
    case.event("enrolment-documents-received")
    case.decide(RecordEnrolment, "office-1", result="enrolled")
    assert (case.state.stage, case.state.fee, case.state.owes) == (Stage.ENROLLED, Fee.PAID, [])
    assert standings(case)[-1] == ("enrolled", "paid")
    assert "enrolled" in [record["kind"] for record in case.last.records]


def test_r8_who_has_not_enrolled_by_the_hour_has_declined(case: Pure) -> None:
    """The hour is the one at which the place ends; the place falls free in the same step."""
    assert case.due("enrol-by") == UNTIL
    case.wait_until(UNTIL + timedelta(days=2))
    assert (case.state.stage, case.state.place) == (Stage.DECLINED, None)
    assert [(change.how, change.reason) for change in case.last.places] == [("release", "not-enrolled")]
    assert len(case.notices("enrolment-lapsed")) == 1
    assert standings(case)[-1] == ("declined", "none")


@pytest.mark.parametrize("late", [False, True])
def test_r8_what_arrived_by_the_hour_counts_though_it_is_reported_later(case: Pure, late: bool) -> None:
    """A payment of the last minute is told a while after; one of the minute after it is none."""
    case.wait_until(UNTIL + timedelta(minutes=10))
    arrived(case, UNTIL + timedelta(minutes=5 if late else -5))
    case.wait_until(UNTIL + timedelta(days=2))
    assert case.state.stage == (Stage.DECLINED if late else Stage.ACCEPTED)
    assert ("record-enrolment" in case.state.tasks) is not late


def test_a_fee_that_was_paid_is_kept_or_paid_back_by_the_policy(case: Pure) -> None:
    """Who withdraws has forfeited it; whose condition was not met gets it back, by a person's task."""
    arrived(case)
    case.decide(RecordEnrolment, "office-1", result="conditions_not_met", reason_id="w-1")
    undone(case)
    assert (case.state.fee, "refund" in case.state.tasks) == (Fee.DUE_BACK, True)
    assert standings(case)[-1] == ("conditions_not_met", "due-back")
    case.event("admission-fee-refunded")
    assert (case.state.fee, "refund" in case.state.tasks) == (Fee.REFUNDED, False)
    assert standings(case)[-1] == ("conditions_not_met", "refunded")


def test_the_fee_of_who_withdraws_is_kept(case: Pure) -> None:
    """It bought the right to enrol (Supreme Court of Japan, judgment of 27 November 2006)."""
    arrived(case)
    case.event("withdrawal-requested", reason="personal")
    undone(case)
    assert (case.state.fee, "refund" in case.state.tasks) == (Fee.PAID, False)


def test_what_is_paid_twice_goes_back_once(case: Pure) -> None:
    """And the payment that counts stays."""
    case.event("admission-fee-paid")
    case.event("admission-fee-paid")
    assert "refund" in case.state.tasks
    case.event("admission-fee-refunded")
    assert (case.state.fee, "refund" in case.state.tasks) == (Fee.PAID, False)
    assert [owed.key for owed in case.state.owes] == ["admission-fee"]


def test_what_was_paid_twice_and_went_back_by_hand_leaves_the_payment_that_counts(case: Pure) -> None:
    """A person says that it did: who has paid is not taken for somebody who has not."""
    arrived(case)
    case.event("admission-fee-paid")
    case.decide(CompleteTask, "office-1", task="refund")
    assert (case.state.fee, "refund" in case.state.tasks) == (Fee.PAID, False)
    case.decide(RecordEnrolment, "office-1", result="enrolled")
    assert case.state.stage == Stage.ENROLLED


def test_a_fee_that_nobody_owes_goes_back() -> None:
    """Paid before anything was offered."""
    case = new().to_ranked("admit")
    case.event("admission-fee-paid")
    assert (case.state.fee, "refund" in case.state.tasks) == (Fee.DUE_BACK, True)


@pytest.mark.parametrize(
    ("stage", "ends"), [(Stage.COMPLETENESS, True), (Stage.ELIGIBILITY, False), (Stage.REVIEW, False)]
)
def test_r10_with_its_round_an_incomplete_application_ends_and_a_whole_one_does_not(
    stage: Stage, ends: bool
) -> None:
    """What the office has not looked at is for the office, and never lost."""
    case = in_stage(stage)
    case.state.judged_by = ROUND
    case.found["chain"] = []
    takes = ADMISSION_REVIEW.takes[f"{by_round.ROUND}.round-over"]
    assert takes.apply is not None
    apply, fact = takes.apply, RoundOver(case=case.state.case_id, round=ROUND)
    case.take("round-over", lambda draft: apply(draft, fact))
    assert case.state.stage == (Stage.INCOMPLETE if ends else stage)
    assert len(case.notices("closed-with-round")) == int(ends)
