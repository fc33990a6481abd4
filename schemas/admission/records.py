"""Rows that the admission process writes with a transition; `kind` names the writer in `activities/`."""

from typing import Literal

from pydantic import AwareDatetime, Field

from schemas.kernel.payload import Payload


class ItemRecorded(Payload):
    """A required part came in, was revoked, or was paid back."""

    kind: Literal["item"] = "item"
    item: str
    present: bool
    late: bool = False
    occurred_at: AwareDatetime
    reference: str | None = None


class ReviewerAssigned(Payload):
    """A reviewer was invited; refused in the transaction when the load cap is reached."""

    kind: Literal["reviewer-assigned"] = "reviewer-assigned"
    reviewer: str
    load_cap: int


class ReviewRecorded(Payload):
    """A review's state changed: accepted, declined, conflict, silent, scored."""

    kind: Literal["review"] = "review"
    reviewer: str
    state: str
    points: dict[str, float] = Field(default_factory=dict)
    total: float | None = None
    verdict: str | None = None
    late: bool = False
    remark_id: str | None = None


class VoteRecorded(Payload):
    """A committee member's vote in a ballot."""

    kind: Literal["vote"] = "vote"
    member: str
    ballot: int
    choice: str
    casting: bool = False
    reason_id: str | None = None


class DecisionRecorded(Payload):
    """A decision about the case. An offer takes a place unless it is `beyond_places` (re-judgment)."""

    kind: Literal["decision"] = "decision"
    decision: str
    reason_id: str | None = None
    reason_code: str | None = None
    takes_place: bool = False
    beyond_places: bool = False


class OfferAccepted(Payload):
    """The applicant accepted: the only one of the round; the others are told and their notices stopped."""

    kind: Literal["offer-accepted"] = "offer-accepted"


class Enrolled(Payload):
    """Enrolled: the only one of the year, and the applicant's others end, in whatever round they are (R8)."""

    kind: Literal["enrolled"] = "enrolled"


class AccommodationRecorded(Payload):
    """The side process of exam adjustments changed its state."""

    kind: Literal["accommodation"] = "accommodation"
    state: str
    reason_id: str | None = None


class DuplicateResolved(Payload):
    """A person said which of the possible duplicates are the same person's, or took it back."""

    kind: Literal["duplicate-resolved"] = "duplicate-resolved"
    others: tuple[str, ...]
    same_person: tuple[str, ...] = ()
    taken_back: bool = False
    goes_on: bool = True
    """Whether this application is not ended by the finding."""
    reason_id: str | None = None


class LatePermitted(Payload):
    """A named late item may still count until a time."""

    kind: Literal["late-permitted"] = "late-permitted"
    item: str
    until: AwareDatetime
    reason_id: str | None = None
