"""The decisions of people about an application."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AwareDatetime, BeforeValidator, Field

from schemas.admission.stages import Choice
from schemas.kernel.case import Command
from schemas.kernel.deadlines import DueTime
from schemas.kernel.identifiers import CaseId, Code, StaffId


class ConfirmEligibility(Command):
    """The office has checked: the applicant may, or may not, apply by this route."""

    step: ClassVar[str] = "confirm-eligibility"
    eligible: bool
    """What the office has found."""
    reason_id: str | None = None


class AssignReviewers(Command):
    """Name reviewers, or have them drawn."""

    step: ClassVar[str] = "assign-reviewers"
    reviewers: tuple[StaffId, ...] = Field(default=(), max_length=10)
    """Staff ids; none: they are drawn."""
    looked_at: bool = False
    """Possible conflicts of interest of the named were looked at; there are none."""


class JudgeConflict(Command):
    """Say whether a committee member's possible conflict of interest is one."""

    step: ClassVar[str] = "judge-conflict"
    member: StaffId
    """Staff id."""
    conflict: bool
    """What the office has found."""
    reason_id: str | None = None


class AcceptReview(Command):
    """Take a review on, declaring to have no conflict of interest."""

    step: ClassVar[str] = "accept-review"
    no_conflict: bool = False
    """The declaration to have no conflict of interest; needed."""


class DeclineReview(Command):
    """Decline a review, or declare a conflict of interest; a replacement is drawn."""

    step: ClassVar[str] = "decline-review"
    conflict: bool = False
    """Because of a conflict of interest."""


def _plain_number(value: Any) -> Any:
    # 1_0 would be read as ten, which no reviewer means
    if isinstance(value, str) and "_" in value:
        raise ValueError("not a number")
    return value


class ReleaseReviewer(Command):
    """Release a reviewer who cannot go on; a replacement is drawn."""

    step: ClassVar[str] = "release-reviewer"
    reviewer: StaffId
    """Staff id."""
    reason_id: str | None = None


class SubmitScores(Command):
    """Submit the points for every criterion of the form that the reviewer is shown."""

    step: ClassVar[str] = "submit-scores"
    points: dict[Code, Annotated[float, BeforeValidator(_plain_number), Field(allow_inf_nan=False)]] = Field(
        max_length=50
    )
    """Such as academic=8."""
    remark_id: str | None = None


class CastVote(Command):
    """Vote in the committee; a vote for or against needs its reason."""

    step: ClassVar[str] = "cast-vote"
    choice: Choice
    """The vote."""
    reason_id: str | None = None
    casting: bool = False
    """The chair's vote after tied ballots."""


class CloseBallot(Command):
    """Count a ballot in which the quorum has voted but not everybody (the chair)."""

    step: ClassVar[str] = "close-ballot"


class RecordDecision(Command):
    """Record the admission decision; from the waitlist: offered or released."""

    step: ClassVar[str] = "record-decision"
    decision: Literal["offered", "waitlisted", "rejected", "released"]
    """The decision."""
    reason_id: str | None = None


class AnswerOffer(Command):
    """Enter the applicant's answer that came by post or telephone."""

    step: ClassVar[str] = "answer-offer"
    answer: Literal["accepted", "declined"]
    """The answer."""
    answered_at: AwareDatetime | None = None
    """When it arrived."""

    @property
    def happened_at(self) -> datetime | None:
        """When the answer arrived."""
        return self.answered_at


class RecordEnrolment(Command):
    """Record how the acceptance ended."""

    step: ClassVar[str] = "record-enrolment"
    result: Literal["enrolled", "conditions_not_met", "deferred"]
    """How it ended."""
    reason_id: str | None = None


class Withdraw(Command):
    """Withdraw the application on the applicant's behalf."""

    step: ClassVar[str] = "withdraw"
    reason: Code
    """A code of the policy's list."""


class Rejudge(Command):
    """An error was found after release: offer the rejected applicant a place beyond the quota."""

    step: ClassVar[str] = "rejudge"
    reason_id: str | None = None


class ResolveDuplicate(Command):
    """Say whether a possible duplicate is the same person; then this application ends unless it is kept."""

    step: ClassVar[str] = "resolve-duplicate"
    same_person: bool
    """One person, or two?"""
    duplicate_of: tuple[CaseId, ...] = Field(default=(), max_length=20)
    """With the same person: of which case; needed among several candidates."""
    keep: bool = False
    """With the same person: this application goes on."""
    reason_id: str | None = None


class ReopenDuplicate(Command):
    """Take back what was found about a possible duplicate, while nothing has followed from it."""

    step: ClassVar[str] = "reopen-duplicate"
    reason_id: str | None = None


class DecideAccommodation(Command):
    """Decide on requested exam adjustments."""

    step: ClassVar[str] = "decide-accommodation"
    result: Literal["granted", "partly_granted", "refused"]
    """What of them is granted."""
    reason_id: str | None = None


class PermitLate(Command):
    """Let one late part still count until a time."""

    step: ClassVar[str] = "permit-late"
    item: str = Field(max_length=64)
    """transcript, post, offer-reply, score:reviewer-1, …"""
    until: DueTime
    """Until when it counts."""
    reason_id: str | None = None


class ChangePolicy(Command):
    """Move the case to another version of its policy; running deadlines keep the time promised."""

    step: ClassVar[str] = "change-policy"
    version: str = Field(min_length=1)
    """A version of the policy that was loaded."""
