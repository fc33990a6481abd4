"""Facts about a round that other systems and other cases tell."""

from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.kernel.identifiers import CaseId, Code
from schemas.kernel.payload import Payload
from schemas.round.waitlist import Number


class InputsRanked(Payload):
    """What lists are made from was looked at: lists were made of it, or something is missing."""

    revision: int = Field(ge=0)
    missing: int = Field(ge=0)
    applications: int = Field(ge=0)


class CaseRanked(Payload):
    """An application waits for the round's list."""

    case: CaseId
    round: CaseId
    number: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{3,23}$")]
    """The examinee's number (受験番号)."""
    person: Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{16,64}$")]
    """Opaque, and the same in every application of one person."""
    choices: tuple[Code, ...]
    """Frames in the order in which they are wanted."""


class CaseWithdrawn(Payload):
    """An application does not wait any more, or has left what it was given."""

    case: CaseId
    round: CaseId
    reason: Code


class CaseStanding(Payload):
    """Where an application stands, and its admission fee."""

    case: CaseId
    round: CaseId
    number: Number
    standing: Code
    fee: Code


class PlaceFreed(Payload):
    """Something of one of the round's frames has fallen free."""

    frame: str


class WaitlistChanged(Payload):
    """Somebody on the waitlist has withdrawn, which frees no place and may let the next be called."""
