"""Documents of a case on its page: handed out, and kept."""

from pathlib import PurePosixPath
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from cases.administration import ENTER, roles_for
from cases.documents import get, kind_of, put
from cases.refusal_words import PAGE
from gateway.case_documents import UPLOADS
from gateway.limits import address
from gateway.problems import Fault, invalid
from gateway.staff import require_role
from office.case import case_page, seen_case
from office.context import office_of
from office.pages import go, reader_of
from office.posted import form_of
from office.problems import STATUS_OF
from schemas.kernel.refusals import Refusal


async def hand_out(request: Request) -> Response:
    """A version of a document, as a file; that it was read is on record before it goes out."""
    reader = await reader_of(request)
    seen = await seen_case(request, reader)
    gateway, version = office_of(request).gateway, request.path_params["version"]
    kind_of(seen.row, request.path_params["name"])
    told = await get(
        gateway.pool, gateway.store, gateway.vault, seen.row, request.path_params["name"], int(version)
    )
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(PurePosixPath(told.file_name).name)}"
    }
    return Response(told.content, media_type=told.media_type, headers=headers)


async def keep(request: Request) -> Response:
    """Keep a file as a document of the case."""
    reader = await reader_of(request)
    seen = await seen_case(request, reader)
    require_role(reader.actor, roles_for(ENTER, seen.process.name))
    name = request.path_params["name"]
    kind = kind_of(seen.row, name)
    with UPLOADS.by(address(request.client.host if request.client else "")):
        form = await form_of(request, reader, file_bytes=kind.limit_bytes)
        sent = form.get("file")
        try:
            if not isinstance(sent, UploadFile):
                raise invalid([Fault("file", "missing")])
            content = await sent.read(kind.limit_bytes + 1)
        finally:
            await form.close()
    gateway = office_of(request).gateway
    try:
        kept = await put(gateway.pool, gateway.store, gateway.vault, seen.row, name, content, reader.actor.id)
    except Refusal as refusal:
        told = PAGE.text(refusal, reader.tongue.language, document=reader.tongue.pair(kind.title))
        return await case_page(request, reader, seen, "documents", STATUS_OF[refusal.kind], {name: told})
    return go(f"/cases/{seen.case_id}?tab=documents&said={'same' if kept.repeated else 'sent'}")
