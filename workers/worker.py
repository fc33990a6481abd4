"""The worker process: the workflows and their activities, assembled from the settings."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import asyncpg
import structlog
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from activities.kernel.database import open_pool
from activities.kernel.notices import NoticeActivities
from activities.kernel.room import Room
from activities.kernel.scheduled import ScheduledActivities, Tools, no_fault
from activities.kernel.steps import StepActivities
from cases.registry import PROCESSES, ROOMS
from embedded.worker import tell_ready
from encryption.answer_links import token_of
from schemas.kernel.identifiers import CASES_QUEUE, NOTICES_QUEUE
from workers.channels import channels_of
from workers.logs import runtime
from workers.process import run, until_told
from workers.schedules import all_works, ensure_schedules
from workers.settings import Settings, gateway_url
from workers.temporal import connect, key_ring, register_search_attributes, sandbox
from workflows.kernel.case import CaseWorkflow
from workflows.kernel.process import Process
from workflows.kernel.scheduled import ScheduledWorkflow


def _workflow_of(process: Process[Any]) -> type[CaseWorkflow]:
    """The workflow of a process: the one class in its room's `workflow` module that is made of it."""
    module = importlib.import_module(f"workflows.{process.room}.workflow")
    (found,) = (
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, CaseWorkflow) and each is not CaseWorkflow
    )
    return found


WORKFLOWS: Final = tuple(_workflow_of(process) for process in PROCESSES.values())
POOL_SIZE: Final = 16
CACHED_WORKFLOWS: Final = 4000
"""Cases kept in memory; about 60 kB each. A case that is not cached is replayed at its next event."""
WORKFLOW_TASKS: Final = 8
"""Workflow tasks at once: enough to keep the database busy, few enough that none lasts for long."""
GRACE: Final = timedelta(seconds=2)
"""Time for activities under way when the worker stops; what does not end is done again by another worker."""


log = structlog.get_logger()


@asynccontextmanager
async def running_worker(
    client: Client,
    pool: asyncpg.Pool,
    notices: NoticeActivities,
    *,
    rooms: Mapping[str, Room] = ROOMS,
    fault: Callable[[str], Awaitable[None]] | None = None,
) -> AsyncIterator[None]:
    """Poll both task queues until the context ends."""
    steps = StepActivities(pool, rooms, fault)
    scheduled = ScheduledActivities(Tools(pool, client, rooms, fault or no_fault), all_works(rooms.values()))
    pollers = PollerBehaviorAutoscaling(initial=10)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(
            Worker(
                client,
                task_queue=CASES_QUEUE,
                workflows=[*WORKFLOWS, ScheduledWorkflow],
                activities=[steps.take_step, scheduled.run],
                workflow_runner=sandbox(),
                max_cached_workflows=CACHED_WORKFLOWS,
                max_concurrent_workflow_tasks=WORKFLOW_TASKS,
                max_concurrent_activities=POOL_SIZE,
                max_concurrent_local_activities=POOL_SIZE,
                workflow_task_poller_behavior=pollers,
                activity_task_poller_behavior=PollerBehaviorAutoscaling(),
                sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
                graceful_shutdown_timeout=GRACE,
            )
        )
        await stack.enter_async_context(
            Worker(
                client,
                task_queue=NOTICES_QUEUE,
                activities=[notices.deliver],
                max_concurrent_activities=8,
                activity_task_poller_behavior=PollerBehaviorAutoscaling(),
                graceful_shutdown_timeout=GRACE,
            )
        )
        yield


@asynccontextmanager
async def worker_from(settings: Settings, client: Client, url: str) -> AsyncIterator[None]:
    """The worker as the settings say, with its own pools."""
    ring, answers = key_ring(settings), f"{gateway_url(settings)}/answers"
    pool = await open_pool(url, size=POOL_SIZE, application="iehe-worker")
    try:
        channels = channels_of(
            *(settings, pool, ring), link=lambda notice_id: f"{answers}/{token_of(ring, notice_id)}"
        )
        notices = NoticeActivities(pool, ROOMS, channels)
        async with running_worker(client, pool, notices):
            yield
    finally:
        pool.terminate()


async def run_worker(settings: Settings) -> int:
    """Work until told to stop and return the exit code; raises as `workers.process.run`."""

    async def work(url: str, told: asyncio.Event) -> None:
        client = await until_told(told, "waiting-for-temporal", lambda: _temporal_ready(settings))
        if client is None:
            return
        async with worker_from(settings, client, url):
            tell_ready()
            log.info("worker-polling", namespace=client.namespace)
            await told.wait()

    return await run("worker", settings, "worker", work)


async def _temporal_ready(settings: Settings) -> Client:
    client = await connect(settings, runtime=runtime(settings.log_level))
    for unverified, verify in (
        ("search-attributes-unverified", register_search_attributes(client)),
        ("schedules-unverified", ensure_schedules(client, all_works(ROOMS.values()).values(), CASES_QUEUE)),
    ):
        try:
            await verify
        except RPCError as error:
            if error.status not in (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED):
                raise
            # a managed cluster may have them from its own administration
            log.warning("%s", unverified, code=error.status.name)
    return client
