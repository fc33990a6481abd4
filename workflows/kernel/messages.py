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
    from schemas.kernel.step import FactRefused, FactTold
    from schemas.kernel.unreadable import UnreadablePayloadError

REFUSED = "Refused"
"""Error type of a refusal; its details are the code and the parameters of the text."""


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


def is_cancelled(error: FailureError) -> bool:
    """Whether an activity failed because it was cancelled: bare when local, else inside an ActivityError."""
    return isinstance(error.cause if isinstance(error, ActivityError) else error, CancelledError)


def read_event(name: str, args: Sequence[RawValue], came_as: str) -> FactTold | FactRefused:
    """The event that a signal carries, or why it carries none; `came_as` is the signal's own id."""
    if name != EVENT_SIGNAL:
        return _refused("unknown-event", came_as)
    try:
        (value,) = args
        envelope: Any = workflow.payload_converter().from_payload(value.payload, EventEnvelope)
    except UnreadablePayloadError:
        return _refused("unreadable-message", came_as)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is recorded and the case goes on
        return _refused("invalid-message", came_as)
    # a null payload decodes to None, whatever type was asked for
    if not isinstance(envelope, EventEnvelope):
        return _refused("invalid-message", came_as)
    return FactTold(event=envelope)


def _refused(code: str, came_as: str) -> FactRefused:
    return FactRefused(refused=RefusedEvent(event_id=None, code=code), cause=came_as)
