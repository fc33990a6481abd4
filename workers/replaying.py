"""Whether the histories of a server replay on the code that is here: asked before it is deployed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio.client import Client, WorkflowExecution, WorkflowHistory
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from cases.registry import PROCESSES
from workers.exception_traces import places, trail
from workers.log_causes import mismatch, own_place
from workers.temporal import sandbox
from workers.worker import WORKFLOWS

_TYPES: Final = ", ".join(map(repr, PROCESSES))


@dataclass(frozen=True, slots=True)
class Checked:
    """One run of a case: `cause` says in codes why it does not replay; None when it does."""

    case_id: str
    run_id: str
    events: int
    cause: str | None


async def runs_to_check(client: Client, *, closed_days: int, limit: int) -> list[WorkflowExecution]:
    """Cases that are running, and those closed in the last days, as the server lists them."""
    query = f"WorkflowType IN ({_TYPES}) AND (ExecutionStatus = 'Running'"
    since = datetime.now(UTC) - timedelta(days=closed_days)
    query += f" OR CloseTime > '{since:%Y-%m-%dT%H:%M:%SZ}')" if closed_days else ")"
    return [each async for each in client.list_workflows(query, limit=limit)]


async def replay_runs(
    client: Client,
    runs: list[tuple[str, str | None]],
    *,
    concurrency: int,
    told: Callable[[int], None] = lambda _count: None,
) -> list[Checked]:
    """Replay (case id, run id) with the worker's own sandbox and keys; a run that is gone is left out.

    Raises:
        RPCError: Temporal does not answer.
    """
    checked: list[Checked] = []
    waiting = iter(runs)
    done = 0

    async def work(waiting: Iterator[tuple[str, str | None]]) -> None:
        nonlocal done
        replayer = Replayer(
            workflows=WORKFLOWS,
            data_converter=client.data_converter,
            namespace=client.namespace,
            workflow_runner=sandbox(),
            runtime=quiet,
        )
        async with replayer.workflow_replay_iterator(_histories(client, waiting)) as results:
            async for result in results:
                failure, history = result.replay_failure, result.history
                cause = None if failure is None else cause_of(failure)
                checked.append(Checked(history.workflow_id, history.run_id, len(history.events), cause))
                done += 1
                told(done)

    # its native part would say on the terminal what is said here
    quiet = Runtime(
        telemetry=TelemetryConfig(
            logging=LoggingConfig(filter=TelemetryFilter(core_level="OFF", other_level="OFF"))
        )
    )
    async with asyncio.TaskGroup() as group:
        for _ in range(min(concurrency, len(runs))):
            group.create_task(work(waiting))
    return sorted(checked, key=lambda each: each.case_id)


async def _histories(
    client: Client, runs: Iterator[tuple[str, str | None]]
) -> AsyncIterator[WorkflowHistory]:
    for case_id, run_id in runs:
        try:
            yield await client.get_workflow_handle(case_id, run_id=run_id).fetch_history()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise


def cause_of(failure: Exception) -> str:
    """Why a history does not replay, without a value."""
    differs = mismatch(str(failure))
    if differs is not None:
        return f"Nondeterminism: {differs}"
    if isinstance(failure, NondeterminismError):
        return "Nondeterminism"
    place = own_place(places(failure))
    return trail(failure)[0] + (f" at {place}" if place else "")
