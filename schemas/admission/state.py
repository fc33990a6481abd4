"""What an admission case remembers."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from schemas.admission.lookups import CommitteeMember, RoundFacts
from schemas.admission.policy import AdmissionPolicy
from schemas.admission.stages import Choice, Fee, Verdict
from schemas.kernel.case import CaseState
from schemas.kernel.payload import Record
from schemas.kernel.policies import PolicyRef


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
    policy: AdmissionPolicy | None = Field(default=None, exclude=True)
    form_ref: PolicyRef | None = None
    """The policy whose scoring form counts: the one in force when the round opened (A10)."""
    superseded_by: str | None = None
    """The case whose accepted offer ends this one, where that was known at its opening."""
    told_by_round: bool = False
    """Some result of its round was told, as that of a first stage: plain text tells that, and not which."""
    moves_heard: int = 0
    """How many moves of its round's dates the applicant has been told of."""
    judged_by: str | None = None
    """The case of the round whose lists decide; none: the head records a decision."""
    person_key: str = ""
    """By which the round knows one person's applications."""
    further_choices: list[str] = Field(default_factory=list)
    """What is wanted after the programme, in order."""
    place: str | None = None
    """What the round has given, by its key in the ledger."""
    offered_until: datetime | None = None
    """Until when that is held."""
    fee: Fee = Fee.NONE
    fee_paid_at: datetime | None = None
    """None: it was not paid, or was paid back."""
    enrolment_documents_at: datetime | None = None
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
