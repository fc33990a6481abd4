"""What a case knows of its documents: names, states and hashes; never what stands in them."""

from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, Field

from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload, Record


class DocumentStage(StrEnum):
    """Where a document stands."""

    WANTED = "wanted"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WAIVED = "waived"
    REVOKED = "revoked"


SETTLED = frozenset({DocumentStage.ACCEPTED, DocumentStage.WAIVED})
"""Nothing is asked for any more."""


class RejectReason(StrEnum):
    """Why a document is not accepted, as whoever has sent it is told."""

    ILLEGIBLE = "illegible"
    INCOMPLETE = "incomplete"
    WRONG_DOCUMENT = "wrong-document"
    OUT_OF_DATE = "out-of-date"
    NOT_TRANSLATED = "not-translated"
    DIFFERS = "differs"
    """What it says is not what was stated before."""


class DocumentState(Record):
    """One document of a case."""

    name: Code
    state: DocumentStage = DocumentStage.WANTED
    version: int = 0
    """Of what was received last; 0: nothing yet."""
    hash: str | None = None
    """SHA-256 of that, as hex."""
    at: datetime
    """Since when it is in this state."""
    due_at: datetime | None = None
    """Until when it is wanted."""
    reason: RejectReason | None = None
    """Why it was rejected."""


class DocumentReceived(Payload):
    """A document is in the store, whole and of its kind: told by the host itself."""

    document: Code
    version: int = Field(ge=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=1)
    """Bytes."""
    media_type: str = Field(max_length=100)


class DocumentRevoked(Payload):
    """The record of a version that is handed out no more; written by the host's own function."""

    kind: str = "host-document-revoked"
    document: Code
    version: int


class DocumentAsked(Payload):
    """How a chaser names a document that is missing."""

    name: Code
    ja: str
    en: str
    state: DocumentStage
    reason: RejectReason | None = None
    due_at: AwareDatetime | None = None
