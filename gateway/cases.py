"""Cases over HTTP: one case as it stands for who asks, and the routes of everything about cases."""

from typing import Any, Final

import asyncpg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from activities.kernel.queries import queries
from cases.registry import PROCESSES
from gateway.access import find_case, may_read, no_such_case, sight_of, stage_text
from gateway.admission.start_routes import batch_progress, start_batch, start_one
from gateway.context import gateway_of
from gateway.decisions import decide_over_http
from gateway.listing import PRIVATE, list_cases, list_tasks
from gateway.request_parsing import seen_already
from gateway.responses import CaseTold
from gateway.staff import staff_of
from schemas.kernel.case import Actor
from schemas.kernel.identifiers import ProcessName
from workflows.kernel.lifecycle import By

SQL: Final = queries("kernel/office")


def routes() -> list[Route]:
    """Every route about cases, their tasks and their start."""
    return [
        Route("/cases", list_cases, methods=["GET"]),
        Route("/cases", start_one, methods=["POST"]),
        Route("/cases/batch", start_batch, methods=["POST"]),
        Route("/cases/{case_id:path}/decisions/{name}", decide_over_http, methods=["POST"]),
        Route("/cases/{case_id:path}", show_case, methods=["GET"]),
        Route("/tasks", list_tasks, methods=["GET"]),
        Route("/imports/{batch_id}", batch_progress, methods=["GET"]),
    ]


async def show_case(request: Request) -> Response:
    """Where a case stands, what has to be done until when, and which decisions the actor can make."""
    gateway, actor = gateway_of(request), await staff_of(request)
    case_id = request.path_params["case_id"]
    if not await may_read(gateway.pool, case_id, actor):
        raise no_such_case()
    row = await find_case(gateway.pool, case_id)
    tag = f'"{row["version"]}"'
    headers = {**PRIVATE, "ETag": tag}
    if seen_already(request, tag):
        return Response(status_code=304, headers=headers)
    told = CaseTold.model_validate(await _told(gateway.pool, row, actor))
    return JSONResponse(told.model_dump(mode="json"), headers=headers)


async def _told(pool: asyncpg.Pool, row: asyncpg.Record, actor: Actor) -> dict[str, Any]:
    case_id, process = row["case_id"], PROCESSES[ProcessName(row["process"])]
    place = await pool.fetchrow(SQL["place_of_case"], case_id)
    tasks = await pool.fetch(SQL["tasks_of_case"], case_id)
    deadlines = await pool.fetch(SQL["deadlines_of_case"], case_id, None)
    facts = await pool.fetch(SQL["facts_of_case"], case_id)
    own = sight_of(actor).only
    if own is not None:
        facts = []
        # who else reviews or votes, and until when, is none of their business
        tasks = [each for each in tasks if each["assignee"] == own]
        deadlines = [each for each in deadlines if each["name"].partition(":")[2] == own]
    is_open = row["closed_at"] is None
    return {
        "case_id": case_id,
        "process": row["process"],
        "round_id": place["round_id"] if place else None,
        "programme": place["programme"] if place else None,
        "version": row["version"],
        "stage": row["stage"],
        "stage_text": stage_text(process, row["stage"]),
        "stage_since": row["stage_since"],
        "opened_at": row["opened_at"],
        "waiting_for": row["waiting_for"] if is_open else None,
        "due_at": row["due_at"] if is_open else None,
        "outcome": row["outcome"],
        "outcome_by": row["outcome_by"],
        "closed_at": row["closed_at"],
        "policy_version": row["policy_version"],
        "tasks": [
            {
                "task": each["key"],
                **{name: each[name] for name in ("kind", "role", "assignee", "opened_at", "due_at")},
            }
            for each in tasks
        ],
        "deadlines": [
            {
                "deadline": each["name"],
                **{name: each[name] for name in ("state", "due_at", "calculation")},
            }
            for each in deadlines
        ],
        "facts": [{name: each[name] for name in ("step", "happened_at", "entered_at")} for each in facts],
        "possible": [
            {"name": name, "href": f"/cases/{case_id}/decisions/{name}"} for name in _possible(row, actor)
        ],
    }


def _possible(row: asyncpg.Record, actor: Actor) -> list[str]:
    lifecycle = PROCESSES[ProcessName(row["process"])].lifecycle
    names = [
        line.name
        for line in lifecycle.steps
        if row["stage"] in line.at and not isinstance(line.by, By) and not line.by.isdisjoint(actor.roles)
    ]
    if row["closed_at"] is not None:
        names = [name for name in names if lifecycle.after_the_end(name)]
    return list(dict.fromkeys(names))
