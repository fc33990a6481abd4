"""What an answer of Temporal's means: for the event, for its case, or for all."""

import pytest
from google.protobuf.any_pb2 import Any
from temporalio.api.common.v1 import GrpcStatus
from temporalio.api.enums.v1 import ResourceExhaustedCause
from temporalio.api.errordetails.v1 import NamespaceNotFoundFailure, ResourceExhaustedFailure
from temporalio.service import RPCError, RPCStatusCode

from workers.relay.signalling import Outcome, meaning

BUSY = ResourceExhaustedCause.RESOURCE_EXHAUSTED_CAUSE_BUSY_WORKFLOW
RATE = ResourceExhaustedCause.RESOURCE_EXHAUSTED_CAUSE_RPS_LIMIT


def error(status: RPCStatusCode, message: str = "", *details) -> RPCError:
    packed = []
    for detail in details:
        packed.append(Any())
        packed[-1].Pack(detail)
    told = GrpcStatus(code=status.value, message=message, details=packed)
    return RPCError(message, status, told.SerializeToString())


@pytest.mark.parametrize(
    ("answer", "outcome", "code"),
    [
        (error(RPCStatusCode.NOT_FOUND), Outcome.NO_WORKFLOW, "workflow-lost"),
        (
            error(RPCStatusCode.NOT_FOUND, "", NamespaceNotFoundFailure(namespace="x")),
            Outcome.AWAY,
            "temporal-not-found",
        ),
        (
            error(RPCStatusCode.INVALID_ARGUMENT, "exceeded workflow execution limit for signal events"),
            Outcome.BUSY,
            "workflow-full",
        ),
        (error(RPCStatusCode.INVALID_ARGUMENT, "too large"), Outcome.NOT_ACCEPTED, "not-accepted"),
        (
            error(RPCStatusCode.RESOURCE_EXHAUSTED, "", ResourceExhaustedFailure(cause=BUSY)),
            Outcome.BUSY,
            "workflow-busy",
        ),
        (
            error(RPCStatusCode.RESOURCE_EXHAUSTED, "", ResourceExhaustedFailure(cause=RATE)),
            Outcome.AWAY,
            "temporal-resource-exhausted",
        ),
        (error(RPCStatusCode.UNAVAILABLE), Outcome.AWAY, "temporal-unavailable"),
        (error(RPCStatusCode.DEADLINE_EXCEEDED), Outcome.AWAY, "temporal-deadline-exceeded"),
        (error(RPCStatusCode.PERMISSION_DENIED), Outcome.AWAY, "temporal-permission-denied"),
    ],
)
def test_meaning(answer, outcome, code) -> None:
    """Only what is never taken is dead; a limit of one workflow holds up that one, all else holds up all."""
    assert meaning(answer) == (outcome, code)
