"""What the gateway can be asked, route by route: the OpenAPI document is made from this alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Literal

from pydantic import BaseModel

from cases.registry import PROCESSES
from gateway.admission.start_routes import StartBatch, StartCase
from gateway.decisions import body_model
from gateway.listing import CasesQuery, TasksQuery
from gateway.responses import (
    BatchAccepted,
    BatchProgress,
    CaseAccepted,
    CasePage,
    CaseTold,
    Decided,
    EventFate,
    TaskPage,
)
from schemas.kernel.case import Command

Security = Literal["staff", "source-token", "source-signature"]
SIGNATURE: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")
STAFF_PROBLEMS: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE)
BODY_PROBLEMS: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    Args:
        method: HTTP method.
        path: template; a value in braces is one parameter, a `/` within it written as %2F or as it is.
        operation_id: unique name, for generated clients.
        summary: one sentence.
        request: the body's model; None without a body.
        query: model of the query parameters.
        headers: request headers beside the usual, with whether each is required.
        responses: model of the body by status; None: no body.
        problems: statuses answered by application/problem+json.
        security: credentials of which it asks for one; none: nobody's.
        media_type: of the body.
    """

    method: Literal["GET", "POST"]
    path: str
    operation_id: str
    summary: str
    request: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    headers: Mapping[str, bool] = field(default_factory=dict)
    responses: Mapping[HTTPStatus, type[BaseModel] | None] = field(default_factory=dict)
    problems: tuple[HTTPStatus, ...] = ()
    security: tuple[Security, ...] = ("staff",)
    media_type: str = "application/json"


def _decision(name: str, command: type[Command], process: str) -> Operation:
    summary = (command.__doc__ or name).strip().splitlines()[0]
    return Operation(
        "POST",
        f"/cases/{{case_id}}/decisions/{name}",
        f"{process}.{name}",
        summary,
        request=body_model(command),
        headers={"Idempotency-Key": True, "If-Match": True},
        responses={HTTPStatus.OK: Decided},
        problems=(
            *STAFF_PROBLEMS,
            *BODY_PROBLEMS,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.PRECONDITION_FAILED,
            HTTPStatus.PRECONDITION_REQUIRED,
        ),
    )


def _decisions() -> tuple[Operation, ...]:
    """Each decision once: those that every process knows are the same in all."""
    found: dict[str, Operation] = {}
    for process, each in PROCESSES.items():
        for name, command in each.commands.items():
            found.setdefault(name, _decision(name, command, process))
    return tuple(found.values())


class EventQuery(BaseModel):
    """Which event."""

    source: str
    id: str


def _health(name: str, summary: str) -> Operation:
    answers = {HTTPStatus.OK: None, HTTPStatus.SERVICE_UNAVAILABLE: None}
    return Operation("GET", f"/{name}", name, summary, responses=answers, security=())


OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        "GET",
        "/events",
        "show-event",
        "What became of an event, for its source and for the office; without what it says.",
        query=EventQuery,
        headers=dict.fromkeys(SIGNATURE, False),
        responses={HTTPStatus.OK: EventFate},
        problems=(
            *STAFF_PROBLEMS,
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.TOO_MANY_REQUESTS,
        ),
        security=("source-signature", "source-token", "staff"),
    ),
    _health("livez", "Whether the process is alive."),
    _health("readyz", "Whether events can be stored; tells if Temporal answers."),
    Operation(
        "GET",
        "/cases",
        "list-cases",
        "List cases by their id.",
        query=CasesQuery,
        responses={HTTPStatus.OK: CasePage},
        problems=(*STAFF_PROBLEMS, HTTPStatus.BAD_REQUEST),
    ),
    Operation(
        "POST",
        "/cases",
        "start-case",
        "Store an application and start its case.",
        request=StartCase,
        headers={"Idempotency-Key": False},
        responses={
            HTTPStatus.CREATED: CaseAccepted,
            HTTPStatus.OK: CaseAccepted,
            HTTPStatus.ACCEPTED: CaseAccepted,
        },
        problems=(*STAFF_PROBLEMS, *BODY_PROBLEMS),
    ),
    Operation(
        "POST",
        "/cases/batch",
        "start-cases",
        "Store applications of one round, all or none; their cases start by themselves.",
        request=StartBatch,
        headers={"Idempotency-Key": False},
        responses={HTTPStatus.ACCEPTED: BatchAccepted, HTTPStatus.OK: BatchAccepted},
        problems=(*STAFF_PROBLEMS, *BODY_PROBLEMS),
    ),
    Operation(
        "GET",
        "/imports/{batch_id}",
        "show-batch",
        "Show how many cases of a batch have been started.",
        responses={HTTPStatus.OK: BatchProgress},
        problems=(*STAFF_PROBLEMS, HTTPStatus.NOT_FOUND),
    ),
    Operation(
        "GET",
        "/cases/{case_id}",
        "show-case",
        "Show where a case stands and which decisions are possible now.",
        headers={"If-None-Match": False},
        responses={HTTPStatus.OK: CaseTold, HTTPStatus.NOT_MODIFIED: None},
        problems=(*STAFF_PROBLEMS, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    *_decisions(),
    Operation(
        "GET",
        "/tasks",
        "list-tasks",
        "List open tasks by when they are due, with the events that cannot be delivered.",
        query=TasksQuery,
        responses={HTTPStatus.OK: TaskPage},
        problems=(*STAFF_PROBLEMS, HTTPStatus.BAD_REQUEST),
    ),
)
