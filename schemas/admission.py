"""Admission review: its stages, what is said to a case, what it remembers, what it records."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AwareDatetime, BeforeValidator, Field

from schemas.case import CaseState, Command
from schemas.identifiers import ApplicationNo, CaseId, Code, StaffId
from schemas.payload import Payload, Record
from schemas.policies import AdmissionPolicy


class Stage(StrEnum):
    """Where an application stands."""

    SUBMITTED = "submitted"
    COMPLETENESS = "completeness"
    ELIGIBILITY = "eligibility"
    REVIEW = "review"
    COMMITTEE = "committee"
    RANKED = "ranked"
    OFFERED = "offered"
    WAITLISTED = "waitlisted"
    REJECTED = "rejected"
    ACCEPTED = "accepted"
    ENROLLED = "enrolled"
    CONDITIONS_NOT_MET = "conditions_not_met"
    DEFERRED = "deferred"
    DECLINED = "declined"
    LAPSED = "lapsed"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"
    INELIGIBLE = "ineligible"
    INCOMPLETE = "incomplete"


class Choice(StrEnum):
    """A committee member's vote, and the committee's result."""

    ADMIT = "admit"
    REJECT = "reject"
    ABSTAIN = "abstain"


class Verdict(StrEnum):
    """What one review's weighted total says."""

    POSITIVE = "positive"
    NEGATIVE = "negative"


class Consensus(StrEnum):
    """What the reviews say together (rule A11)."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    CONFLICTING = "conflicting"
    INCOMPLETE = "incomplete"


# --- start ---------------------------------------------------------------------------------------------


class OpenApplication(Payload):
    """Start of a case; everything else is read from the database when it opens."""

    application_no: ApplicationNo
    resume: "AdmissionState | None" = None
    """The state handed over by continue-as-new; None for a new case."""
    superseded_by: str | None = None
    """With `resume`: the case whose accepted offer ended this one while its workflow was lost."""


class RoundFacts(Payload):
    """What a case must know of the round it takes part in."""

    round_id: str
    opens_at: datetime
    closes_at: datetime
    post_cutoff_at: datetime | None = None
    enrol_by: date
    waitlist_until: date


class ApplicationFacts(Payload):
    """What opening a case needs, without anything personal."""

    application_no: str
    case_id: str
    programme: str
    policy: AdmissionPolicy
    round: RoundFacts
    submitted_on: date | None = None
    possible_duplicates: tuple[str, ...] = ()
    age_at_enrolment: int | None = None
    accommodation_requested_on: date | None = None
    accommodation_sudden: bool = False
    superseded_by: str | None = None
    """The case whose accepted offer ends this application, when that came before its opening."""


class ApplicationRequest(Payload):
    """Which application, and the day whose policy is in force for it."""

    application_no: str
    at: AwareDatetime


class PolicyRequest(Payload):
    """One route of one policy version."""

    version: str
    route: str


class ReviewerDraw(Payload):
    """Ask for reviewers: `wanted` of them, or exactly the `named`."""

    case_id: str
    wanted: int
    named: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    load_cap: int
    conflict_years: int
    looked_at: bool = False
    """A person has looked at the named whose conflict of interest is only possible, and found none."""
    at: AwareDatetime


class ReviewersDrawn(Payload):
    """Who was found, and for the named who were not: the refusal."""

    reviewers: tuple[str, ...] = ()
    near: dict[str, str] = Field(default_factory=dict)
    """Who may have a conflict of interest, and its code: not drawn, only named by a person who has looked."""
    refusal: str | None = None
    refusal_params: dict[str, str] = Field(default_factory=dict)


class CommitteeMember(Payload):
    """A member by id; `conflict` means that only abstention is possible."""

    member: str
    chair: bool = False
    conflict: bool = False
    near: str | None = None
    """The code of a possible conflict of interest that nobody has judged yet: no vote before."""


class Committee(Payload):
    """The committee as it stood when the case came before it."""

    members: tuple[CommitteeMember, ...]


# --- decisions -----------------------------------------------------------------------------------------


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
    policy: AdmissionPolicy | None = None
    """Filled in by the workflow from the database."""


# --- events --------------------------------------------------------------------------------------------


class ItemFact(Payload):
    """`item` is a key of the policy's items; `reference` an opaque id in the sending system."""

    item: Code
    reference: str | None = Field(default=None, max_length=64, pattern=r"^[A-Za-z0-9._:/-]+$")


class NoFacts(Payload):
    """An event whose type says it all."""


class OfferAnswered(Payload):
    """The applicant's answer from the portal."""

    answer: Literal["accepted", "declined"]


class WithdrawalRequested(Payload):
    """The applicant withdraws; the reason is from the policy's list."""

    reason: Code


class AccommodationRequested(Payload):
    """Exam adjustments are asked for; `sudden` means an injury or illness after the deadline."""

    requested_on: date | None = None
    sudden: bool = False


class SiblingAccepted(Payload):
    """Another application of the same applicant in the round was accepted (rule A13)."""

    by_case: str = Field(max_length=64)


# --- state ---------------------------------------------------------------------------------------------


class ItemState(Record):
    """Whether a required part is there."""

    present: bool = False
    late: bool = False
    changed_at: datetime | None = None


class Review(Record):
    """One reviewer's part. `state`: invited, accepted, scored, declined, conflict, silent."""

    state: str = "invited"
    verdict: Verdict | None = None
    late: bool = False

    @property
    def active(self) -> bool:
        """Still counted on."""
        return self.state in ("invited", "accepted", "scored")


class Ballot(Record):
    """One round of votes."""

    votes: dict[str, Choice] = Field(default_factory=dict)


class Accommodation(Record):
    """Side process of rule A15: none, requested, late, granted, partly_granted, refused."""

    state: str = "none"
    due_on: date | None = None


class AdmissionState(CaseState):
    """Everything an admission case remembers."""

    application_no: str = ""
    programme: str = ""
    policy: AdmissionPolicy | None = None
    round: RoundFacts | None = None
    submitted_on: date | None = None
    outside_period: Literal["early", "late"] | None = None
    """Whether the application was submitted before the round opened, or after it closed (rule A4)."""
    post_arrived_at: datetime | None = None
    items: dict[str, ItemState] = Field(default_factory=dict)
    duplicates: list[str] = Field(default_factory=list)
    """Candidates found when the case opened; whether they are still asked about is told by the task."""
    duplicate_of: list[str] = Field(default_factory=list)
    """Those of them that a person has found to be the same applicant's."""
    reviews: dict[str, Review] = Field(default_factory=dict)
    wanted_reviewers: int = 0
    draw_failed: bool = False
    """The last draw found too few; it is not repeated until something has changed."""
    committee: list[CommitteeMember] = Field(default_factory=list)
    judged: dict[str, bool] = Field(default_factory=dict)
    """Members whose possible conflict of interest a person has looked at, and whether there is one."""
    ballots: list[Ballot] = Field(default_factory=list)
    ties: int = 0
    """Tied ballots of the committee as it is now."""
    result: Choice | None = None
    accommodation: Accommodation = Field(default_factory=Accommodation)
    permits: dict[str, datetime] = Field(default_factory=dict)


OpenApplication.model_rebuild()
