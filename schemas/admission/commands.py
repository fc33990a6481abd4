"""The decisions of people about an application."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AwareDatetime, BeforeValidator, Field

from schemas.admission.stages import Choice
from schemas.kernel.case import Command
from schemas.kernel.identifiers import CaseId, Code, StaffId


class ConfirmEligibility(Command):
    """The office has checked: the applicant may, or may not, apply by this route."""

    step: ClassVar[str] = "confirm-eligibility"
    eligible: bool
    reason_id: str | None = None


class AssignReviewers(Command):
    """Name reviewers, or let the system draw them (empty)."""

    step: ClassVar[str] = "assign-reviewers"
    reviewers: tuple[StaffId, ...] = Field(default=(), max_length=10)
    looked_at: bool = False
    """Possible conflicts of interest of the named were looked at, and there are none."""


class JudgeConflict(Command):
    """The office has looked at a member's possible conflict of interest: there is one, or there is none."""

    step: ClassVar[str] = "judge-conflict"
    member: StaffId
    conflict: bool
    reason_id: str | None = None


class AcceptReview(Command):
    """A reviewer takes the review on and declares to have no conflict of interest."""

    step: ClassVar[str] = "accept-review"
    no_conflict: bool = False
    """The declaration; without it the review cannot be taken on."""


class DeclineReview(Command):
    """A reviewer declares a conflict of interest or declines; a replacement is drawn."""

    step: ClassVar[str] = "decline-review"
    conflict: bool = False


def _plain_number(value: Any) -> Any:
    # 1_0 would be read as ten, which no reviewer means
    if isinstance(value, str) and "_" in value:
        raise ValueError("not a number")
    return value


class ReleaseReviewer(Command):
    """The office releases a reviewer who cannot go on; a replacement is drawn."""

    step: ClassVar[str] = "release-reviewer"
    reviewer: StaffId
    reason_id: str | None = None


class SubmitScores(Command):
    """A reviewer's points per criterion of the form."""

    step: ClassVar[str] = "submit-scores"
    points: dict[Code, Annotated[float, BeforeValidator(_plain_number), Field(allow_inf_nan=False)]] = Field(
        max_length=50
    )
    remark_id: str | None = None


class CastVote(Command):
    """A member's vote, with a reason; `casting` is the chair's vote after tied ballots."""

    step: ClassVar[str] = "cast-vote"
    choice: Choice
    reason_id: str | None = None
    casting: bool = False


class CloseBallot(Command):
    """The chair ends a ballot in which the quorum has voted but not everybody."""

    step: ClassVar[str] = "close-ballot"


class RecordDecision(Command):
    """The admission decision: offered, waitlisted, rejected; from the waitlist: offered or released."""

    step: ClassVar[str] = "record-decision"
    decision: Literal["offered", "waitlisted", "rejected", "released"]
    reason_id: str | None = None


class AnswerOffer(Command):
    """The office enters the applicant's answer that came by post or telephone."""

    step: ClassVar[str] = "answer-offer"
    answer: Literal["accepted", "declined"]
    answered_at: AwareDatetime | None = None

    @property
    def happened_at(self) -> datetime | None:
        """When the answer arrived."""
        return self.answered_at


class RecordEnrolment(Command):
    """How the acceptance ended."""

    step: ClassVar[str] = "record-enrolment"
    result: Literal["enrolled", "conditions_not_met", "deferred"]
    reason_id: str | None = None


class Withdraw(Command):
    """Withdrawal on the applicant's behalf, with a reason from the policy's list."""

    step: ClassVar[str] = "withdraw"
    reason: Code


class Rejudge(Command):
    """An error was found after release: the rejected applicant is offered a place, beyond the quota."""

    step: ClassVar[str] = "rejudge"
    reason_id: str | None = None


class ResolveDuplicate(Command):
    """A person has looked: another person, or the same one whose application here ends."""

    step: ClassVar[str] = "resolve-duplicate"
    same_person: bool
    duplicate_of: tuple[CaseId, ...] = Field(default=(), max_length=20)
    """With `same_person`: whose applicant it is; may be left out when there is one candidate."""
    keep: bool = False
    """With `same_person`: this application goes on (another one is withdrawn there)."""
    reason_id: str | None = None


class ReopenDuplicate(Command):
    """The finding about a possible duplicate was wrong: it is taken back and asked again."""

    step: ClassVar[str] = "reopen-duplicate"
    reason_id: str | None = None


class DecideAccommodation(Command):
    """What of the requested exam adjustments is granted."""

    step: ClassVar[str] = "decide-accommodation"
    result: Literal["granted", "partly_granted", "refused"]
    reason_id: str | None = None


class PermitLate(Command):
    """Let one late item count: application, part, post, offer answer, score, accommodation request."""

    step: ClassVar[str] = "permit-late"
    item: str = Field(max_length=64)
    until: AwareDatetime
    reason_id: str | None = None


class ChangePolicy(Command):
    """Move the case to another version of its policy; running deadlines keep the time promised."""

    step: ClassVar[str] = "change-policy"
    version: str
