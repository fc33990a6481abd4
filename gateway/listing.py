"""`GET /cases` and `GET /tasks`: filtered, a page at a time, each beginning after the last one's end."""

import binascii
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from activities.kernel.queries import queries
from cases.page import stage_text
from cases.registry import PROCESSES
from cases.sight import view_of, whole_processes
from gateway.context import gateway_of
from gateway.problems import Fault, invalid
from gateway.request_parsing import link_header, query_of
from gateway.responses import CasePage, TaskPage
from gateway.staff import staff_of
from schemas.admission.roles import Role

SQL: Final = queries("kernel/office")
PAGE_LIMIT: Final = 200
_YEARS: Final = range(1900, 2200)
_SMALL_NUMBER: Final = re.compile(r"[0-9]{1,3}")
PRIVATE: Final = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}
STAGES: Final = frozenset(stage for each in PROCESSES.values() for stage in each.lifecycle.stages)


def _flag(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _digits(value: Any) -> Any:
    return int(value) if isinstance(value, str) and _SMALL_NUMBER.fullmatch(value) else value


Flag = Annotated[bool, BeforeValidator(_flag), Field(strict=True)]
Limit = Annotated[int, BeforeValidator(_digits), Field(strict=True, ge=1, le=PAGE_LIMIT)]
Word = Annotated[str, Field(min_length=1, max_length=64)]
Cursor = Annotated[str, Field(min_length=1, max_length=600, pattern=r"^[A-Za-z0-9_=-]+$")]


class _Query(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    limit: Limit = 50
    cursor: Cursor | None = None
    """From the `next` of the page before."""


class CasesQuery(_Query):
    """Which cases; what is not named does not matter."""

    process: Annotated[str, Field(pattern=f"^({'|'.join(PROCESSES)})$")] | None = None
    stage: Word | None = None
    waiting_for: Word | None = None
    round: Word | None = None
    overdue: Flag | None = None
    state: Literal["open", "closed"] | None = None
    outcome: Word | None = None


class TasksQuery(_Query):
    """Which tasks; what is not named does not matter."""

    role: Role | None = None
    assignee: Word | None = None
    overdue: Flag | None = None


async def list_cases(request: Request) -> Response:
    """Cases by their id; those that are there when the first page is asked for come once each."""
    gateway, actor = gateway_of(request), await staff_of(request)
    query = query_of(request, CasesQuery)
    if query.stage is not None and query.stage not in STAGES:
        raise invalid([Fault("query:stage", "unknown_stage")])
    (after,) = _place(query.cursor, tuple[str]) or (None,)
    view = view_of(actor)
    only = None if view.whole else actor.id
    found = await gateway.pool.fetch(
        SQL["cases_page"],
        query.process,
        query.stage,
        query.waiting_for,
        query.round,
        query.overdue,
        None if query.state is None else query.state == "open",
        query.outcome,
        after,
        only,
        "reviewer" in view.roles,
        "committee_member" in view.roles,
        query.limit + 1,
    )
    rows = [_with_stage(dict(row)) for row in found[: query.limit]]
    following = _next(request, [rows[-1]["case_id"]]) if len(found) > query.limit else None
    return _page(CasePage, {"cases": rows, "next": following})


async def list_tasks(request: Request) -> Response:
    """Open tasks, by when they are due; the office's with the events that cannot be delivered."""
    gateway, actor = gateway_of(request), await staff_of(request)
    query = query_of(request, TasksQuery)
    view = view_of(actor)
    only = None if view.whole else actor.id
    # reviewers and members are told what they have to do themselves, and nothing of others
    others = only is not None and query.assignee not in (None, only)
    seen = whole_processes(actor)
    offices = {name: each.office for name, each in PROCESSES.items() if name in seen}
    due, case_id, task = _place(query.cursor, tuple[datetime, str, str]) or (None, None, None)
    found = (
        []
        if others
        else await gateway.pool.fetch(
            SQL["tasks_page"],
            query.role,
            only or query.assignee,
            query.overdue,
            list(offices),
            list(offices.values()),
            case_id,
            task,
            due,
            query.limit + 1,
        )
    )
    rows = [_with_stage(dict(row)) for row in found[: query.limit]]
    following = None
    if len(found) > query.limit:
        last = rows[-1]
        place = last["due_at"].isoformat()
        following = _next(request, [place, last["case_id"], last["task"]])
    return _page(TaskPage, {"tasks": rows, "next": following})


def _with_stage(row: dict[str, Any]) -> dict[str, Any]:
    words = stage_text(row["process"], row["stage"]) if row["stage"] else None
    return {**row, "stage_text": words}


def _page(model: type[BaseModel], body: dict[str, Any]) -> Response:
    links = {"next": body["next"]} if body["next"] else {}
    told = model.model_validate(body).model_dump(mode="json")
    return JSONResponse(told, headers={**PRIVATE, **link_header(links)})


def _next(request: Request, place: list[str | None]) -> str:
    text = json.dumps(place, ensure_ascii=True).encode()
    cursor = urlsafe_b64encode(text).decode("ascii").rstrip("=")
    url = URL(request.url.path).include_query_params(**{**request.query_params, "cursor": cursor})
    return str(url)


def _in_range(value: Any) -> Any:
    """A moment that PostgreSQL and Python agree on; a cursor may have been made up."""
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None or value.year not in _YEARS:
        raise ValueError("not a moment of a list")
    return value.astimezone(UTC)


def _place(cursor: str | None, shape: Any) -> Any:
    if cursor is None:
        return None
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place = tuple(map(_in_range, TypeAdapter(shape).validate_json(text)))
    except (ValidationError, binascii.Error, ValueError, OverflowError):
        raise invalid([Fault("query:cursor", "unknown_cursor")]) from None
    if "\0" in json.dumps(place, default=str).replace("\\u0000", "\0"):
        raise invalid([Fault("query:cursor", "unknown_cursor")])
    return place
