"""What a person decides about a document of a case."""

from typing import ClassVar

from schemas.kernel.case import KernelCommand
from schemas.kernel.documents import RejectReason
from schemas.kernel.identifiers import Code


class AcceptDocument(KernelCommand):
    """Accept a document as it was received last."""

    step: ClassVar[str] = "accept-document"
    document: Code
    """Its name, as the list of the case's documents has it."""


class RejectDocument(KernelCommand):
    """Send a document back: whoever gave it has to send another version."""

    step: ClassVar[str] = "reject-document"
    document: Code
    """Its name, as the list of the case's documents has it."""
    why: RejectReason
    """What is wrong with it, as whoever has sent it is told."""


class WaiveDocument(KernelCommand):
    """Do without a document; it is asked for no more."""

    step: ClassVar[str] = "waive-document"
    document: Code
    """Its name, as the list of the case's documents has it."""


class RevokeDocument(KernelCommand):
    """Take back a document that was received or accepted: it is handed out no more, and wanted anew."""

    step: ClassVar[str] = "revoke-document"
    document: Code
    """Its name, as the list of the case's documents has it."""


class ChaseDocuments(KernelCommand):
    """Ask once more for what is missing, with a link to send it by; nobody is asked twice on a day."""

    step: ClassVar[str] = "chase-documents"
    document: Code | None = None
    """Only this one; by default all that are missing."""
