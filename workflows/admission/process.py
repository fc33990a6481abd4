"""Admission review as the kernel sees it: one table of stages and steps, and the rules by name."""

from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from schemas.admission.commands import (
    AcceptReview,
    AnswerOffer,
    AssignReviewers,
    CastVote,
    ChangePolicy,
    CloseBallot,
    ConfirmEligibility,
    DecideAccommodation,
    DeclineReview,
    JudgeConflict,
    PermitLate,
    RecordDecision,
    RecordEnrolment,
    Rejudge,
    ReleaseReviewer,
    ReopenDuplicate,
    ResolveDuplicate,
    SubmitScores,
    Withdraw,
)
from schemas.admission.facts import (
    AccommodationRequested,
    ItemFact,
    NoFacts,
    OfferAnswered,
    PostArrived,
    SiblingAccepted,
    WithdrawalRequested,
)
from schemas.admission.identifiers import PROCESS, ROUND_ATTRIBUTE
from schemas.admission.lookups import ApplicationFacts, Committee, ReviewersDrawn
from schemas.admission.policy import AdmissionPolicy
from schemas.admission.roles import Role
from schemas.admission.stages import Stage
from schemas.admission.state import AdmissionState
from schemas.kernel.deadlines import Deadline
from workflows.admission import (
    by_round,
    choices,
    committee,
    corrections,
    duplicates,
    enrolment,
    intake,
    moved_dates,
    outcome,
    review,
    taking_back,
)
from workflows.admission.intake import AdmissionDraft
from workflows.kernel.corrections import CORRECTION_DECISIONS, correction_steps
from workflows.kernel.lifecycle import By, Lifecycle, StageInfo, step
from workflows.kernel.process import EventKind, FollowUp, Policies, Process
from workflows.kernel.steps import COMMON_DECISIONS, common_steps
from workflows.kernel.taking_back import TAKE_BACK_DECISIONS, TAKE_BACK_EXPIRIES, take_back_steps

OFFICE: Final = frozenset({Role.ADMISSIONS_OFFICE, Role.HEAD_OF_ADMISSIONS})
HEAD: Final = frozenset({Role.HEAD_OF_ADMISSIONS})
REVIEWER: Final = frozenset({Role.REVIEWER})
MEMBERS: Final = frozenset({Role.COMMITTEE_MEMBER, Role.COMMITTEE_CHAIR})
CHAIR: Final = frozenset({Role.COMMITTEE_CHAIR})

STAGES: Final[dict[str, StageInfo]] = {
    Stage.SUBMITTED: StageInfo("出願登録済", "submitted", "applicant"),
    Stage.COMPLETENESS: StageInfo("書類確認", "checked for completeness", "applicant"),
    Stage.ELIGIBILITY: StageInfo("資格審査", "checked for eligibility", "admissions_office"),
    Stage.REVIEW: StageInfo("審査", "under review", "reviewer"),
    Stage.COMMITTEE: StageInfo("委員会審議", "before the committee", "committee_member"),
    Stage.RANKED: StageInfo("判定待ち", "awaiting the decision", "head_of_admissions"),
    Stage.OFFERED: StageInfo("合格（手続待ち）", "offer open", "applicant"),
    Stage.WAITLISTED: StageInfo("補欠", "on the waitlist", "round"),
    Stage.REJECTED: StageInfo("不合格", "rejected", "round"),
    Stage.ACCEPTED: StageInfo("入学手続中", "offer accepted", "admissions_office"),
    Stage.ENROLLED: StageInfo("入学", "enrolled", final=True),
    Stage.CONDITIONS_NOT_MET: StageInfo("条件不充足", "conditions not met", final=True),
    Stage.DEFERRED: StageInfo("入学延期", "deferred", final=True),
    Stage.DECLINED: StageInfo("入学辞退", "offer declined", final=True),
    Stage.LAPSED: StageInfo("手続期限経過", "offer lapsed", final=True),
    Stage.RELEASED: StageInfo("補欠解除", "released from the waitlist", final=True),
    Stage.WITHDRAWN: StageInfo("出願取下げ", "withdrawn", final=True),
    Stage.INELIGIBLE: StageInfo("資格なし", "not eligible", final=True),
    Stage.INCOMPLETE: StageInfo("不受理", "closed incomplete", final=True),
}

