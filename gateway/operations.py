"""What the gateway can be asked, route by route: the OpenAPI document is made from this alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Literal

from pydantic import BaseModel

from cases.registry import PROCESSES
from gateway.admission.start_routes import StartBatch, StartCase
from gateway.decisions import body_model
from gateway.fates import EventQuery
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

_VERSION_PROBLEMS: Final = (HTTPStatus.PRECONDITION_FAILED, HTTPStatus.PRECONDITION_REQUIRED)


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
        more_problems: statuses answered by application/problem+json, beside those that follow from the rest.
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
    more_problems: tuple[HTTPStatus, ...] = ()
    security: tuple[Security, ...] = ("staff",)
    media_type: str = "application/json"

    @property
    def problems(self) -> frozenset[HTTPStatus]:
        """Every status that is answered by application/problem+json."""
        found = set(self.more_problems)
        found.update(STAFF_PROBLEMS if self.security else ())
        found.update(BODY_PROBLEMS if self.request is not None else ())
        found.update({HTTPStatus.BAD_REQUEST} if self.query is not None else ())
        found.update({HTTPStatus.NOT_FOUND} if "{" in self.path else ())
        found.update(_VERSION_PROBLEMS if "If-Match" in self.headers else ())
        return frozenset(found)


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
    )


def _decisions() -> tuple[Operation, ...]:
    """Each decision once: those that every process knows are the same in all."""
    found: dict[str, Operation] = {}
    for process, each in PROCESSES.items():
        for name, command in each.commands.items():
            found.setdefault(name, _decision(name, command, process))
    return tuple(found.values())


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
        more_problems=(HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS),
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
    ),
    Operation(
        "POST",
        "/cases",
        "start-case",
        "Store what a case is about, and start it.",
        request=StartCase,
        headers={"Idempotency-Key": False},
        responses={
            HTTPStatus.CREATED: CaseAccepted,
            HTTPStatus.OK: CaseAccepted,
            HTTPStatus.ACCEPTED: CaseAccepted,
        },
    ),
    Operation(
        "POST",
        "/cases/batch",
        "start-cases",
        "Store a batch, all or none; its cases start by themselves.",
        request=StartBatch,
        headers={"Idempotency-Key": False},
        responses={HTTPStatus.ACCEPTED: BatchAccepted, HTTPStatus.OK: BatchAccepted},
    ),
    Operation(
        "GET",
        "/imports/{batch_id}",
        "show-batch",
        "Show how many cases of a batch have been started.",
        responses={HTTPStatus.OK: BatchProgress},
    ),
    Operation(
        "GET",
        "/cases/{case_id}",
        "show-case",
        "Show where a case stands and which decisions are possible now.",
        headers={"If-None-Match": False},
        responses={HTTPStatus.OK: CaseTold, HTTPStatus.NOT_MODIFIED: None},
        more_problems=(HTTPStatus.CONFLICT,),
    ),
    *_decisions(),
    Operation(
        "GET",
        "/tasks",
        "list-tasks",
        "List open tasks by when they are due, with the events that cannot be delivered.",
        query=TasksQuery,
        responses={HTTPStatus.OK: TaskPage},
    ),
)
