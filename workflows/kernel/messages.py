"""How messages reach a case: decisions as updates, events as signals, refusals as errors with a code."""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, FailureError

with workflow.unsafe.imports_passed_through():
    from schemas.kernel.case import Command, EventEnvelope, Receipt, RefusedEvent
    from schemas.kernel.identifiers import EVENT_SIGNAL
    from schemas.kernel.refusals import Refusal
    from schemas.kernel.unreadable import UnreadablePayloadError

REFUSED = "Refused"
"""Error type of a refusal; its details are the code and the parameters of the text."""
_NUL = "\\u0000"


def is_storable(message: Command | EventEnvelope) -> bool:
    """Whether it is without the one character, here as JSON writes it, that PostgreSQL cannot store."""
    return _NUL not in message.model_dump_json()


def decision(command_type: type[Command]) -> Callable[..., Awaitable[Receipt]]:
    """An update that makes a decision of a kind: refused by its validator, described by its docstring."""

    async def decide(self: Any, command: Command) -> Receipt:
        receipt: Receipt = await self.decide(command)
        return receipt

    def check(self: Any, command: Command) -> None:
        self.check(command)

    # what Temporal decodes the argument to is read from the annotations, and `self` must have none
    decide.__annotations__ = {"command": command_type, "return": Receipt}
    check.__annotations__ = {"command": command_type, "return": None}
    description = inspect.getdoc(command_type) or command_type.step
    update = workflow.update(name=command_type.step, description=description.splitlines()[0])(decide)
    update.validator(check)
    return cast("Callable[..., Awaitable[Receipt]]", update)


def as_error(refusal: Refusal) -> ApplicationError:
    """A refusal as the caller of an update gets it: the text, and code and parameters as details."""
    return ApplicationError(str(refusal), refusal.code, refusal.params, type=REFUSED, non_retryable=True)


def _failure(error: FailureError) -> BaseException | None:
    # a local activity's failure comes bare, a normal one's inside an ActivityError
    return error.cause if isinstance(error, ActivityError) else error


def is_final(error: FailureError) -> bool:
    """Whether trying again is pointless."""
    failure = _failure(error)
    cancelled = isinstance(failure, CancelledError)
    return cancelled or (isinstance(failure, ApplicationError) and failure.non_retryable)


def refusal_in(error: FailureError) -> Refusal | None:
    """The refusal that an activity answered with, if it was one."""
    failure = _failure(error)
    if isinstance(failure, ApplicationError) and failure.type == REFUSED:
        code, params = failure.details
        return Refusal(code, **params)
    return None


def read_event(name: str, args: Sequence[RawValue]) -> EventEnvelope | RefusedEvent:
    """The event that a signal carries, or why it carries none."""
    if name != EVENT_SIGNAL:
        return RefusedEvent(event_id=None, code="unknown-event")
    try:
        (value,) = args
        envelope: Any = workflow.payload_converter().from_payload(value.payload, EventEnvelope)
    except UnreadablePayloadError:
        return RefusedEvent(event_id=None, code="unreadable-message")
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is recorded and the case goes on
        return RefusedEvent(event_id=None, code="invalid-message")
    # a null payload decodes to None, whatever type was asked for
    if not isinstance(envelope, EventEnvelope):
        return RefusedEvent(event_id=None, code="invalid-message")
    return envelope