PENDING: Final = (Stage.SUBMITTED, Stage.COMPLETENESS, Stage.ELIGIBILITY)
JUDGED: Final = (Stage.REVIEW, Stage.COMMITTEE, Stage.RANKED)
UNDECIDED: Final = PENDING + JUDGED
ACTIVE: Final = (*UNDECIDED, Stage.OFFERED, Stage.WAITLISTED, Stage.ACCEPTED)
"""Every stage that an applicant can withdraw from: all but the final ones and a released rejection."""
LIVING: Final = (*ACTIVE, Stage.REJECTED)
FINAL: Final = tuple(stage for stage, info in STAGES.items() if info.final)
CORRECTIONS: Final = corrections.corrections_of(LIVING)

LIFECYCLE: Final = Lifecycle(
    STAGES,
    (
        step("open", at=[""], by=By.SYSTEM, to=[Stage.SUBMITTED]),
        step("open", at=[Stage.SUBMITTED], by=By.SYSTEM, to=[Stage.COMPLETENESS]),
        step("open", at=[Stage.COMPLETENESS], by=By.SYSTEM, to=[Stage.ELIGIBILITY]),
        # what arrives
        step("item-arrived", at=[Stage.COMPLETENESS], by=By.EVENT, to=[Stage.ELIGIBILITY]),
        step("item-arrived", at=LIVING, by=By.EVENT),
        step("item-revoked", at=[Stage.ELIGIBILITY], by=By.EVENT, to=[Stage.COMPLETENESS]),
        step("item-revoked", at=LIVING, by=By.EVENT),
        step("post-arrived", at=[Stage.SUBMITTED], by=By.EVENT, to=[Stage.COMPLETENESS]),
        step("post-arrived", at=[Stage.COMPLETENESS], by=By.EVENT, to=[Stage.ELIGIBILITY]),
        step("close-unposted", at=[Stage.SUBMITTED], by=By.CLOCK, to=[Stage.INCOMPLETE]),
        step("close-incomplete", at=[Stage.COMPLETENESS], by=By.CLOCK, to=[Stage.INCOMPLETE]),
        step("close-late-application", at=[Stage.SUBMITTED], by=By.CLOCK, to=[Stage.INCOMPLETE]),
        step(PermitLate.step, at=[Stage.SUBMITTED], by=OFFICE, to=[Stage.COMPLETENESS]),
        step(PermitLate.step, at=[Stage.COMPLETENESS], by=OFFICE, to=[Stage.ELIGIBILITY]),
        step(PermitLate.step, at=ACTIVE, by=OFFICE),
        # checked by the office
        step(ResolveDuplicate.step, at=UNDECIDED, by=OFFICE, to=[Stage.WITHDRAWN]),
        step(ReopenDuplicate.step, at=UNDECIDED, by=OFFICE),
        step(ConfirmEligibility.step, at=[Stage.ELIGIBILITY], by=OFFICE, to=[Stage.REVIEW, Stage.INELIGIBLE]),
        # reviewed
        step(AssignReviewers.step, at=[Stage.REVIEW], by=OFFICE),
        step("draw-reviewers", at=[Stage.REVIEW], by=By.SYSTEM),
        step(AcceptReview.step, at=[Stage.REVIEW], by=REVIEWER),
        step(DeclineReview.step, at=[Stage.REVIEW], by=REVIEWER),
        step(ReleaseReviewer.step, at=[Stage.REVIEW], by=OFFICE),
        step("draw-again", at=[Stage.REVIEW], by=By.CLOCK),
        step("replace-silent-reviewer", at=[Stage.REVIEW], by=By.CLOCK),
        step(SubmitScores.step, at=[Stage.REVIEW], by=REVIEWER, to=[Stage.COMMITTEE]),
        # judged
        step("convene-committee", at=[Stage.COMMITTEE], by=By.SYSTEM),
        step(CastVote.step, at=[Stage.COMMITTEE], by=MEMBERS, to=[Stage.RANKED]),
        step(JudgeConflict.step, at=[Stage.COMMITTEE], by=OFFICE, to=[Stage.RANKED]),
        step("ballot-overdue", at=[Stage.COMMITTEE], by=By.CLOCK),
        step(CloseBallot.step, at=[Stage.COMMITTEE], by=CHAIR, to=[Stage.RANKED]),
        step(
            RecordDecision.step,
            at=[Stage.RANKED],
            by=HEAD,
            to=[Stage.OFFERED, Stage.WAITLISTED, Stage.REJECTED],
        ),
        step(RecordDecision.step, at=[Stage.WAITLISTED], by=HEAD, to=[Stage.OFFERED, Stage.RELEASED]),
        step("release-waitlist", at=[Stage.WAITLISTED], by=By.CLOCK, to=[Stage.RELEASED]),
        step(Rejudge.step, at=[Stage.REJECTED], by=HEAD, to=[Stage.OFFERED]),
        step("close-rejected", at=[Stage.REJECTED], by=By.CLOCK),
        # by the lists of a round
        step("round-opened", at=UNDECIDED, by=By.EVENT),
        step("dates-moved", at=LIVING, by=By.EVENT),
        step(
            "outcome-released",
            at=[Stage.RANKED],
            by=By.EVENT,
            to=[Stage.OFFERED, Stage.WAITLISTED, Stage.REJECTED],
        ),
        step("outcome-released", at=[Stage.WAITLISTED], by=By.EVENT, to=[Stage.OFFERED, Stage.REJECTED]),
        step("outcome-released", at=[Stage.REJECTED], by=By.EVENT, to=[Stage.OFFERED, Stage.RANKED]),
        step("outcome-released", at=[Stage.OFFERED, Stage.ACCEPTED], by=By.EVENT),
        # answered
        step(AnswerOffer.step, at=[Stage.OFFERED], by=OFFICE, to=[Stage.ACCEPTED, Stage.DECLINED]),
        step("offer-answered", at=[Stage.OFFERED], by=By.EVENT, to=[Stage.ACCEPTED, Stage.DECLINED]),
        step("lapse-offer", at=[Stage.OFFERED], by=By.CLOCK, to=[Stage.LAPSED]),
        step("lapse-enrolment", at=[Stage.ACCEPTED], by=By.CLOCK, to=[Stage.DECLINED]),
        step("admission-fee-paid", at=LIVING, by=By.EVENT),
        step("admission-fee-refunded", at=(*LIVING, *FINAL), by=By.EVENT),
        step("enrolment-documents-received", at=[Stage.OFFERED, Stage.ACCEPTED], by=By.EVENT),
        step("round-over", at=[Stage.SUBMITTED, Stage.COMPLETENESS], by=By.EVENT, to=[Stage.INCOMPLETE]),
        step("round-over", at=LIVING, by=By.EVENT),
        step(
            RecordEnrolment.step,
            at=[Stage.ACCEPTED],
            by=OFFICE,
            to=[Stage.ENROLLED, Stage.CONDITIONS_NOT_MET, Stage.DEFERRED],
        ),
        # at any time
        step(Withdraw.step, at=ACTIVE, by=OFFICE, to=[Stage.WITHDRAWN]),
        step("withdrawal-requested", at=ACTIVE, by=By.EVENT, to=[Stage.WITHDRAWN]),
        step("sibling-accepted", at=ACTIVE, by=By.EVENT, to=[Stage.WITHDRAWN]),
        step("sibling-accepted", at=[Stage.REJECTED], by=By.EVENT),
        # told late: what it asks for is so already, and nobody has to look at it
        step("sibling-accepted", at=FINAL, by=By.EVENT),
        step("accommodation-requested", at=ACTIVE, by=By.EVENT),
        step(DecideAccommodation.step, at=ACTIVE, by=OFFICE),
        step(ChangePolicy.step, at=[Stage.COMPLETENESS], by=HEAD, to=[Stage.ELIGIBILITY]),
        step(ChangePolicy.step, at=[Stage.ELIGIBILITY], by=HEAD, to=[Stage.COMPLETENESS]),
        step(ChangePolicy.step, at=LIVING, by=HEAD),
        *correction_steps(CORRECTIONS),
        *take_back_steps(taking_back.TAKES_BACK),
        *common_steps(tuple(STAGES), LIVING, OFFICE),
    ),
)


