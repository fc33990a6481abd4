"""Notes on a case, written, corrected and withdrawn on its page."""

from http import HTTPStatus
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from cases.notes import Said, write_note
from cases.refusal_words import PAGE
from gateway.problems import Fault, invalid
from office.case import seen_case
from office.context import office_of
from office.pages import go, page, reader_of
from office.posted import form_of, key_in, small_number
from schemas.kernel.refusals import Refusal
from workflows.kernel.sight import Field

LIMIT: Final = 4000


async def receive(request: Request) -> Response:
    """Keep a note, or say of one what it says now, or that it holds no more; the same form again is one."""
    reader = await reader_of(request)
    seen = await seen_case(request, reader)
    if Field.WORK not in seen.fields:
        raise Refusal("no-such-case")
    given = await form_of(request, reader)
    key, words = key_in(given), str(given.get("words", "")).replace("\r\n", "\n").strip()
    note, version = str(given.get("note", "")), str(given.get("version", ""))
    try:
        note_id = UUID(note) if note else None
    except ValueError:
        raise invalid([Fault("note", "uuid_parsing")]) from None
    if not 0 < len(words) <= LIMIT:
        t = reader.tongue
        told = t("Say something, in at most {limit} characters.", limit=LIMIT)
        return page(request, reader, "not_done.html", HTTPStatus.UNPROCESSABLE_ENTITY, told=told, seen=seen)
    gateway = office_of(request).gateway
    said = Said(
        key,
        words,
        note=note_id,
        withdraws=given.get("act") == "withdraw",
        seen=small_number(version),
    )
    try:
        await write_note(gateway.pool, seen.row, reader.actor, said, gateway.vault)
    except Refusal as refusal:
        told = PAGE.text(refusal, reader.tongue.language)
        return page(request, reader, "not_done.html", HTTPStatus.CONFLICT, told=told, seen=seen)
    return go(f"/cases/{seen.case_id}?tab=words&said=changed")
