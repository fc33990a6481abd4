"""The step's activity, called: at once when the database answers, for as long as it takes when not."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from schemas.kernel.step import StepOutcome, StepRequest
    from workflows.kernel.messages import is_cancelled

TAKE_STEP = "take-step"
FAST_TIMEOUT = timedelta(seconds=3)
DURABLE_TIMEOUT = timedelta(seconds=30)
FAST_RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_attempts=2)
DURABLE_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


async def database(request: StepRequest, summary: str, *, ends_the_task: bool = False) -> StepOutcome:
    """Fast path: in this workflow task. Durable path, when the database is away: until it is back.

    Args:
        request: what is to be taken.
        summary: what the UI shows.
        ends_the_task: take the durable path at once, so that what has come meanwhile is seen.
    """
    if not ends_the_task:
        try:
            outcome: StepOutcome = await workflow.execute_local_activity(
                TAKE_STEP,
                request,
                result_type=StepOutcome,
                start_to_close_timeout=FAST_TIMEOUT,
                retry_policy=FAST_RETRY,
                summary=summary,
            )
        except FailureError as error:
            if is_cancelled(error):
                raise
        else:
            return outcome
    durable: StepOutcome = await workflow.execute_activity(
        TAKE_STEP,
        request,
        result_type=StepOutcome,
        start_to_close_timeout=DURABLE_TIMEOUT,
        retry_policy=DURABLE_RETRY,
        summary=summary,
    )
    return durable
