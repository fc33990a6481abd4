"""What goes between us and the systems of home universities: notices of ids, questions, what each answers."""

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, StringConstraints

from schemas.exchange.nomination import Nomination
from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload

MobilityId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
"""What the home university calls a mobility."""
AT_ONCE: Final = 100
"""Mobilities in one notice, or one question."""


class MobilityNotice(Payload):
    """Something about these mobilities has changed; what, is to be asked for (X2)."""

    mobilities: tuple[MobilityId, ...] = Field(min_length=1, max_length=AT_ONCE)


class MobilityQuestion(Payload):
    """Which mobilities are asked for."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)

    mobilities: tuple[MobilityId, ...] | None = Field(default=None, min_length=1, max_length=AT_ONCE)
    """Left out: all of the partner's."""


class Mobility(Nomination):
    """A mobility as the home university answers it; `partner` is the home, and all of it is its own (X1)."""

    host: Code
    """Whom it names as host: never another one under the same id (X5)."""
    status: Literal["live", "cancelled"] = "live"


class IndexEntry(Payload):
    """One mobility of a partner's index, and how often it has changed."""

    mobility: MobilityId
    revision: Annotated[int, Field(ge=1)]


class Index(Payload):
    """All of a partner's mobilities with us."""

    mobilities: tuple[IndexEntry, ...] = Field(max_length=10_000)


class AgreementAnswer(Payload):
    """What home says of a version of the learning agreement, by the hash of what it has seen (X7)."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)

    mobility: MobilityId
    version: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    answer: Literal["approved", "commented"]
    """commented: it wants another version."""


class Agreement(Payload):
    """Which version of the learning agreement is there, by its hash, and which was approved last."""

    version: int
    sha256: str
    approved: int | None = None


class OurSide(Payload):
    """What the host is the master of, of a mobility (X1); nothing of health, house or staff (X12)."""

    mobility: str
    revision: int
    """Of the home university's, which this answers."""
    status: Literal["pending", "verified", "rejected"]
    """verified: formally right, which is not accepted (X9)."""
    comment: str | None = None
    """For the coordinator."""
    arrived_on: date | None = None
    left_on: date | None = None
    first: date | None = None
    """Of the actual stay, where it was changed here."""
    last: date | None = None
    transcript: Literal["released", "partial"] | None = None
    agreement: Agreement | None = None
