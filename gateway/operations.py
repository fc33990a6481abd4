"""What the gateway can be asked, route by route: the OpenAPI document is made from this alone."""

from http import HTTPStatus
from typing import Final

from cases.receipts import ROOMS_WITH_RECEIPTS
from cases.registry import PROCESSES
from gateway import case_documents, case_notes, chasing, facts, notices, places
from gateway.decisions import body_model
from gateway.fates import EventQuery
from gateway.links import LinksQuery
from gateway.listing import CasesQuery, TasksQuery
from gateway.operation import SIGNATURE, Operation
from gateway.reads import BreakGlassBody, ReadsQuery
from gateway.responses import (
    CaseAccepted,
    CasePage,
    CaseTold,
    Decided,
    EventFate,
    GlassTold,
    LinkPage,
    LinkTold,
    ReadsTold,
    ReceiptTold,
    TaskPage,
)
from gateway.rooms import DOORS
from gateway.starting import OWN_WAYS, StartCase
from schemas.kernel.case import Command


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
        "Store what a case is about, and start the case; a form needs an Idempotency-Key.",
        request=StartCase,
        headers={"Idempotency-Key": False},
        responses={
            HTTPStatus.CREATED: CaseAccepted,
            HTTPStatus.OK: CaseAccepted,
            HTTPStatus.ACCEPTED: CaseAccepted,
        },
    ),
    *(
        Operation(
            "GET",
            f"/{room}/receipts/{{code}}",
            f"show-{room}-receipt",
            "Whether contact was made, for who has sent something without an address and has its code.",
            responses={HTTPStatus.OK: ReceiptTold},
            more_problems=(HTTPStatus.TOO_MANY_REQUESTS,),
            security=(),
        )
        for room in ROOMS_WITH_RECEIPTS
    ),
    *(operation for own in OWN_WAYS.values() for operation in own.OPERATIONS),
    *(door.operation for doors in DOORS.values() for door in doors),
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
    facts.OPERATION,
    *case_documents.OPERATIONS,
    *case_notes.OPERATIONS,
    *chasing.OPERATIONS,
    Operation(
        "POST",
        "/cases/{case_id}/break-glass",
        "break-glass",
        "Open a case that you do not see, for a while and a reason; a colleague looks at it afterwards.",
        request=BreakGlassBody,
        headers={"Idempotency-Key": True},
        responses={HTTPStatus.OK: GlassTold},
        more_problems=(HTTPStatus.CONFLICT,),
    ),
    Operation(
        "GET",
        "/cases/{case_id}/reads",
        "list-reads",
        "Who has read a case, when, what of it, and by which right.",
        query=ReadsQuery,
        responses={HTTPStatus.OK: ReadsTold},
    ),
    Operation(
        "GET",
        "/links",
        "list-links",
        "List facts between processes with each of their receivers, the last told first.",
        query=LinksQuery,
        responses={HTTPStatus.OK: LinkPage},
    ),
    Operation(
        "GET",
        "/links/{fact_id}",
        "show-link",
        "Show a fact between processes: each receiver, delivered, acted on, waiting since.",
        responses={HTTPStatus.OK: LinkTold},
    ),
    Operation(
        "GET",
        "/tasks",
        "list-tasks",
        "List open tasks by when they are due, with the events that cannot be delivered.",
        query=TasksQuery,
        responses={HTTPStatus.OK: TaskPage},
    ),
    *notices.OPERATIONS,
    *places.OPERATIONS,
)