def _attach(state: AdmissionState, policies: Policies) -> None:
    """The scoring form is the one in force when the round opened, whatever came later (A10)."""
    if state.policy is None or state.form_ref is None:
        return
    form = policies(state.form_ref)
    if isinstance(form, AdmissionPolicy):
        review = state.policy.review.model_copy(update={"criteria": form.review.criteria})
        state.policy = state.policy.model_copy(update={"review": review})


def _open(draft: AdmissionDraft) -> None:
    subject = draft.state.case_id.partition("/")[2]
    facts = draft.look_up("application", application_no=subject, at=draft.now.isoformat())
    intake.open_application(draft, ApplicationFacts.model_validate(facts))
    by_round.find_round(draft)
    moved_dates.find(draft)


def _drawn(draft: AdmissionDraft, wanted: int, **terms: JsonValue) -> ReviewersDrawn:
    policy = intake.policy_of(draft.state).review
    drawn = draft.look_up(
        "reviewers",
        case_id=draft.state.case_id,
        wanted=wanted,
        exclude=sorted(draft.state.reviews),
        load_cap=policy.load_cap,
        conflict_years=policy.conflict_years,
        at=draft.now.isoformat(),
        **terms,
    )
    return ReviewersDrawn.model_validate(drawn)


def _assign_reviewers(draft: AdmissionDraft, command: AssignReviewers) -> None:
    review.assign_reviewers(draft, command)
    wanted = review.reviewers_wanted(draft.state)
    named: list[JsonValue] = list(command.reviewers)
    review.assign_drawn(draft, _drawn(draft, wanted, named=named, looked_at=command.looked_at))


