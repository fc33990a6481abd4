"""Writing to the database from a workflow: at once when it answers, for as long as it takes when not."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from workflows.kernel.messages import is_final, refusal_in

T = TypeVar("T")

FAST_TIMEOUT = timedelta(seconds=3)
DURABLE_TIMEOUT = timedelta(seconds=30)
FAST_RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_attempts=2)
DURABLE_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


async def database(
    method: Callable[[Any, Any], Awaitable[T]], argument: Any, summary: str, *, ends_the_task: bool = False
) -> T:
    """Fast path: in this workflow task. Durable path, when the database is away: until it is back.

    Args:
        method: the activity.
        argument: its one argument.
        summary: what the UI shows.
        ends_the_task: take the durable path at once, so that what has come meanwhile is seen.

    Raises:
        Refusal: the database holds something that forbids it.
    """
    if not ends_the_task:
        try:
            return await workflow.execute_local_activity_method(
                method,
                argument,
                start_to_close_timeout=FAST_TIMEOUT,
                retry_policy=FAST_RETRY,
                summary=summary,
            )
        except FailureError as error:
            if (refusal := refusal_in(error)) is not None:
                raise refusal from None
            if is_final(error):
                raise
    try:
        return await workflow.execute_activity_method(
            method,
            argument,
            start_to_close_timeout=DURABLE_TIMEOUT,
            retry_policy=DURABLE_RETRY,
            summary=summary,
        )
    except FailureError as error:
        if (refusal := refusal_in(error)) is not None:
            raise refusal from None
        raise
