"""A backlog: many cases with many waiting facts each when the worker starts, and decisions meanwhile."""

import argparse
import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
from temporalio.api.enums.v1 import EventType, TimeoutType
from temporalio.client import Client, RPCTimeoutOrCancelledError, WorkflowUpdateFailedError
from temporalio.service import RPCError

from activities.kernel.database import open_pool
from activities.kernel.mailer import Mailer, SmtpSettings
from activities.kernel.notices import NoticeActivities
from activities.kernel.queries import queries
from cases.registry import ROOMS
from cli.session import leave
from embedded.home import Home, postgres_account
from embedded.mail import MailCatcher
from embedded.ports import free_port
from embedded.postgres import PostgresServer
from embedded.temporal import TemporalPorts, TemporalServer
from encryption.ring import ensure_ring
from schemas.admission.identifiers import PROCESS
from schemas.kernel.case import EventEnvelope, MoveDeadline, Receipt
from schemas.kernel.identifiers import EVENT_SIGNAL, event_type
from tests.office import DEFAULT_STAFF, Case, Institute, actor
from workers.logs import configure
from workers.migrations import migrate
from workers.policies import load_defaults
from workers.relay.relay import CONNECTIONS, running_relay
from workers.settings import load_settings
from workers.temporal import encrypted, register_search_attributes
from workers.worker import running_worker

SOURCE: Final = "urn:example:portal"
DECIDERS: Final = 4
"""People who decide one thing after the other on cases without a backlog and with one."""
PATIENCE: Final = timedelta(seconds=15)
LEAD: Final = 20.0
"""Seconds that the relay has before the worker starts."""


def facts(number: int, count: int) -> list[EventEnvelope]:
    """What waits for one case; nothing of it changes its stage."""
    kind = event_type(PROCESS, "document-received")
    return [
        EventEnvelope(id=f"{number}-{each}", source=SOURCE, type=kind, data={"item": "transcript"})
        for each in range(count)
    ]


async def wait_in_the_inbox(institute: Institute, case: Case, waiting: Sequence[EventEnvelope]) -> None:
    """As another system would have sent them."""
    rows = [(SOURCE, each.id, each.type, PROCESS, case.case_id, each.model_dump_json()) for each in waiting]
    await institute.pool.executemany(queries("kernel/events")["enter"], rows)


async def wait_in_temporal(_: Institute, case: Case, waiting: Sequence[EventEnvelope]) -> None:
    """As signals past the inbox."""
    for each in waiting:
        await case.handle.signal(EVENT_SIGNAL, each)


async def decide(cases: Sequence[Case], done: asyncio.Event, took: list[float], failed: list[str]) -> None:
    """One decision after the other until all is done; how long each took, and what got no answer in time."""
    number = 0
    while not done.is_set():
        case = cases[number % len(cases)]
        number += 1
        command = MoveDeadline(
            command_id=uuid4().hex,
            actor=actor("office-1"),
            deadline="completeness",
            due_at=datetime.now(UTC) + timedelta(days=30),
        )
        began = time.perf_counter()
        try:
            await case.handle.execute_update(
                command.step, command, id=command.cause, result_type=Receipt, rpc_timeout=PATIENCE
            )
        except (RPCError, RPCTimeoutOrCancelledError, WorkflowUpdateFailedError) as error:
            failed.append(type(error).__name__)
        took.append(time.perf_counter() - began)
        await asyncio.sleep(0.2)


async def digested(institute: Institute, most: int, limit: float) -> tuple[int, float]:
    """Facts taken, and after how many seconds the last of them was."""
    count, began, ended = 0, time.perf_counter(), 0.0
    while count < most and (ended := time.perf_counter() - began) < limit:
        await asyncio.sleep(0.5)
        count = await institute.pool.fetchval(
            "SELECT count(*) FROM iehe.case_log WHERE starts_with(cause, $1)", f"{SOURCE}#"
        )
    return count, ended


async def watched(
    institute: Institute, given: argparse.Namespace, behind: Sequence[Case], idle: Sequence[Case]
) -> tuple[int, float, dict[str, list[float]], dict[str, list[str]]]:
    """Facts taken, the seconds it took, and how long decisions took meanwhile on which cases."""
    took: dict[str, list[float]] = {"idle": [], "behind": []}
    failed: dict[str, list[str]] = {"idle": [], "behind": []}
    done = asyncio.Event()
    deciders = [
        asyncio.create_task(decide(some, done, took[name], failed[name]))
        for name, several in (("idle", idle), ("behind", behind[:DECIDERS]))
        for some in (several[:2], several[2:])
    ]
    count, seconds = await digested(institute, given.cases * given.facts, given.limit)
    done.set()
    await asyncio.gather(*deciders)
    return count, seconds, took, failed


