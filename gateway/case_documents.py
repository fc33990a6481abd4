"""`/cases/{case_id}/documents`: what a case has of documents, kept and handed out over HTTP."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic import Field as Constrained
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.administration import ENTER, roles_for
from cases.documents import get, kind_of, listed, put
from cases.sight import note_reads
from gateway.context import gateway_of
from gateway.limits import Reading
from gateway.listing import PRIVATE, digits
from gateway.operation import FILE_TYPE, Operation
from gateway.request_parsing import bytes_of, query_of
from gateway.responses import Answer, BothLanguages
from gateway.staff import case_of_path, require_role
from schemas.kernel.documents import DocumentStage, RejectReason
from workflows.kernel.sight import Field

SECONDS: Final = 120.0
"""For a file to come in: larger than other bodies, and from the telephones of who provides it."""
UPLOADS: Final = Reading(8)
"""Files that are in memory at a time, from whomever: a few of the largest, whatever else the gateway does."""
_NO_STORE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class VersionTold(Answer):
    """A version that was received; `by`: staff id, or the kind of reader who sent it by a link."""

    version: int
    sha256: str
    bytes: int
    media_type: str
    by: str
    at: datetime
    revoked_at: datetime | None = None
    erased_at: datetime | None = None


class DocumentTold(Answer):
    """A document of a case; `from`: who provides it. Without `state` the case does not ask for it."""

    name: str
    title: BothLanguages
    provider: str = Constrained(alias="from")
    state: DocumentStage | None = None
    version: int | None = None
    hash: str | None = None
    at: datetime | None = None
    due_at: datetime | None = None
    reason: RejectReason | None = None
    versions: tuple[VersionTold, ...] = ()


class DocumentsTold(Answer):
    """The documents of a case."""

    case_id: str
    documents: tuple[DocumentTold, ...]


class DocumentKept(Answer):
    """A version that is in the store; 200 when the last one was the same already."""

    case_id: str
    document: str
    version: int
    sha256: str
    bytes: int
    media_type: str


class VersionQuery(BaseModel):
    """Which version; by default the last."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    version: Annotated[int, BeforeValidator(digits), Constrained(strict=True, ge=1, le=999)] | None = None


def routes() -> list[Route]:
    """Its routes, which have to come before that of the case itself."""
    path = "/cases/{case_id:path}/documents"
    return [
        Route(path, show_documents, methods=["GET"]),
        Route(f"{path}/{{name}}", put_document, methods=["PUT"]),
        Route(f"{path}/{{name}}", get_document, methods=["GET"]),
    ]


async def show_documents(request: Request) -> Response:
    """The documents of a case and their versions."""
    gateway = gateway_of(request)
    row, _ = await case_of_path(request)
    await note_reads(gateway.pool, [row["case_id"]], "documents")
    rows: list[dict[str, Any]] = await listed(gateway.pool, row)
    told = DocumentsTold.model_validate({"case_id": row["case_id"], "documents": rows})
    return JSONResponse(told.model_dump(mode="json", by_alias=True), headers=PRIVATE)


async def put_document(request: Request) -> Response:
    """Keep a file; the same file again is the same version, whatever the request."""
    gateway = gateway_of(request)
    row, actor = await case_of_path(request)
    require_role(actor, roles_for(ENTER, row["process"]))
    name = request.path_params["name"]
    with UPLOADS.by("all"):
        content = await bytes_of(request, FILE_TYPE, kind_of(row, name).limit_bytes, SECONDS)
        kept = await put(gateway.pool, gateway.store, gateway.vault, row, name, content, actor.id)
    told = DocumentKept(
        case_id=row["case_id"],
        document=name,
        version=kept.version,
        sha256=kept.sha256,
        bytes=kept.size,
        media_type=kept.media_type,
    )
    status = HTTPStatus.OK if kept.repeated else HTTPStatus.CREATED
    return JSONResponse(told.model_dump(mode="json"), status_code=status, headers=PRIVATE)


async def get_document(request: Request) -> Response:
    """Hand a document out, as a file that no browser shows as a page; that they had it is on record."""
    gateway = gateway_of(request)
    query = query_of(request, VersionQuery)
    row, _ = await case_of_path(request, Field.PERSONAL)
    name = request.path_params["name"]
    kept = await get(gateway.pool, gateway.store, gateway.vault, row, name, query.version)
    headers = {**_NO_STORE, "Content-Disposition": f'attachment; filename="{kept.file_name}"'}
    return Response(kept.content, media_type=kept.media_type, headers=headers)


_PATH: Final = "/cases/{case_id}/documents"
OPERATIONS: Final = (
    Operation(
        "GET",
        _PATH,
        "list-documents",
        "List the documents of a case, with the versions that were received.",
        responses={HTTPStatus.OK: DocumentsTold},
    ),
    Operation(
        "PUT",
        f"{_PATH}/{{name}}",
        "put-document",
        "Keep a file as a document of a case; what it is is told by its content.",
        file=True,
        responses={HTTPStatus.CREATED: DocumentKept, HTTPStatus.OK: DocumentKept},
    ),
    Operation(
        "GET",
        f"{_PATH}/{{name}}",
        "get-document",
        "Hand out a document; who had it, and by which right, is kept on record.",
        query=VersionQuery,
        gives_file=True,
        responses={HTTPStatus.OK: None},
        more_problems=(HTTPStatus.CONFLICT,),
    ),
)
