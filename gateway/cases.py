"""Cases over HTTP: one case as it stands for who asks, and the routes of everything about cases."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.page import read_page
from cases.sight import note_reads
from gateway import case_documents, case_notes, chasing, facts, notices, places, reads
from gateway.context import gateway_of
from gateway.decisions import decide_over_http
from gateway.listing import PRIVATE, list_cases, list_tasks
from gateway.request_parsing import seen_already
from gateway.responses import CaseTold
from gateway.staff import case_of_path
from gateway.starting import OWN_WAYS, start_over_http


def routes() -> list[Route]:
    """Every route about cases, their tasks and their start."""
    return [
        Route("/cases", list_cases, methods=["GET"]),
        Route("/cases", start_over_http, methods=["POST"]),
        *(route for own in OWN_WAYS.values() for route in own.routes()),
        *reads.routes(),
        *case_documents.routes(),
        *case_notes.routes(),
        *chasing.routes(),
        *places.routes(),
        Route("/cases/{case_id:path}/decisions/{name}", decide_over_http, methods=["POST"]),
        Route("/cases/{case_id:path}/facts/{name}", facts.enter, methods=["POST"]),
        Route("/cases/{case_id:path}", show_case, methods=["GET"]),
        Route("/tasks", list_tasks, methods=["GET"]),
        *notices.routes(),
    ]


async def show_case(request: Request) -> Response:
    """Where a case stands, what has to be done until when, and which decisions the actor can make."""
    gateway = gateway_of(request)
    row, actor = await case_of_path(request)
    case_id = row["case_id"]
    await note_reads(gateway.pool, [case_id], "page")
    tag = f'"{row["version"]}"'
    headers = {**PRIVATE, "ETag": tag}
    if seen_already(request, tag):
        return Response(status_code=304, headers=headers)
    page, own_part = await read_page(gateway.pool, row, actor, roles=actor.roles)
    offered = [{"name": name, "href": f"/cases/{case_id}/decisions/{name}"} for name in page["possible"]]
    told = CaseTold.model_validate(own_part | page | {"possible": offered}, extra="ignore")
    return JSONResponse(told.model_dump(mode="json"), headers=headers)
