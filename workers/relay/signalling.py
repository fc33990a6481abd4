"""One event to its case's workflow, and what the answer means for it, for its case and for all others."""

import asyncio
from datetime import timedelta
from enum import Enum, auto
from typing import Final

from pydantic import ValidationError
from temporalio.api.enums.v1 import ResourceExhaustedCause
from temporalio.api.errordetails.v1 import ResourceExhaustedFailure
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from cases.registry import PROCESSES
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import EVENT_SIGNAL, event_type

ANSWER_WITHIN: Final = timedelta(seconds=3)
"""Of one signal. An answer that comes later is taken for none; the case knows an event that comes twice."""
STARTING: Final = frozenset(
    event_type(process.name, fact)
    for process in PROCESSES.values()
    for fact, kind in process.events.items()
    if kind.starts
)
"""Types of events that bring the subject of a case."""
_FULL: Final = "exceeded workflow execution limit"


class Outcome(Enum):
    """What became of an event."""

    DELIVERED = auto()
    """It is in the history of its workflow."""
    NO_WORKFLOW = auto()
    """No workflow of this id runs; the database says why."""
    BUSY = auto()
    """This one workflow takes nothing at the moment; others may."""
    NOT_ACCEPTED = auto()
    """Temporal will never take it."""
    AWAY = auto()
    """Temporal did not answer, or takes nothing from anybody at the moment."""


async def signal(client: Client, case_id: str, envelope: str) -> tuple[Outcome, str]:
    """Signal a stored envelope to its case; the outcome with a code that says why."""
    try:
        event = EventEnvelope.model_validate_json(envelope)
    except ValidationError:
        return Outcome.NOT_ACCEPTED, "not-accepted"
    if event.type in STARTING:
        # what it brought is stored, and is none of Temporal's business
        event = event.model_copy(update={"data": {}})
    try:
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds() + 1):
            handle = client.get_workflow_handle(case_id)
            await handle.signal(EVENT_SIGNAL, event, rpc_timeout=ANSWER_WITHIN)
    except RPCError as error:
        return meaning(error)
    except (OSError, RuntimeError, TimeoutError):
        # a client that connects lazily says so by its own kinds of error
        return Outcome.AWAY, "temporal-unavailable"
    return Outcome.DELIVERED, ""


def meaning(error: RPCError) -> tuple[Outcome, str]:
    """What an answer of Temporal's means, with a code."""
    match error.status:
        case RPCStatusCode.NOT_FOUND if not any(
            each.type_url.endswith(".NamespaceNotFoundFailure") for each in error.grpc_status.details
        ):
            return Outcome.NO_WORKFLOW, "workflow-lost"
        case RPCStatusCode.INVALID_ARGUMENT:
            # as many signals as one run may have; its next run takes them again
            if _FULL in error.message:
                return Outcome.BUSY, "workflow-full"
            return Outcome.NOT_ACCEPTED, "not-accepted"
        case RPCStatusCode.RESOURCE_EXHAUSTED if _one_workflow(error):
            return Outcome.BUSY, "workflow-busy"
    return Outcome.AWAY, f"temporal-{error.status.name.lower().replace('_', '-')}"


def _one_workflow(error: RPCError) -> bool:
    for detail in error.grpc_status.details:
        failure = ResourceExhaustedFailure()
        if detail.Is(failure.DESCRIPTOR) and detail.Unpack(failure):
            return failure.cause == ResourceExhaustedCause.RESOURCE_EXHAUSTED_CAUSE_BUSY_WORKFLOW
    return False
