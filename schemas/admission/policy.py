"""The policy of a route of admission."""

from typing import Literal

from pydantic import Field, model_validator

from schemas.kernel.deadlines import DeadlinePolicy
from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload
from schemas.kernel.policies import ProcessPolicy, TaskPolicy


class ItemPolicy(Payload):
    """Something an application must contain: a document, the fee, a common-test score."""

    key: Code
    name_ja: str
    name_en: str
    source: str
    """Who brings it: `applicant`, `referee`, `payment` or `test_centre`."""
    required: bool = True
    hard: bool = True
    """False: counts when it comes after the deadline, marked late."""


class Criterion(Payload):
    """One line of the scoring form. Weights are relative to each other."""

    key: Code
    name_ja: str
    name_en: str
    weight: float = Field(gt=0)
    minimum: float = 0
    maximum: float = Field(default=10, gt=0)

    @model_validator(mode="after")
    def _bounds(self) -> "Criterion":
        if self.minimum >= self.maximum:
            raise ValueError("minimum must be below maximum")
        return self


class ReviewPolicy(Payload):
    """Who reviews, how many, how they are chosen, what their scores mean."""

    reviewers: int = Field(default=3, ge=1)
    automatic: bool = True
    """Reviewers are drawn as soon as they are wanted; otherwise the office asks for it."""
    load_cap: int = Field(default=6, ge=1)
    conflict_years: int = Field(default=3, ge=0)
    """Same school or employer within so many years is a conflict of interest."""
    positive_from: float = Field(default=60, ge=0, le=100)
    """Weighted percentage from which a review is positive."""
    on_conflicting: str = Field(default="extra_reviewer", pattern="^(extra_reviewer|committee)$")
    answer: DeadlinePolicy
    """For a reviewer to accept or to declare a conflict; silence draws a replacement."""
    redraw: DeadlinePolicy = DeadlinePolicy(days=1)
    """When too few reviewers are free: after this time it is tried again."""
    score: DeadlinePolicy
    criteria: tuple[Criterion, ...] = Field(min_length=1)


class CommitteePolicy(Payload):
    """How the committee comes to its result."""

    quorum: int = Field(default=3, ge=1)
    """Votes for or against that a result needs; abstentions do not count."""
    ballots: int = Field(default=2, ge=1)
    """After so many tied ballots the chair has the casting vote."""
    vote: DeadlinePolicy


class AdmissionPolicy(ProcessPolicy):
    """The rules of one route, as in force from a date; a case keeps its version."""

    tasks: TaskPolicy = TaskPolicy(
        of={
            "resolve-duplicate": 5,
            "appoint-committee": 5,
            "casting-vote": 5,
            "missing-part": 5,
            "parts-overdue": 5,
        }
    )
    double_intake: bool = False
    """True: a web registration is an application only when the post arrives by the round's cutoff."""
    post_grace_days: int = Field(default=2, ge=0)
    """Days after the cutoff in which the office still enters what arrived before it."""
    late_application: DeadlinePolicy = DeadlinePolicy(days=5)
    """What is submitted after the round has closed. Hard: the office has so long to permit it, then it is
    closed; soft: it counts, marked late."""
    applications_per_person: int = Field(default=1, ge=1)
    minimum_age: int = 17
    """Age in full years at enrolment."""
    items: tuple[ItemPolicy, ...]
    completeness: DeadlinePolicy
    eligibility: DeadlinePolicy
    review: ReviewPolicy
    committee: CommitteePolicy
    decision: DeadlinePolicy
    offer_reply: DeadlinePolicy
    enrolment: DeadlinePolicy
    enrolment_by_hour: DeadlinePolicy = DeadlinePolicy(days=0)
    """Of who was given a place by a round; it ends with the round's hour."""
    enrolment_needs: tuple[Literal["admission-fee", "enrolment-documents"], ...] = ()
    """What has to be there before somebody is enrolled."""
    fee_kept_after: tuple[Code, ...] = ("enrolled", "declined", "deferred", "withdrawn")
    """Endings after which an admission fee that was paid is not paid back."""
    waitlist: DeadlinePolicy
    rejudgment: DeadlinePolicy
    accommodation_lead_months: int = 1
    accommodation: DeadlinePolicy
    withdrawal_reasons: tuple[Code, ...]

    @model_validator(mode="after")
    def _unique(self) -> "AdmissionPolicy":
        for name, keys in (
            ("items", [item.key for item in self.items]),
            ("criteria", [criterion.key for criterion in self.review.criteria]),
        ):
            if len(set(keys)) != len(keys):
                raise ValueError(f"{name} has a key twice")
        return self
