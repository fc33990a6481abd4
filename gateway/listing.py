"""`GET /cases` and `GET /tasks`: filtered, a page at a time, each beginning after the last one's end."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cases import lists
from cases.cursors import P, UnknownCursorError, cursor_of, place_of
from cases.list_questions import CaseFilters, TaskFilters
from cases.page import stage_text
from cases.registry import LABELS, PROCESSES, ROLES
from cases.search import LENGTH, search
from cases.sight import view_of
from gateway.context import gateway_of
from gateway.problems import Fault, invalid
from gateway.request_parsing import link_header, query_of
from gateway.responses import CasePage, TaskPage
from gateway.staff import staff_of

PAGE_LIMIT: Final = 200
_SMALL_NUMBER: Final = re.compile(r"[0-9]{1,3}")
PRIVATE: Final = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}
STAGES: Final = frozenset(stage for each in PROCESSES.values() for stage in each.lifecycle.stages)


def _flag(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def digits(value: Any) -> Any:
    """A small number of a query as one; anything else as it is, which no model takes for a number."""
    return int(value) if isinstance(value, str) and _SMALL_NUMBER.fullmatch(value) else value


def one_of(names: Iterable[str]) -> str:
    """The pattern of a word of a list, such as a query has."""
    return f"^({'|'.join(names)})$"


Flag = Annotated[bool, BeforeValidator(_flag), Field(strict=True)]
Limit = Annotated[int, BeforeValidator(digits), Field(strict=True, ge=1, le=PAGE_LIMIT)]
Word = Annotated[str, Field(min_length=1, max_length=64)]
Label = Annotated[str, Field(pattern=rf"^({'|'.join(LABELS)}):.{{1,64}}$")]
Cursor = Annotated[str, Field(min_length=1, max_length=600, pattern=r"^[A-Za-z0-9_=-]+$")]


class _Query(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    limit: Limit = 50
    cursor: Cursor | None = None
    """From the `next` of the page before."""


class CasesQuery(_Query):
    """Which cases; what is not named does not matter."""

    q: Annotated[str, Field(min_length=1, max_length=LENGTH)] | None = None
    """A part of a number, or of a name, its reading or an address where you see these; stands alone."""
    process: Annotated[str, Field(pattern=one_of(PROCESSES))] | None = None
    stage: Word | None = None
    waiting_for: Word | None = None
    label: tuple[Label, ...] = ()
    """By what its process files a case, as `NAME:VALUE`; each name once."""
    overdue: Flag | None = None
    state: Literal["open", "closed"] | None = None
    outcome: Word | None = None


class TasksQuery(_Query):
    """Which tasks; what is not named does not matter."""

    role: Annotated[str, Field(pattern=one_of(ROLES))] | None = None
    assignee: Word | None = None
    overdue: Flag | None = None


async def list_cases(request: Request) -> Response:
    """Cases by their id; those that are there when the first page is asked for come once each."""
    gateway, actor = gateway_of(request), await staff_of(request)
    query = query_of(request, CasesQuery)
    if query.q is not None:
        return await _found(request, query)
    if query.stage is not None and query.stage not in STAGES:
        raise invalid([Fault("query:stage", "unknown_stage")])
    labels = dict(each.split(":", 1) for each in query.label)
    if len(labels) < len(query.label):
        raise invalid([Fault("query:label", "given_twice")])
    (after,) = place(query.cursor, tuple[str]) or (None,)
    wanted = CaseFilters(
        process=query.process,
        stage=query.stage,
        waiting_for=query.waiting_for,
        outcome=query.outcome,
        overdue=query.overdue,
        is_open=None if query.state is None else query.state == "open",
        labels=labels,
    )
    page = await lists.list_cases(gateway.pool, view_of(actor), wanted, after, query.limit)
    return _page(request, CasePage, "cases", page)


async def _found(request: Request, query: CasesQuery) -> Response:
    """The first cases that a search finds; there is no second page of them."""
    gateway, actor = gateway_of(request), await staff_of(request)
    if query.model_fields_set - {"q", "limit"}:
        raise invalid([Fault("query:q", "stands_alone")])
    found = await search(gateway.pool, actor, query.q or "", gateway.vault, query.limit)
    return _page(request, CasePage, "cases", lists.Page(list(found.rows), None))


async def list_tasks(request: Request) -> Response:
    """Open tasks, by when they are due, with the events that cannot be delivered; or only one's own."""
    gateway, actor = gateway_of(request), await staff_of(request)
    query = query_of(request, TasksQuery)
    wanted = TaskFilters(role=query.role, assignee=query.assignee, overdue=query.overdue)
    after = place(query.cursor, tuple[datetime, str, str])
    page = await lists.list_tasks(gateway.pool, lists.view_of_tasks(actor), wanted, after, query.limit)
    return _page(request, TaskPage, "tasks", page)


def _page(request: Request, model: type[BaseModel], name: str, page: lists.Page) -> Response:
    following = None if page.next is None else next_page(request, cursor_of(page.next))
    rows = [
        row | {"stage_text": stage_text(row["process"], row["stage"]) if row["stage"] else None}
        for row in page.rows
    ]
    told = model.model_validate({name: rows, "next": following}, extra="ignore").model_dump(mode="json")
    links = {"next": following} if following else {}
    return JSONResponse(told, headers={**PRIVATE, **link_header(links)})


def next_page(request: Request, cursor: str) -> str:
    """The address of the page after this one."""
    following = request.url.include_query_params(cursor=cursor)
    return f"{following.path}?{following.query}"


def place(cursor: str | None, shape: type[P]) -> P | None:
    """Where a page goes on; a cursor that was made up is answered as a fault of the query."""
    try:
        return None if cursor is None else place_of(cursor, shape)
    except UnknownCursorError:
        raise invalid([Fault("query:cursor", "unknown_cursor")]) from None
