"""The worker process: the workflows and their activities, assembled from the settings."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Final

import asyncpg
import structlog
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from activities.kernel.database import open_pool
from activities.kernel.document_store import DocumentStore
from activities.kernel.errands import run_errands
from activities.kernel.notices import NoticeActivities
from activities.kernel.room import Room
from activities.kernel.scheduled import ScheduledActivities, Tools, no_fault
from activities.kernel.steps import StepActivities
from activities.kernel.webhooks import Webhooks
from cases.homes import homes, rooms_in
from cases.registry import PROCESSES, ROOMS
from embedded.concurrency import cancelled
from embedded.worker import tell_ready
from encryption.answer_links import token_of
from encryption.case_keys import CaseKeys
from encryption.ring import COMMON_HOME
from schemas.kernel.homes import CaseHome
from workers.channels import channels_of, webhooks_of
from workers.documents import document_store
from workers.logs import runtime
from workers.process import Urls, run, until_told
from workers.schedules import all_works, ensure_schedules_of
from workers.settings import Settings, SettingsError, gateway_url
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


def workflows_of(processes: Iterable[str]) -> list[type[CaseWorkflow]]:
    """The workflows of some processes, by their names."""
    named = frozenset(processes)
    return [workflow for workflow in WORKFLOWS if workflow.process.name in named]


@asynccontextmanager
async def running_worker(
    client: Client,
    pool: asyncpg.Pool,
    notices: NoticeActivities,
    *,
    home: CaseHome = COMMON_HOME,
    rooms: Mapping[str, Room] | None = None,
    fault: Callable[[str], Awaitable[None]] | None = None,
    documents: DocumentStore | None = None,
    webhooks: Webhooks | None = None,
    mark: Callable[[str, str], bytes] | None = None,
) -> AsyncIterator[None]:
    """Poll both task queues of a home until the context ends.

    Args:
        client: of its namespace.
        pool: connections of its workers' role.
        notices: sends its notices.
        home: whose work is done.
        rooms: the processes that are worked for; None: those that live there.
        fault: called at named points so that tests can die there.
        documents: the store of documents.
        webhooks: signed requests to other systems; None: none leaves from here.
        mark: keyed hashes by the keys of the home; None: there are no keys.
    """
    rooms = rooms_in(home) if rooms is None else rooms
    steps = StepActivities(pool, rooms, fault)
    outside = (documents, webhooks, mark)
    tools = Tools(pool, client, rooms, fault or no_fault, home.notices_queue, home.name, *outside)
    scheduled = ScheduledActivities(tools, all_works(rooms.values()))
    pollers = PollerBehaviorAutoscaling(initial=10)
    errands = [each for room in rooms.values() for each in room.errands]
    async with AsyncExitStack() as stack:
        stack.push_async_callback(cancelled, asyncio.create_task(run_errands(tools, errands)))
        await stack.enter_async_context(
            Worker(
                client,
                task_queue=home.cases_queue,
                workflows=[*workflows_of(rooms), ScheduledWorkflow],
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
                task_queue=home.notices_queue,
                activities=[notices.deliver],
                max_concurrent_activities=8,
                activity_task_poller_behavior=PollerBehaviorAutoscaling(),
                graceful_shutdown_timeout=GRACE,
            )
        )
        yield


@asynccontextmanager
async def worker_from(
    settings: Settings, client: Client, url: str, home: CaseHome = COMMON_HOME
) -> AsyncIterator[None]:
    """The worker of a home as the settings say, with its own pools."""
    ring, answers = key_ring(settings, home), f"{gateway_url(settings)}/answers"
    pool = await open_pool(url, size=POOL_SIZE, application="iehe-worker")
    try:
        channels = channels_of(
            *(settings, pool, ring), link=lambda notice_id: f"{answers}/{token_of(ring, notice_id)}"
        )
        notices = NoticeActivities(pool, ROOMS, channels)
        async with running_worker(
            client,
            pool,
            notices,
            home=home,
            documents=document_store(settings),
            webhooks=webhooks_of(settings, pool, ring),
            mark=CaseKeys(ring).mark,
        ):
            yield
    finally:
        pool.terminate()


async def run_worker(settings: Settings, names: Sequence[str] = ()) -> int:
    """Work for some homes, or all, until told to stop and return the exit code.

    Raises:
        SettingsError: there is no such home; or as `workers.process.run`.
    """
    known = homes()
    if strange := [name for name in names if name not in known]:
        raise SettingsError(f"no home is called {', '.join(strange)}; there are: {', '.join(known)}")

    async def work(urls: Urls, told: asyncio.Event) -> None:
        async with AsyncExitStack() as stack:
            namespaces = []
            for home, url in urls.items():
                ready = partial(_temporal_ready, settings, home)
                client = await until_told(told, "waiting-for-temporal", ready)
                if client is None:
                    return
                await stack.enter_async_context(worker_from(settings, client, url, home))
                namespaces.append(client.namespace)
            tell_ready()
            for namespace in namespaces:
                log.info("worker-polling", namespace=namespace)
            await told.wait()

    chosen = [home for name, home in known.items() if not names or name in names]
    return await run("worker", settings, "worker", chosen, work)


async def _temporal_ready(settings: Settings, home: CaseHome) -> Client:
    client = await connect(settings, home, runtime=runtime(settings.log_level))
    for unverified, verify in (
        ("search-attributes-unverified", register_search_attributes(client)),
        ("schedules-unverified", ensure_schedules_of(client, home)),
    ):
        try:
            await verify
        except RPCError as error:
            if error.status not in (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED):
                raise
            # a managed cluster may have them from its own administration
            log.warning("%s", unverified, code=error.status.name)
    return client
