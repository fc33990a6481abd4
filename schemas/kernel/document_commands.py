"""What a person decides about a document of a case."""

from typing import ClassVar

from schemas.kernel.case import KernelCommand
from schemas.kernel.documents import RejectReason
from schemas.kernel.identifiers import Code


class DocumentDecision(KernelCommand):
    """What is decided about one document."""

    document: Code
    """Its name, as the list of the case's documents has it."""


class AcceptDocument(DocumentDecision):
    """Accept a document as it was received last."""

    step: ClassVar[str] = "accept-document"


class RejectDocument(DocumentDecision):
    """Send a document back: whoever gave it has to send another version."""

    step: ClassVar[str] = "reject-document"
    why: RejectReason
    """What is wrong with it, as whoever has sent it is told."""


class WaiveDocument(DocumentDecision):
    """Do without a document; it is asked for no more."""

    step: ClassVar[str] = "waive-document"


class RevokeDocument(DocumentDecision):
    """Take back a document that was received or accepted: it is handed out no more, and wanted anew."""

    step: ClassVar[str] = "revoke-document"


class ChaseDocuments(KernelCommand):
    """Ask once more for what is missing, with a link to send it by; nobody is asked twice on a day."""

    step: ClassVar[str] = "chase-documents"
    document: Code | None = None
    """Only this one; by default all that are missing."""