def _reviewers_to_draw(state: AdmissionState) -> bool:
    automatic = state.policy is not None and state.policy.review.automatic
    return automatic and not state.draw_failed and review.reviewers_wanted(state) > 0


def _draw_reviewers(draft: AdmissionDraft) -> None:
    review.assign_drawn(draft, _drawn(draft, review.reviewers_wanted(draft.state)))


def _committee_to_convene(state: AdmissionState) -> bool:
    return state.stage == Stage.COMMITTEE and not state.committee and "appoint-committee" not in state.tasks


def _convene(draft: AdmissionDraft) -> None:
    policy = intake.policy_of(draft.state).review
    found = draft.look_up(
        "committee",
        case_id=draft.state.case_id,
        load_cap=policy.load_cap,
        conflict_years=policy.conflict_years,
        at=draft.now.isoformat(),
    )
    committee.convene(draft, Committee.model_validate(found))


def _superseded(state: AdmissionState) -> bool:
    return state.superseded_by is not None and not state.closed and state.stage != Stage.REJECTED


def _end_superseded(draft: AdmissionDraft) -> None:
    outcome.sibling_accepted(draft, SiblingAccepted(by_case=draft.state.superseded_by or ""))


def _catch_up(draft: AdmissionDraft) -> None:
    by_case = draft.look_up("superseded-by", case_id=draft.state.case_id)
    draft.require(by_case is not None, "no-other-offer")
    outcome.sibling_accepted(draft, SiblingAccepted(by_case=by_case))