async def tasks_of(client: Client, cases: Sequence[Case]) -> dict[str, int]:
    """Workflow tasks that were begun, and of these, that ended by their time limit or failed."""
    names = {
        EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED: "tasks",
        EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT: "tasks_repeated",
        EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED: "tasks_failed",
    }
    counts = dict.fromkeys([*names.values(), "tasks_handed_on"], 0)
    for case in cases:
        async for each in client.list_workflows(f"WorkflowId = '{case.case_id}'"):
            handle = client.get_workflow_handle(each.id, run_id=each.run_id)
            async for event in handle.fetch_history_events():
                late = event.workflow_task_timed_out_event_attributes.timeout_type
                if late == TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_START:
                    # only handed to another worker: its own did not take it within two seconds
                    counts["tasks_handed_on"] += 1
                elif event.event_type in names:
                    counts[names[event.event_type]] += 1
    return counts


async def run(given: argparse.Namespace) -> None:
    """Measure on servers of its own that keep what they have, as in operation."""
    account = postgres_account(load_settings().postgres_account)
    folder = Path(tempfile.mkdtemp(prefix="iehe-bench-", dir="/tmp"))
    folder.chmod(0o711)
    home = Home(folder / "h")
    home.create(account)
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        postgres = PostgresServer(home, account=account)
        await postgres.start()
        stack.push_async_callback(postgres.stop)
        temporal = TemporalServer(
            TemporalPorts(frontend=free_port(), http=free_port(), metrics=free_port()),
            folder=home.temporal,
            log=home.logs / "temporal.log",
            dynamic_config={"frontend.WorkflowTimeSkippingEnabled": "true"},
        )
        await temporal.start()
        stack.push_async_callback(temporal.stop)
        owner = await asyncpg.connect(postgres.url("owner"))
        await migrate(owner)
        await load_defaults(owner)
        await owner.close()
        ring = ensure_ring(home.secrets / "keys.json")
        client = await Client.connect(temporal.address, data_converter=encrypted(ring, "default"))
        await register_search_attributes(client)
        mail = MailCatcher(folder / "mail", free_port())
        await mail.start()
        stack.push_async_callback(mail.stop)
        pools = {}
        for name, role, size in (
            ("owner", "owner", 10),
            ("worker", "worker", 16),
            ("relay", "worker", CONNECTIONS),
        ):
            pools[name] = await open_pool(postgres.url(role), size=size, application=f"bench-{name}")
            stack.callback(pools[name].terminate)
        smtp = SmtpSettings(host="127.0.0.1", port=mail.port, tls="none", sender="admissions@example.ac.jp")
        notices = NoticeActivities(pools["worker"], ROOMS, Mailer(smtp))
        institute = Institute(client, pools["owner"])
        await institute.employ(*DEFAULT_STAFF)
        async with running_worker(client, pools["worker"], notices):
            cases = [await institute.apply() for _ in range(given.cases + DECIDERS)]
            for case in cases:
                await case.until_stage("completeness")
        behind, idle = cases[: given.cases], cases[given.cases :]
        wait = wait_in_temporal if given.direct else wait_in_the_inbox
        async with asyncio.TaskGroup() as group:
            for number, case in enumerate(behind):
                group.create_task(wait(institute, case, facts(number, given.facts)))
        async with running_relay(pools["relay"], client):
            await asyncio.sleep(0 if given.direct else LEAD)
            async with running_worker(client, pools["worker"], notices):
                count, seconds, took, failed = await watched(institute, given, behind, idle)
        counted = await tasks_of(client, [*idle, *behind[:20]])
        _tell(given, count, seconds, took, failed, counted)


def _tell(
    given: argparse.Namespace,
    count: int,
    seconds: float,
    took: dict[str, list[float]],
    failed: dict[str, list[str]],
    counted: dict[str, Any],
) -> None:
    where = "temporal" if given.direct else "inbox"
    print(f"cases={given.cases} facts_each={given.facts} waiting_in={where}")
    print(
        f"taken={count} of={given.cases * given.facts} seconds={seconds:.1f} per_second={count / seconds:.0f}"
    )
    for name, values in took.items():
        shown = sorted(values) or [0.0]
        print(
            f"decisions_on={name} count={len(values)} unanswered={len(failed[name])}",
            f"median_s={statistics.median(shown):.2f} p95_s={shown[int(0.95 * (len(shown) - 1))]:.2f}",
            f"max_s={shown[-1]:.2f}",
        )
    print(*(f"{name}={number}" for name, number in counted.items()), "(of 24 cases)", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=150)
    parser.add_argument("--facts", type=int, default=60)
    parser.add_argument("--direct", action="store_true", help="signals instead of stored events")
    parser.add_argument("--limit", type=float, default=150.0, help="seconds after which it is given up")
    given = parser.parse_args()
    configure("json", "error")
    asyncio.run(run(given))
    leave(0)
