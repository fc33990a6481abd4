"""Documents of a case as its rules know them: what is wanted, received, accepted, sent back, done without."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from schemas.kernel.documents import (
    SETTLED,
    DocumentAsked,
    DocumentRevoked,
    DocumentStage,
    DocumentState,
    RejectReason,
)
from schemas.kernel.transition import NoticeRequested

if TYPE_CHECKING:
    from workflows.kernel.draft import Draft

CHECK_DOCUMENT = "check-document"
"""The task of looking at what was received; its key names the document."""
DOCUMENTS_MISSING: Final = "documents-missing"
"""The message by which what is missing is asked for; it has a link by which it is sent."""
MOST_BYTES: Final = 32 * 1024 * 1024
"""No kind may be larger: a document is sealed and opened whole, so that none is shown that is not whole."""
FACTS: Final = "documents"
"""The fact of a notice that names what is asked for: with it comes the link of the page that takes it."""


@dataclass(frozen=True)
class DocumentKind:
    """A document of a process, by its name in `Process.documents`."""

    title: tuple[str, str]
    """What it is called, in Japanese and in English."""
    who: str
    """Who provides it: a kind of reader of the process, who is asked and gets the link."""
    media: tuple[str, ...] = ("application/pdf", "image/jpeg", "image/png")
    """What it may be, by its content."""
    limit_bytes: int = 10 * 1024 * 1024
    keep_days_after_end: int | None = None
    """For how many days after the end of its case it is kept; None: as long as the case."""

    def __post_init__(self) -> None:
        """Raises ValueError: its limit is none that the host can keep."""
        if not 0 < self.limit_bytes <= MOST_BYTES:
            raise ValueError(f"a document may have 1 to {MOST_BYTES} bytes")


def missing(documents: Collection[DocumentState]) -> list[DocumentState]:
    """Those that are neither accepted nor done without."""
    return [each for each in documents if each.state not in SETTLED]


class Documents:
    """The documents of the case that a draft changes."""

    def __init__(self, draft: Draft[Any]) -> None:
        self._draft = draft

    def missing(self) -> list[str]:
        """The names of all that are neither accepted nor done without, in the order of the descriptor."""
        names = {each.name for each in missing(self._draft.state.documents.values())}
        return [name for name in self._draft.process.documents if name in names]

    def want(self, name: str, due_at: datetime | None = None) -> None:
        """Ask for a document, until a time if one is given; what was received before stays so.

        Raises:
            KeyError: the process has no such document.
        """
        _ = self._draft.process.documents[name]
        known = self._draft.state.documents
        if name not in known or known[name].state is DocumentStage.WAIVED:
            known[name] = DocumentState(name=name, at=self._draft.now)
        known[name].due_at = due_at

    def received(self, name: str, version: int, sha256: str) -> None:
        """A version is in the store: somebody is to look at it.

        Raises:
            Refusal: it is not asked for, or is accepted or done without.
        """
        document = self._known(name)
        self._draft.require(document.state not in SETTLED, "document-settled", document=name)
        self._draft.details.update(document=name, version=version, sha256=sha256)
        if version <= document.version:
            return  # a later one is there already
        document.version, document.hash = version, sha256
        self._move(document, DocumentStage.RECEIVED)
        self._draft.open_task(CHECK_DOCUMENT, self._draft.process.office, whose=name, keep=True)

    def accept(self, name: str) -> None:
        """What was received is as it has to be.

        Raises:
            Refusal: there is no such document, or nothing to look at.
        """
        self._move(self._received(name), DocumentStage.ACCEPTED)

    def reject(self, name: str, reason: RejectReason) -> None:
        """What was received is not: another version is asked for.

        Raises:
            Refusal: as for `accept`.
        """
        document = self._received(name)
        self._move(document, DocumentStage.REJECTED)
        document.reason = reason
        self._draft.details["reason"] = reason

    def waive(self, name: str) -> None:
        """It is done without.

        Raises:
            Refusal: it is not asked for, or is accepted or done without already.
        """
        document = self._known(name)
        self._draft.require(document.state not in SETTLED, "document-settled", document=name)
        self._move(document, DocumentStage.WAIVED)

    def revoke(self, name: str) -> None:
        """What was received or accepted counts no more, and is handed out no more.

        Raises:
            Refusal: there is no such document, or nothing to take back.
        """
        document = self._known(name)
        held = document.state in {DocumentStage.RECEIVED, DocumentStage.ACCEPTED, DocumentStage.REJECTED}
        self._draft.require(held, "document-not-received", document=name)
        self._draft.record(DocumentRevoked(document=name, version=document.version))
        self._move(document, DocumentStage.REVOKED)

    def chase(self, name: str | None = None) -> None:
        """Ask whoever provides them for what is missing, or for one of these; once on a day.

        What was received waits for the office, and its provider hears nothing of it.

        Raises:
            Refusal: nothing is missing, or that one is not.
        """
        draft, kinds = self._draft, self._draft.process.documents
        if name is not None:
            self._known(name)
        known = draft.state.documents
        waited_for = [each for each in self.missing() if known[each].state is not DocumentStage.RECEIVED]
        names = [each for each in waited_for if name in (None, each)]
        draft.require(bool(names), "nothing-missing")
        for who in dict.fromkeys(kinds[each].who for each in names):
            asked = [self._asked(each) for each in names if kinds[each].who == who]
            facts = {FACTS: [each.model_dump(mode="json") for each in asked]}
            draft.send(NoticeRequested(message=DOCUMENTS_MISSING, to=who, once_a_day=True, facts=facts))
        draft.details[FACTS] = list(names)

    def _asked(self, name: str) -> DocumentAsked:
        document, (ja, en) = self._draft.state.documents[name], self._draft.process.documents[name].title
        told = document.model_dump(include={"name", "state", "reason", "due_at"})
        return DocumentAsked(ja=ja, en=en, **told)

    def _known(self, name: str) -> DocumentState:
        known = self._draft.state.documents
        self._draft.details["document"] = name
        self._draft.require(
            name in known, "unknown-document", document=name, known=", ".join(sorted(known)) or "-"
        )
        document: DocumentState = known[name]
        return document

    def _received(self, name: str) -> DocumentState:
        document = self._known(name)
        self._draft.require(document.state is DocumentStage.RECEIVED, "document-not-received", document=name)
        return document

    def _move(self, document: DocumentState, stage: DocumentStage) -> None:
        document.state, document.at, document.reason = stage, self._draft.now, None
        self._draft.details["document_state"] = stage
        if stage is not DocumentStage.RECEIVED:
            self._draft.close_task(f"{CHECK_DOCUMENT}:{document.name}")