def _audience(state: AdmissionState, deadline: Deadline, who: str) -> bool:
    if deadline.kind != "completeness":
        return True
    missing = intake.missing_items(state)
    return any(item.source == "referee" for item in missing) if who == "referee" else bool(missing)


def _facts(state: AdmissionState, deadline: Deadline) -> dict[str, JsonValue]:
    if deadline.kind == "completeness":
        return {"missing": intake.names(intake.missing_items(state))}
    return {"task": deadline.kind}


def _answers_since(state: AdmissionState, step: str) -> datetime | None:
    """An answer comes after its offer, a withdrawal after the application, a part after the round's opening.

    What cases tell each other is their own time; adjustments are asked for before applications open (A15).
    """
    if step in (AnswerOffer.step, "offer-answered"):
        return state.stage_since
    zone = ZoneInfo(state.policy.calendar.timezone if state.policy else "Asia/Tokyo")
    submitted = datetime.combine(state.submitted_on, time.min, zone) if state.submitted_on else None
    if step == "withdrawal-requested":
        return submitted
    if step not in ("item-arrived", "item-revoked", "post-arrived") or state.round is None:
        return None
    return min(state.round.opens_at, submitted or state.round.opens_at)


def _attributes(state: AdmissionState) -> dict[str, str]:
    return {ROUND_ATTRIBUTE: state.round.round_id} if state.round else {}


