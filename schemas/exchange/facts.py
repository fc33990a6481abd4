"""Facts about a mobility that other systems and other cases tell."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from schemas.exchange.stages import Item
from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Month = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]


class MobilityChanged(Payload):
    """What was fetched from the home university is another revision; which of the fields changed, by name."""

    revision: Annotated[int, Field(ge=1)]
    fields: tuple[Code, ...] = ()
    status: Literal["live", "cancelled"] = "live"


class ApplicationSubmitted(Payload):
    """The student has handed in the application at the portal."""


class LetterReceived(Payload):
    """A recommender has filed a letter; also after the lock (X10)."""

    sha256: Sha256


class AdvisorAnswered(Payload):
    """An advisor says at the portal whether they take the student."""

    answer: Literal["yes", "no"]


class CoeResult(Payload):
    """What immigration says of one person of a batch (X13)."""

    batch: Code
    result: Literal["issued", "denied", "more-documents"]
    on: date


class VisaResult(Payload):
    """What the embassy says."""

    result: Literal["applied", "granted", "refused"]
    on: date


class AnswerReceived(Payload):
    """The student's answer to the result, or to a bed: which offer, as the letter names it."""

    offer: Literal["place", "bed"]
    answer: Literal["yes", "no"]
    version: int | None = None
    """Of a bed: the version that the letter named."""


class DormitoryRequested(Payload):
    """The student asks for a bed in a house. What the house must know of the person is kept apart."""

    house: Code
    types: tuple[Code, ...] = Field(min_length=1)
    """Kinds of rooms, the best one first."""
    first: date
    until: date
    """The day on which the bed is free again."""

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.until <= self.first:
            raise ValueError("the stay ends before it begins")
        return self


class ArrivalPlanned(Payload):
    """When and where the student arrives."""

    slot: AwareDatetime
    port: Code


class ArrivalDelayed(Payload):
    """The student comes later."""

    slot: AwareDatetime
    port: Code


class CheckedIn(Payload):
    """The student has moved in, on this day."""

    on: date


class CheckedOut(Payload):
    """The student has moved out, on this day."""

    on: date


class ProofReceived(Payload):
    """A point of the checklist is done, with its proof."""

    item: Item
    on: date


class EnrolmentSigned(Payload):
    """The student has signed in person for a month (X19)."""

    month: Month


class AbsenceRecorded(Payload):
    """The student is away, or is back; `excused` by a ground that was shown."""

    first: date
    last: date | None = None
    excused: bool = False


class ScholarshipResult(Payload):
    """What the foundation says of the nomination."""

    result: Literal["granted", "refused", "substitute"]
    months: Annotated[int, Field(ge=1, le=12)] | None = None


class AgreementProposed(Payload):
    """The student proposes a learning agreement, or a change of it; by the hash of what is signed."""

    sha256: Sha256


class AgreementSigned(Payload):
    """Home has signed a version of the learning agreement, by its hash (X7)."""

    version: Annotated[int, Field(ge=1)]
    sha256: Sha256


class AgreementCommented(Payload):
    """Home wants a version of the learning agreement changed."""

    version: Annotated[int, Field(ge=1)]


class GradesReady(Payload):
    """All grades of the stay are there."""


class MonthPaid(Payload):
    """A month of the scholarship was paid; none without its signature (X19)."""

    month: Month


class DebtsChanged(Payload):
    """Whether the student owes something."""

    open: bool


class StudentWithdrew(Payload):
    """The student does not want to come, or to stay, any more."""

    reason: Code


class BedOffered(Payload):
    """A bed is offered: until when, and under which name of the ledger."""

    place: str
    house: Code
    until: AwareDatetime
    gap_days: int = Field(default=0, ge=0)
    """Days for which it is cleaned after who lived there."""
    latest: date | None = None
    """The last day on which it is left, however long the stay becomes (X26)."""


class BedChanged(Payload):
    """What became of a request for a bed: waitlisted, lapsed, unplaced, moved, revoked; why, as a code."""

    place: str | None = None
    what: Literal["waitlisted", "lapsed", "unplaced", "moved", "revoked"]
    reason: Code | None = None
    latest: date | None = None
    """The last day on which the bed that was moved to is left."""


class PlaceFreed(Payload):
    """Something of a frame has come free for which this case waits."""

    frame: str
