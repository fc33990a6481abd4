"""The page behind the link of a letter that asks for documents: whoever has the link sends them by it.

It shows what is still missing and nothing else of the case, takes files and hands none out.
"""

import json
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import asyncpg
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from activities.kernel.acting import THE_HOST, act_for
from activities.kernel.queries import queries
from cases.document_types import extension_of
from cases.documents import put
from cases.finding import find_case
from cases.refusal_words import PAGE
from cases.registry import ROOMS
from gateway.case_documents import SECONDS, UPLOADS
from gateway.context import gateway_of
from gateway.limits import read_body
from gateway.pages import page
from gateway.problems import Problem
from schemas.kernel.documents import SETTLED
from schemas.kernel.refusals import Refusal, RefusalKind
from workflows.kernel.documents import FACTS, MOST_BYTES, DocumentKind

SQL: Final = queries("kernel/documents")
_FRAME: Final = 16 * 1024
"""Bytes of a form around its file."""
_FIELDS: Final = 4
_MEGABYTE: Final = 1024 * 1024
_RECEIVED: Final = (
    "受領しました。確認後にご連絡します。",
    "Received. You will hear from us when it has been looked at.",
)
_RECEIVED_BEFORE: Final = ("このファイルは受領済みです。", "This file was received before.")
_OVER: Final = ("提出をお願いしている書類はありません。", "No document is asked for any more.")
_INCOMPLETE: Final = ("ファイルを選択してください。", "Please choose a file.")
_AWAY: Final = (
    "ただいま受領できません。しばらくしてから再度送信してください。",
    "It cannot be received now. Please send it again in a while.",
)
_NOT_RECEIVED: Final = ("受領できませんでした。", "It was not received.")


class _InMemory(MultiPartParser):
    """Never on a disk in clear."""

    spool_max_size = MOST_BYTES + _FRAME


@dataclass(frozen=True)
class _Wanted:
    """One document that a form is shown for."""

    name: str
    kind: DocumentKind

    @property
    def ja(self) -> str:
        return self.kind.title[0]

    @property
    def en(self) -> str:
        return self.kind.title[1]

    @property
    def accept(self) -> str:
        return ",".join(self.kind.media)

    @property
    def types(self) -> str:
        return ", ".join(extension_of(each).upper() for each in self.kind.media)

    @property
    def megabytes(self) -> int:
        return max(1, self.kind.limit_bytes // _MEGABYTE)


class Taken(NamedTuple):
    """What became of a file: the answer's status, what its sender is told in both languages, and headers."""

    status: HTTPStatus
    said: tuple[tuple[str, str], ...]
    headers: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Asked:
    """What may be sent, for which case, by which kind of reader; by name."""

    case_id: str
    sender: str
    wanted: Mapping[str, _Wanted]


def _asked(row: asyncpg.Record, documents: Mapping[str, Any], names: Iterable[str]) -> Asked:
    """What is still asked for of some documents."""
    kinds, sender = ROOMS[row["process"]].process.documents, row["recipient_kind"]
    wanted = {
        name: _Wanted(name, kinds[name])
        for name in names
        if name in kinds
        and name in documents
        and documents[name]["state"] not in SETTLED
        and kinds[name].who == sender
    }
    return Asked(row["case_id"], sender, wanted)


def wanted_of(row: asyncpg.Record) -> Asked:
    """What a case, by its row with its reader, asks of that reader now."""
    documents = json.loads(row["state"]).get("documents", {}) if row["closed_at"] is None else {}
    return _asked(row, documents, documents)


async def asked_by(request: Request, notice_id: str | None, valid_for: timedelta) -> Asked | None:
    """What the link of a request asks to be sent; None: its letter asks for no documents."""
    act_for(THE_HOST)  # the link proves who sends, and the page shows what it asks and no more
    pool = gateway_of(request).pool
    row = await pool.fetchrow(SQL["asked"], notice_id, valid_for) if notice_id else None
    if row is None or row["process"] not in ROOMS:
        return None
    named = (each["name"] for each in json.loads(row["facts"])[FACTS])
    return _asked(row, json.loads(row["documents"] or "{}"), named)


def show(asked: Asked) -> Response:
    """A form for each document; or that nothing is asked for any more."""
    return _page(HTTPStatus.OK, asked) if asked.wanted else _page(HTTPStatus.GONE, asked, _OVER)


async def receive(request: Request, asked: Asked) -> Response:
    """Take a file; the same one again is received once."""
    status, said, headers = await take(request, asked)
    return _page(status, asked, *said, headers=headers)


async def take(request: Request, asked: Asked) -> Taken:
    """Take a file of what is asked for, and say what became of it; the same one again is received once."""
    if not asked.wanted:
        return Taken(HTTPStatus.GONE, (_OVER,))
    try:
        with UPLOADS.by("all"):
            return await _take(request, asked)
    except Problem as not_read:
        # a person at a browser is answered by the page, and may choose a smaller file or try again
        why = not_read.japanese, not_read.english
        return Taken(not_read.status, (_NOT_RECEIVED, why), not_read.headers)


async def _take(request: Request, asked: Asked) -> Taken:
    limit = max(each.kind.limit_bytes for each in asked.wanted.values())
    name, content = await _form_of(request, await read_body(request, limit + _FRAME, SECONDS))
    if name not in asked.wanted or content is None:
        return Taken(HTTPStatus.BAD_REQUEST, (_INCOMPLETE,))
    gateway = gateway_of(request)
    try:
        case = await find_case(gateway.pool, asked.case_id)
        kept = await put(gateway.pool, gateway.store, gateway.vault, case, name, content, asked.sender)
    except Refusal as refusal:
        return _refused(refusal)
    return Taken(HTTPStatus.OK, (_RECEIVED_BEFORE if kept.repeated else _RECEIVED,))


async def _form_of(request: Request, body: bytes) -> tuple[str, bytes | None]:
    """The name of the document and the content of the file; None: the form holds none, or is none."""

    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return "", None
    try:
        form = await _InMemory(request.headers, whole(), max_files=1, max_fields=_FIELDS).parse()
    except (MultiPartException, ClientDisconnect, KeyError):
        return "", None
    name, file = form.get("document"), form.get("file")
    content = await file.read() if isinstance(file, UploadFile) else None
    await form.close()
    return name if isinstance(name, str) else "", content


def _refused(refusal: Refusal) -> Taken:
    if refusal.kind is RefusalKind.UNAVAILABLE:
        return Taken(HTTPStatus.SERVICE_UNAVAILABLE, (_AWAY,))
    why = PAGE.text(refusal, "ja"), PAGE.text(refusal, "en")
    invalid = refusal.kind is RefusalKind.INVALID
    return Taken(HTTPStatus.BAD_REQUEST if invalid else HTTPStatus.CONFLICT, (_NOT_RECEIVED, why))


def _page(
    status: HTTPStatus,
    asked: Asked,
    *said: tuple[str, str],
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    return page(status, "upload_page.html", headers, said=said, inputs=list(asked.wanted.values()))
