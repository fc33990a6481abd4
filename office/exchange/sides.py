"""What is looked at while somebody decides about a mobility: stay, documents, agreement, advisors."""

from collections.abc import Mapping
from typing import Final

from office.case_parts import Side, beside, files, parts
from schemas.exchange import commands
from schemas.kernel.case import Command
from schemas.kernel.document_commands import (
    AcceptDocument,
    ChaseDocuments,
    RejectDocument,
    RevokeDocument,
    WaiveDocument,
)

_STAY: Final = ("agreement", "faculty", "first", "last", "months", "revision", "seen")
_NOMINATION: Final = parts(*_STAY, "student", personal=True)
_APPLICATION: Final = beside(parts(*_STAY, "advisors", "plan", "student", personal=True), files)

SIDES: Final[Mapping[type[Command], Side]] = {
    commands.Verify: _NOMINATION,
    commands.ReturnNomination: _NOMINATION,
    commands.Reject: _APPLICATION,
    commands.Waitlist: _NOMINATION,
    commands.AcknowledgeChange: _NOMINATION,
    commands.AskAdvisor: _APPLICATION,
    commands.Consent: _APPLICATION,
    commands.Validate: _APPLICATION,
    commands.Accept: _APPLICATION,
    commands.DecideAppeal: beside(parts(*_STAY, "reason", "advisors"), files),
    commands.SignAgreement: beside(parts("plan", "faculty", "first", "last"), files),
    commands.RecordProof: parts("arrived_on", "checklist"),
    commands.RecordSignature: parts("arrived_on", "confirmed"),
    commands.ReleaseTranscript: parts(*_STAY, "plan"),
    **dict.fromkeys((AcceptDocument, RejectDocument, WaiveDocument, RevokeDocument, ChaseDocuments), files),
}
