"""Admission rules of the review: who reviews, what a score must be, what the scores say together."""

from schemas.admission.commands import (
    AcceptReview,
    AssignReviewers,
    DeclineReview,
    ReleaseReviewer,
    SubmitScores,
)
from schemas.admission.lookups import ReviewersDrawn
from schemas.admission.policy import ReviewPolicy
from schemas.admission.records import ReviewerAssigned, ReviewRecorded
from schemas.admission.roles import Role
from schemas.admission.stages import Consensus, Stage, Verdict
from schemas.admission.state import AdmissionState, Review
from schemas.kernel.deadlines import Deadline
from schemas.kernel.refusals import Refusal
from workflows.admission.intake import AdmissionDraft, is_late, policy_of

ASSIGN_TASK = "assign-reviewers"
REDRAW = "draw-again"


def enter_review(draft: AdmissionDraft) -> None:
    """Reviewers are wanted; until enough are found it is the office's task."""
    draft.state.wanted_reviewers = policy_of(draft.state).review.reviewers
    draft.open_task(ASSIGN_TASK, Role.ADMISSIONS_OFFICE)


def reviewers_wanted(state: AdmissionState) -> int:
    """How many reviewers are still to be found (A7)."""
    if state.stage != Stage.REVIEW:
        return 0
    return state.wanted_reviewers - sum(review.active for review in state.reviews.values())


def assign_reviewers(draft: AdmissionDraft, command: AssignReviewers) -> None:
    """Check what can be checked without the database; who is fit is checked where the staff is known."""
    wanted = reviewers_wanted(draft.state)
    given = len(command.reviewers)
    draft.require(wanted > 0 and given <= wanted, "reviewers-too-many", wanted=wanted, given=given)
    for reviewer in command.reviewers:
        new = reviewer not in draft.state.reviews
        draft.require(new, "reviewer-assigned-already", reviewer=reviewer)
    draft.require(len(set(command.reviewers)) == given, "reviewers-too-many", wanted=wanted, given=given)


def assign_drawn(draft: AdmissionDraft, drawn: ReviewersDrawn) -> None:
    """Invite the reviewers found; when they are too few the office's task stays (A7)."""
    if drawn.refusal is not None:
        raise Refusal(drawn.refusal, **drawn.refusal_params)
    state, policy = draft.state, policy_of(draft.state).review
    # in one order everywhere, so that two cases never wait for each other's reviewers
    # and whoever was named while others were drawn is not invited, or asked, a second time
    fresh = [reviewer for reviewer in drawn.reviewers if reviewer not in state.reviews]
    invited = sorted(fresh[: max(reviewers_wanted(state), 0)])
    for reviewer in invited:
        state.reviews[reviewer] = Review()
        draft.record(ReviewerAssigned(reviewer=reviewer, load_cap=policy.load_cap))
        answer = draft.start_deadline("answer", policy.answer, whose=reviewer)
        score = draft.start_deadline("score", policy.score, whose=reviewer)
        draft.open_task(
            "review", Role.REVIEWER, whose=reviewer, assignee=reviewer, deadline=f"score:{reviewer}"
        )
        draft.notify(
            "review-invitation",
            f"staff:{reviewer}",
            answer_by=answer.due_at.isoformat(),
            due_at=score.due_at.isoformat(),
        )
    draft.details.update(reviewers=list(invited), missing=reviewers_wanted(state))
    if drawn.near:
        # passed over, or named by a person who has looked
        draft.details["near_conflicts"] = dict(drawn.near)
    state.draw_failed = reviewers_wanted(state) > 0
    draft.stop_deadline(REDRAW)
    if state.draw_failed:
        draft.start_deadline(REDRAW, policy.redraw)
        draft.open_task(ASSIGN_TASK, Role.ADMISSIONS_OFFICE)
    else:
        draft.close_task(ASSIGN_TASK)


def draw_again(draft: AdmissionDraft, _deadline: Deadline) -> None:
    """Reviewers may have become free: the system looks once more, the office's task stays until then."""
    draft.state.draw_failed = False
    draft.stop_deadline(REDRAW)


def accept_review(draft: AdmissionDraft, command: AcceptReview) -> None:
    """The reviewer takes it on, declaring to have no conflict of interest."""
    reviewer, review = _own(draft, command.actor.id)
    draft.require(review.state == "invited", "review-running")
    draft.require(command.no_conflict, "declaration-missing")
    review.state = "accepted"
    draft.details.update(reviewer=reviewer, declared="no-conflict")
    draft.stop_deadline(f"answer:{reviewer}")
    draft.record(ReviewRecorded(reviewer=reviewer, state=review.state))


def decline_review(draft: AdmissionDraft, command: DeclineReview) -> None:
    """A declared conflict or a no: an alternate is drawn (A7)."""
    reviewer, review = _own(draft, command.actor.id)
    draft.require(review.state != "scored", "already-scored")
    _release(draft, reviewer, "conflict" if command.conflict else "declined")


