"""Opening a case that one does not see, and who has read a case, over HTTP."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.break_glass import break_glass, reads_of
from cases.finding import case_seen
from gateway.context import gateway_of
from gateway.listing import PRIVATE, Limit
from gateway.request_parsing import body_of, checked, key_of, note_request, query_of
from gateway.responses import GlassTold, ReadsTold
from gateway.staff import staff_of
from schemas.kernel.refusals import Refusal
from schemas.kernel.roles import AUDITOR
from workflows.kernel.sight import Field


class BreakGlassBody(BaseModel):
    """Why a case has to be seen at once by somebody who does not see it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class ReadsQuery(BaseModel):
    """A page of the reads of a case, the last first."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    before: int | None = None
    """Only those before this one, by its number."""
    limit: Limit = 50


def routes() -> list[Route]:
    """Its routes, which have to come before that of the case itself."""
    return [
        Route("/cases/{case_id:path}/break-glass", break_glass_over_http, methods=["POST"]),
        Route("/cases/{case_id:path}/reads", show_reads, methods=["GET"]),
    ]


async def break_glass_over_http(request: Request) -> Response:
    """Open a case for a while; a colleague looks at it afterwards."""
    gateway, actor = gateway_of(request), await staff_of(request)
    case_id = request.path_params["case_id"]
    key = str(key_of(request))
    raw, _ = await body_of(request)
    reason = checked(BreakGlassBody, raw).reason
    await note_request(gateway.pool, actor, key, f"break-glass {case_id}", raw)
    until = await break_glass(gateway.pool, case_id, actor, reason, key, gateway.vault)
    return JSONResponse(GlassTold(case_id=case_id, until=until).model_dump(mode="json"), headers=PRIVATE)


async def show_reads(request: Request) -> Response:
    """Who has read the case, for who sees its work and for auditors who see it."""
    gateway, actor = gateway_of(request), await staff_of(request)
    case_id = request.path_params["case_id"]
    query = query_of(request, ReadsQuery)
    _, fields = await case_seen(gateway.pool, case_id, actor)
    if Field.WORK not in fields and not (Field.CASE in fields and AUDITOR in actor.roles):
        raise Refusal("no-such-case")
    rows = await reads_of(gateway.pool, case_id, query.before, query.limit)
    told = ReadsTold.model_validate({"reads": rows})
    return JSONResponse(told.model_dump(mode="json"), headers=PRIVATE)
