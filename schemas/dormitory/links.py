"""Facts that a house tells other processes: codes, ids and dates alone."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, StringConstraints

from schemas.kernel.identifiers import CaseId, Code
from schemas.kernel.payload import Payload

PlaceKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/#-]{1,160}$")]


class BedOffered(Payload):
    """A bed is held for a student until a moment."""

    case: CaseId
    place: PlaceKey
    house: Code
    until: AwareDatetime
    gap_days: int
    latest: date | None = None
    """The last day on which a room of its kind is left, however long a stay becomes."""


class BedChanged(Payload):
    """What became of a request for a bed, and why."""

    case: CaseId
    place: PlaceKey | None = None
    what: Literal["waitlisted", "lapsed", "unplaced", "moved", "revoked"]
    reason: Code | None = None
    latest: date | None = None
    """As in `BedOffered`, of the bed that somebody has moved to."""
