"""A process with documents: a school's request that asks for a letter and a plan of the room."""

import zlib
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.outreach.room import ROOM
    from schemas.kernel.step import CaseStart
    from schemas.outreach.roles import Role
    from workflows.kernel.case import CaseWorkflow
    from workflows.kernel.document_steps import DOCUMENT_DECISIONS, DOCUMENT_EVENTS, document_steps
    from workflows.kernel.documents import DocumentKind
    from workflows.kernel.draft import Draft
    from workflows.kernel.lifecycle import Lifecycle
    from workflows.outreach.process import LIFECYCLE, LIVING, OFFICE, OUTREACH, STAGES

LETTER, PLAN = "letter", "plan"
LIMIT = 200_000
KINDS: Final = {
    LETTER: DocumentKind(("依頼状", "Letter of request"), "school", limit_bytes=LIMIT),
    PLAN: DocumentKind(
        ("教室の図", "Plan of the room"), "school", keep_days_after_end=365, limit_bytes=LIMIT
    ),
}


def _open(draft: Draft[Any]) -> None:
    OUTREACH.open(draft)
    draft.documents.want(LETTER, draft.now + timedelta(days=5))
    draft.documents.want(PLAN)


DOCUMENTED: Final = replace(
    OUTREACH,
    open=_open,
    documents=KINDS,
    lifecycle=Lifecycle(STAGES, (*LIFECYCLE.steps, *document_steps(LIVING, OFFICE))),
    decisions={**OUTREACH.decisions, **DOCUMENT_DECISIONS},
    events={**OUTREACH.events, **DOCUMENT_EVENTS},
)
DOCUMENTED_ROOM: Final = replace(ROOM, process=DOCUMENTED)
OFFICE_ROLE: Final = Role.OFFICE


@workflow.defn(name=DOCUMENTED.name)
class DocumentedWorkflow(CaseWorkflow, process=DOCUMENTED):
    """One execution per request."""

    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: CaseStart) -> str | None:
        return await self.live(start)


def pdf(words: str = "letter") -> bytes:
    """A small PDF that says something."""
    body = f"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n% {words}\n".encode()
    end = f"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return body + end.encode()


def png() -> bytes:
    """One white dot."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    header = b"\0\0\0\1\0\0\0\1\x08\0\0\0\0"
    dot = zlib.compress(b"\0\xff")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", dot) + chunk(b"IEND", b"")


def jpeg() -> bytes:
    """The frame of a JPEG."""
    return b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" + b"\xff\xdb" + b"\0" * 60 + b"\xff\xd9"
