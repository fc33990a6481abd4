"""Facts about an application that other systems send."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from schemas.kernel.identifiers import CaseId, Code
from schemas.kernel.payload import FactByTheHour, Payload


class ItemFact(Payload):
    """`item` is a key of the policy's items; `reference` an opaque id in the sending system."""

    item: Code
    reference: str | None = Field(default=None, max_length=64, pattern=r"^[A-Za-z0-9._:/-]+$")


class NoFacts(Payload):
    """An event whose type says it all."""


class PostArrived(FactByTheHour):
    """The application's papers came by post; they count until the hour of the round."""


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


class RoundOpened(Payload):
    """A round judges all applications of a selection round together."""

    round: CaseId
    round_id: Code


class DatesMoved(Payload):
    """Dates of the round were moved: all that ever were, as they stand now."""

    round: CaseId
    round_id: Code
    move: int
    exam_on: date | None = None
    make_up_on: date | None = None
    first_stage_at: datetime | None = None
    release_at: datetime | None = None
    enrol_by: datetime | None = None
    promote_from: datetime | None = None


class OutcomeReleased(Payload):
    """What the round's lists say of the application is out."""

    case: CaseId
    round: CaseId


class RoundOver(Payload):
    """The round ends: an application that is not one yet, or is incomplete, is none any more."""

    case: CaseId
    round: CaseId


class SiblingAccepted(Payload):
    """Another application of the same applicant in the round was accepted (rule A13)."""

    by_case: str = Field(max_length=64)
