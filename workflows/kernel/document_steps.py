"""What a process with documents has of the host's: decisions, the fact, and their lines of the table."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

from schemas.kernel.case import Command
from schemas.kernel.document_commands import (
    AcceptDocument,
    ChaseDocuments,
    RejectDocument,
    RevokeDocument,
    WaiveDocument,
)
from schemas.kernel.documents import DocumentReceived
from workflows.kernel.draft import Draft
from workflows.kernel.lifecycle import By, Step, step
from workflows.kernel.process import EventKind
from workflows.kernel.steps import keep_reason

RECEIVED: Final = "document-received"
"""The fact that a document is in the store, told by the host alone."""


def document_steps(stages: Collection[str], office: Collection[str]) -> tuple[Step, ...]:
    """The lines of the table that a process with documents has in the stages in which they are handled."""
    return (
        step(RECEIVED, at=stages, by=By.EVENT),
        *(step(command.step, at=stages, by=office) for command in DOCUMENT_DECISIONS),
    )


def _accept(draft: Draft[Any], command: AcceptDocument) -> None:
    keep_reason(draft, command)
    draft.documents.accept(command.document)


def _reject(draft: Draft[Any], command: RejectDocument) -> None:
    keep_reason(draft, command)
    draft.documents.reject(command.document, command.why)


def _waive(draft: Draft[Any], command: WaiveDocument) -> None:
    keep_reason(draft, command)
    draft.documents.waive(command.document)


def _revoke(draft: Draft[Any], command: RevokeDocument) -> None:
    keep_reason(draft, command)
    draft.documents.revoke(command.document)


def _chase(draft: Draft[Any], command: ChaseDocuments) -> None:
    keep_reason(draft, command)
    draft.documents.chase(command.document)


def _received(draft: Draft[Any], fact: DocumentReceived) -> None:
    draft.documents.received(fact.document, fact.version, fact.sha256)


DOCUMENT_DECISIONS: Final[dict[type[Command], Callable[[Draft[Any], Any], None]]] = {
    AcceptDocument: _accept,
    RejectDocument: _reject,
    WaiveDocument: _waive,
    RevokeDocument: _revoke,
    ChaseDocuments: _chase,
}
DOCUMENT_EVENTS: Final = {RECEIVED: EventKind(RECEIVED, DocumentReceived, _received, between_cases=True)}
"""No other system tells it: what it says is what the host has seen of the content."""
