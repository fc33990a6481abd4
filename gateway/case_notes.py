"""`/cases/{case_id}/notes`: what the office notes on a case, for who sees its work."""

from datetime import datetime
from http import HTTPStatus
from typing import Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from activities.kernel.acting import acting_for
from cases.notes import Said, Written, notes_of, write_note
from cases.sight import note_reads
from gateway.context import gateway_of
from gateway.listing import PRIVATE
from gateway.operation import Operation
from gateway.request_parsing import Prose, body_of, checked, key_of, note_request, version_of
from gateway.responses import Answer
from gateway.staff import case_of_path
from schemas.kernel.refusals import Refusal
from workflows.kernel.sight import Field


class CaseNoteBody(BaseModel):
    """What the note says."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    note: Prose


class WithdrawNoteBody(BaseModel):
    """Why it is withdrawn."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    reason: Prose


class NoteVersion(Answer):
    """A version of a note; of a withdrawal `body` is the reason. Null: it cannot be opened."""

    version: int
    act: Literal["write", "correct", "withdraw"]
    by: str
    at: datetime
    body: str | None


class NoteTold(Answer):
    """A note; `body` is what it says now, null once it is withdrawn, and then for which `reason`."""

    note_id: UUID
    author: str
    written_at: datetime
    version: int
    body: str | None
    withdrawn: bool
    reason: str | None
    versions: tuple[NoteVersion, ...]


class NotesTold(Answer):
    """The notes of a case in the order in which they were written."""

    case_id: str
    notes: tuple[NoteTold, ...]


class NoteKept(Answer):
    """A version of a note is kept; `repeated`: this is the first answer again."""

    case_id: str
    note_id: UUID
    version: int
    act: Literal["write", "correct", "withdraw"]
    repeated: bool


def routes() -> list[Route]:
    """Its routes, which have to come before that of the case itself."""
    path = "/cases/{case_id:path}/notes"
    return [
        Route(path, show_notes, methods=["GET"]),
        Route(path, write_over_http, methods=["POST"]),
        Route(f"{path}/{{note}}", correct_over_http, methods=["POST"]),
        Route(f"{path}/{{note}}/withdraw", withdraw_over_http, methods=["POST"]),
    ]


async def show_notes(request: Request) -> Response:
    """The notes of a case; the read is noted where its process is confidential."""
    gateway = gateway_of(request)
    row, actor = await case_of_path(request, Field.WORK)
    with acting_for(actor.id):
        await note_reads(gateway.pool, [row["case_id"]], "notes", Field.WORK)
        notes = await notes_of(gateway.pool, gateway.vault, row["case_id"])
    told = NotesTold.model_validate({"case_id": row["case_id"], "notes": notes})
    return JSONResponse(told.model_dump(mode="json"), headers=PRIVATE)


async def write_over_http(request: Request) -> Response:
    """Write a note."""
    return await _write(request, CaseNoteBody, None)


async def correct_over_http(request: Request) -> Response:
    """Correct a note of one's own: a new version, beside which the earlier ones stay."""
    return await _write(request, CaseNoteBody, _note_of(request))


async def withdraw_over_http(request: Request) -> Response:
    """Withdraw a note, for a reason."""
    return await _write(request, WithdrawNoteBody, _note_of(request))


def _note_of(request: Request) -> UUID:
    try:
        return UUID(request.path_params["note"])
    except ValueError:
        raise Refusal("no-such-note") from None


async def _write(
    request: Request, form: type[CaseNoteBody | WithdrawNoteBody], note: UUID | None
) -> Response:
    gateway = gateway_of(request)
    row, actor = await case_of_path(request, Field.WORK)
    key, seen = str(key_of(request)), None if note is None else version_of(request)
    raw, _ = await body_of(request)
    said = checked(form, raw)
    words = said.note if isinstance(said, CaseNoteBody) else said.reason
    operation = f"{form.__name__} {row['case_id']} {note or ''}"
    await note_request(gateway.pool, actor, key, operation, raw)
    asked = Said(key, words, note, withdraws=form is WithdrawNoteBody, seen=seen)
    return _kept(await write_note(gateway.pool, row, actor, asked, gateway.vault))


def _kept(written: Written) -> Response:
    told = NoteKept.model_validate(written, from_attributes=True)
    new = written.version == 1 and not written.repeated
    headers = {**PRIVATE, "ETag": f'"{written.version}"'}
    status = HTTPStatus.CREATED if new else HTTPStatus.OK
    return JSONResponse(told.model_dump(mode="json"), status_code=status, headers=headers)


_PATH: Final = "/cases/{case_id}/notes"
_CHANGES: Final = {"Idempotency-Key": True, "If-Match": True}
OPERATIONS: Final = (
    Operation(
        "GET",
        _PATH,
        "list-notes",
        "List the notes of a case in the order in which they were written, with all their versions.",
        responses={HTTPStatus.OK: NotesTold},
    ),
    Operation(
        "POST",
        _PATH,
        "write-note",
        "Write a note on a case.",
        request=CaseNoteBody,
        headers={"Idempotency-Key": True},
        responses={HTTPStatus.CREATED: NoteKept, HTTPStatus.OK: NoteKept},
    ),
    Operation(
        "POST",
        f"{_PATH}/{{note}}",
        "correct-note",
        "Correct a note of one's own; its earlier versions stay readable.",
        request=CaseNoteBody,
        headers=_CHANGES,
        responses={HTTPStatus.OK: NoteKept},
    ),
    Operation(
        "POST",
        f"{_PATH}/{{note}}/withdraw",
        "withdraw-note",
        "Withdraw a note for a reason; it is shown as withdrawn.",
        request=WithdrawNoteBody,
        headers=_CHANGES,
        responses={HTTPStatus.OK: NoteKept},
    ),
)