def release_reviewer(draft: AdmissionDraft, command: ReleaseReviewer) -> None:
    """A reviewer has fallen ill or left: the office says so, with a reason, and an alternate is drawn."""
    draft.require(command.reason_id is not None, "reason-required", step=command.step)
    reviewer, review = _own(draft, command.reviewer)
    draft.require(review.state != "scored", "already-scored")
    draft.details.update(reviewer=reviewer)
    _release(draft, reviewer, "released", command.reason_id)
    draft.notify("review-released", f"staff:{reviewer}")


def replace_silent_reviewer(draft: AdmissionDraft, deadline: Deadline) -> None:
    """No answer in time counts as a no, made by the clock (A6, A7)."""
    reviewer = deadline.name.partition(":")[2]
    draft.details.update(reviewer=reviewer)
    _release(draft, reviewer, "silent")
    draft.notify("review-released", f"staff:{reviewer}")


def submit_scores(draft: AdmissionDraft, command: SubmitScores) -> None:
    """The form filled in: every criterion, within its bounds (A10), by who has declared no conflict (A7)."""
    reviewer, review = _own(draft, command.actor.id)
    draft.require(review.state != "scored", "already-scored")
    draft.require(review.state == "accepted", "declaration-missing")
    policy = policy_of(draft.state).review
    total = weighted_total(policy, command.points)
    name = f"score:{reviewer}"
    review.late = is_late(draft, name, name, hard=policy.score.hard)
    review.state = "scored"
    review.verdict = Verdict.POSITIVE if total >= policy.positive_from else Verdict.NEGATIVE
    draft.details.update(reviewer=reviewer, verdict=review.verdict, late=review.late)
    draft.stop_deadline(name)
    draft.close_task(f"review:{reviewer}")
    draft.record(
        ReviewRecorded(
            reviewer=reviewer,
            state=review.state,
            points=command.points,
            total=total,
            verdict=review.verdict,
            late=review.late,
            remark_id=command.remark_id,
        )
    )
    _conclude(draft)


def weighted_total(policy: ReviewPolicy, points: dict[str, float]) -> float:
    """The weighted mean of the criteria, each as a percentage of its range: 0 to 100.

    Raises:
        Refusal: a criterion is missing, unknown or out of its bounds.
    """
    known = {criterion.key: criterion for criterion in policy.criteria}
    if unknown := sorted(points.keys() - known.keys()):
        raise Refusal("score-unknown", criteria=", ".join(unknown), known=", ".join(known))
    if missing := [key for key in known if key not in points]:
        raise Refusal("score-missing", criteria=", ".join(missing))
    total = weights = 0.0
    for key, criterion in known.items():
        if not criterion.minimum <= points[key] <= criterion.maximum:
            raise Refusal(
                "score-out-of-bounds",
                criterion=key,
                minimum=f"{criterion.minimum:g}",
                maximum=f"{criterion.maximum:g}",
            )
        share = (points[key] - criterion.minimum) / (criterion.maximum - criterion.minimum)
        total += criterion.weight * share * 100
        weights += criterion.weight
    return round(total / weights, 6)


def consensus(state: AdmissionState) -> Consensus:
    """What the reviews say together (A11)."""
    verdicts = [review.verdict for review in state.reviews.values() if review.state == "scored"]
    if len(verdicts) < state.wanted_reviewers:
        return Consensus.INCOMPLETE
    if len(set(verdicts)) > 1:
        return Consensus.CONFLICTING
    return Consensus.POSITIVE if verdicts[0] is Verdict.POSITIVE else Consensus.NEGATIVE


def _conclude(draft: AdmissionDraft) -> None:
    state, policy = draft.state, policy_of(draft.state).review
    found = consensus(state)
    draft.details["consensus"] = found
    if found is Consensus.INCOMPLETE:
        return
    first_conflict = state.wanted_reviewers <= policy.reviewers
    if found is Consensus.CONFLICTING and policy.on_conflicting == "extra_reviewer" and first_conflict:
        state.wanted_reviewers += 1
        draft.open_task(ASSIGN_TASK, Role.ADMISSIONS_OFFICE)
        return
    draft.goto(Stage.COMMITTEE)


def _own(draft: AdmissionDraft, reviewer: str) -> tuple[str, Review]:
    review = draft.state.reviews.get(reviewer)
    if review is None or not review.active:
        raise Refusal("not-assigned")
    return reviewer, review


def _release(draft: AdmissionDraft, reviewer: str, state: str, reason_id: str | None = None) -> None:
    draft.state.reviews[reviewer].state = state
    draft.stop_deadline(f"answer:{reviewer}", how="cancelled")
    draft.stop_deadline(f"score:{reviewer}", how="cancelled")
    draft.close_task(f"review:{reviewer}", how="moved_on")
    draft.record(ReviewRecorded(reviewer=reviewer, state=state, remark_id=reason_id))
    draft.state.draw_failed = False
    draft.open_task(ASSIGN_TASK, Role.ADMISSIONS_OFFICE)