ADMISSION_REVIEW: Final = Process[AdmissionState](
    name=PROCESS,
    lifecycle=LIFECYCLE,
    room="admission",
    title=("入学者選抜", "Admission review"),
    state=AdmissionState,
    policy=AdmissionPolicy,
    office=Role.ADMISSIONS_OFFICE,
    roles={
        Role.ADMISSIONS_OFFICE: ("入試課", "admissions office"),
        Role.REVIEWER: ("審査員", "reviewer"),
        Role.COMMITTEE_MEMBER: ("委員", "committee member"),
        Role.COMMITTEE_CHAIR: ("委員長", "committee chair"),
        Role.HEAD_OF_ADMISSIONS: ("入試統括", "head of admissions"),
        Role.CHECKER: ("点検者", "checker"),
        Role.AUDITOR: ("監査", "auditor"),
    },
    open=_open,
    attach=_attach,
    follow_ups=(
        FollowUp("sibling-accepted", _superseded, _end_superseded),
        FollowUp("draw-reviewers", _reviewers_to_draw, _draw_reviewers),
        FollowUp("convene-committee", _committee_to_convene, _convene),
    ),
    restarted=FollowUp("sibling-accepted", lambda state: not state.closed, _catch_up),
    audience=_audience,
    facts=_facts,
    answers_since=_answers_since,
    labels=("round_id", "programme"),
    own_attributes=(ROUND_ATTRIBUTE,),
    attributes=_attributes,
    enter=by_round.reported(
        {
            Stage.SUBMITTED: intake.enter_submitted,
            Stage.COMPLETENESS: intake.enter_completeness,
            Stage.ELIGIBILITY: intake.enter_eligibility,
            Stage.REVIEW: review.enter_review,
            Stage.COMMITTEE: committee.enter_committee,
            Stage.RANKED: outcome.enter_ranked,
            Stage.OFFERED: outcome.enter_offered,
            Stage.WAITLISTED: outcome.enter_waitlisted,
            Stage.REJECTED: outcome.enter_rejected,
            Stage.ACCEPTED: enrolment.enter_accepted,
            Stage.WITHDRAWN: outcome.enter_withdrawn,
        }
    ),
    decisions={
        PermitLate: intake.permit_late,
        ResolveDuplicate: duplicates.resolve_duplicate,
        ReopenDuplicate: duplicates.reopen_duplicate,
        ConfirmEligibility: intake.confirm_eligibility,
        DecideAccommodation: intake.decide_accommodation,
        AssignReviewers: _assign_reviewers,
        AcceptReview: review.accept_review,
        DeclineReview: review.decline_review,
        ReleaseReviewer: review.release_reviewer,
        SubmitScores: review.submit_scores,
        CastVote: committee.cast_vote,
        CloseBallot: committee.close_ballot,
        JudgeConflict: committee.judge_conflict,
        RecordDecision: outcome.record_decision,
        AnswerOffer: outcome.answer_offer,
        RecordEnrolment: enrolment.record_enrolment,
        Withdraw: outcome.withdraw,
        Rejudge: outcome.rejudge,
        ChangePolicy: outcome.change_policy,
        **CORRECTION_DECISIONS,
        **TAKE_BACK_DECISIONS,
        **COMMON_DECISIONS,
    },
    veil=by_round.veil,
    tells=by_round.TELLS,
    takes={**by_round.TAKES, **moved_dates.TAKES},
    corrections=CORRECTIONS,
    takes_back=taking_back.TAKES_BACK,
    events={
        "document-received": EventKind("item-arrived", ItemFact, intake.item_arrived),
        "document-revoked": EventKind("item-revoked", ItemFact, intake.item_revoked),
        "recommendation-received": EventKind("item-arrived", NoFacts, intake.part_arrived("recommendation")),
        "fee-paid": EventKind("item-arrived", NoFacts, intake.part_arrived("fee")),
        "fee-refunded": EventKind("item-revoked", NoFacts, intake.part_revoked("fee")),
        "test-score-received": EventKind("item-arrived", NoFacts, intake.part_arrived("common-test")),
        "post-arrived": EventKind("post-arrived", PostArrived, intake.post_arrived),
        "offer-answered": EventKind("offer-answered", OfferAnswered, outcome.offer_answered),
        "admission-fee-paid": EventKind("admission-fee-paid", NoFacts, enrolment.fee_paid),
        "admission-fee-refunded": EventKind("admission-fee-refunded", NoFacts, enrolment.fee_refunded),
        "enrolment-documents-received": EventKind(
            "enrolment-documents-received", NoFacts, enrolment.documents_received
        ),
        "withdrawal-requested": EventKind("withdrawal-requested", WithdrawalRequested, outcome.withdraw),
        "sibling-accepted": EventKind(
            "sibling-accepted", SiblingAccepted, outcome.sibling_accepted, between_cases=True
        ),
        "accommodation-requested": EventKind(
            "accommodation-requested", AccommodationRequested, intake.accommodation_asked
        ),
    },
    expiries={
        intake.LATE_APPLICATION: ("close-late-application", intake.close_late_application),
        "post": ("close-unposted", intake.close_unposted),
        "completeness": ("close-incomplete", intake.close_incomplete),
        "draw-again": ("draw-again", review.draw_again),
        "answer": ("replace-silent-reviewer", review.replace_silent_reviewer),
        "vote": ("ballot-overdue", committee.ballot_overdue),
        "offer-reply": ("lapse-offer", outcome.lapse_offer),
        moved_dates.BY_HOUR: ("lapse-enrolment", enrolment.lapse),
        "waitlist": ("release-waitlist", outcome.release_waitlist),
        "rejudgment": ("close-rejected", outcome.close_rejected),
        **TAKE_BACK_EXPIRIES,
    },
    completed={
        "appoint-committee": committee.convene_again,
        "reconvene": committee.convene_again,
        enrolment.REFUND: enrolment.refunded_by_hand,
        corrections.CHECK_CONFLICT: corrections.conflict_checked,
    },
    undoes={enrolment.FEE: enrolment.give_back_fee},
    outlasting=frozenset({enrolment.REFUND}),
    choices=choices.CHOICES,
    exceptional=frozenset({PermitLate, ReleaseReviewer, Rejudge, ChangePolicy}),
)
