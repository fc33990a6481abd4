"""Admission rules of taking back: how a decision of the office or the head becomes undone, and until when."""

from itertools import pairwise
from typing import Final

from schemas.admission.records import DecisionRecorded, ReviewRecorded
from schemas.admission.roles import Role
from schemas.admission.stages import Stage
from schemas.kernel.taking_back import StepTaken
from workflows.admission.enrolment import taken_back
from workflows.admission.intake import AdmissionDraft
from workflows.kernel.taking_back import TakesBack

TAKEN_BACK: Final = "taken-back"
LETTER: Final = ("decision-taken-back", "applicant")
OFFICE: Final = (Role.ADMISSIONS_OFFICE, Role.HEAD_OF_ADMISSIONS)
REVIEWING: Final = frozenset(
    {
        *("draw-reviewers", "assign-reviewers", "draw-again", "replace-silent-reviewer", "release-reviewer"),
        *("accept-review", "decline-review"),
    }
)
"""What may have happened since an application was found eligible: no score is lost by it."""


def eligibility(draft: AdmissionDraft, taken: StepTaken) -> None:
    """Checked once more: who was invited to review is released, and may be drawn again."""
    state = draft.state
    _reopened(draft)
    for reviewer, review in list(state.reviews.items()):
        if review.active:
            draft.record(ReviewRecorded(reviewer=reviewer, state="withdrawn"))
            draft.notify("review-released", f"staff:{reviewer}")
            del state.reviews[reviewer]
    state.wanted_reviewers, state.draw_failed = 0, False
    draft.goto(taken.from_stage)


def decision(draft: AdmissionDraft, taken: StepTaken) -> None:
    """To be decided again: an offer's place is free by that, as the places of a round are counted."""
    _reopened(draft)
    draft.record(DecisionRecorded(decision=TAKEN_BACK, reason_code=TAKEN_BACK))
    draft.goto(taken.from_stage)


def enrolment(draft: AdmissionDraft, taken: StepTaken) -> None:
    """To be entered again; who had not enrolled takes the place again, if nobody else has it."""
    gone = draft.state.stage != Stage.ENROLLED
    rejudged = (Stage.REJECTED, Stage.OFFERED) in pairwise(draft.state.path)
    _reopened(draft)
    draft.record(
        DecisionRecorded(
            decision=TAKEN_BACK, reason_code=TAKEN_BACK, takes_place=gone, beyond_places=rejudged
        )
    )
    taken_back(draft)
    draft.goto(taken.from_stage)


def _reopened(draft: AdmissionDraft) -> None:
    """Whatever it had ended with, or was told to end with, it has not."""
    draft.reopen()
    for deadline in ("rejudgment", "offer-reply", "waitlist"):
        draft.stop_deadline(deadline, how="cancelled")


TAKES_BACK: Final = {
    "confirm-eligibility": TakesBack(
        eligibility,
        by=OFFICE,
        confirms=OFFICE,
        back={Stage.REVIEW: [Stage.ELIGIBILITY], Stage.INELIGIBLE: [Stage.ELIGIBILITY]},
        past=REVIEWING,
        letter=LETTER,
    ),
    "record-decision": TakesBack(
        decision,
        by=(Role.HEAD_OF_ADMISSIONS,),
        # one head is the rule, and whoever decides does not confirm
        confirms=OFFICE[::-1],
        back={
            Stage.OFFERED: [Stage.RANKED, Stage.WAITLISTED],
            Stage.WAITLISTED: [Stage.RANKED],
            Stage.REJECTED: [Stage.RANKED],
            Stage.RELEASED: [Stage.WAITLISTED],
        },
        # somebody else may have been told since that there is no place
        outside=lambda taken: taken.details.get("decision") == Stage.OFFERED,
        letter=LETTER,
    ),
    "record-enrolment": TakesBack(
        enrolment,
        by=OFFICE,
        confirms=OFFICE,
        back=dict.fromkeys((Stage.ENROLLED, Stage.CONDITIONS_NOT_MET, Stage.DEFERRED), (Stage.ACCEPTED,)),
        letter=LETTER,
    ),
}
