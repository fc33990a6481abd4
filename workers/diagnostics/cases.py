"""Which cases do not go on, found by comparing what is stored with what runs in Temporal.

Every running case is described by Temporal, the suspicious ones first, for as long as `PATIENCE`; what was
not looked at by then is counted.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, WorkflowExecutionStatus, WorkflowTaskFailedCause
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionResponse,
    GetWorkflowExecutionHistoryReverseRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.kernel.database import DATABASE_FAULT
from activities.kernel.queries import queries
from cases.homes import rooms_in
from cases.registry import PROCESSES
from encryption.ring import COMMON_HOME
from schemas.kernel.homes import CaseHome
from workers.diagnostics.findings import Finding, ok, problem

COMPARED: Final = 20_000
"""Of more running workflows than this only those of suspicious cases are looked at."""
PATIENCE: Final = 10.0
"""Seconds for describing cases one by one."""
AT_ONCE: Final = 20
RETRIED: Final = 3
"""Attempts from which on a step or a workflow's task is said to be tried again and again."""
RECENT: Final = timedelta(minutes=1)
"""What has been started since is still being opened."""
NONDETERMINISM: Final = "non-deterministic-error"
RUNNING: Final = WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING
_OURS: Final = f"IeheProcess IN ({', '.join(map(repr, PROCESSES))})"
_TASK_FAILED: Final = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
_TASK_LATE: Final = EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT


@dataclass
class Comparison:
    """What both stores say, case by case."""

    opened: int = 0
    running: int = 0
    lost: list[str] = field(default_factory=list)
    """Open cases without a running workflow."""
    left: dict[str, str] = field(default_factory=dict)
    """Closed cases without a running workflow, with what they still have to do."""
    forgotten: dict[str, str] = field(default_factory=dict)
    """Applications with neither a case nor a running workflow, by case id, and how a workflow ended."""
    unopened: list[str] = field(default_factory=list)
    """Workflows that have run for over a minute and have written no case."""
    stuck: dict[str, str] = field(default_factory=dict)
    """Cases whose workflow's task fails again and again, with the cause."""
    retried: dict[str, str] = field(default_factory=dict)
    """Cases with a step that is tried again and again, with the step, the attempts and the cause."""
    not_looked_at: int = 0

    @property
    def restartable(self) -> list[str]:
        """What goes on when it is started again from the database: lost ones, and unreplayable ones."""
        unreplayable = [case for case, cause in self.stuck.items() if cause == NONDETERMINISM]
        return sorted({*self.lost, *self.left, *unreplayable})


async def compare(client: Client, connection: Any, home: CaseHome = COMMON_HOME) -> Comparison:
    """Ask both stores about the cases of a home.

    The lists are complete unless `not_looked_at` says otherwise.
    """
    found = Comparison()
    rooms = [room.process.room for room in rooms_in(home).values()]
    rows = await connection.fetch(queries("kernel/office")["cases_in_need"], rooms)
    pending = await connection.fetch(queries("kernel/starts")["without_case"], None, rooms)
    applied = {row["case_id"]: row["started_at"] for row in pending}
    found.opened = sum(not row["closed"] for row in rows)
    workflows = await _running(client, found)
    needy = {row["case_id"]: row for row in rows}
    stored = {
        row["case_id"]
        for row in await connection.fetch(
            "SELECT case_id FROM iehe.cases WHERE case_id = ANY ($1::text[])",
            [case for case in workflows if case not in needy],
        )
    }
    late = [case for case, row in needy.items() if row["late"]]
    # without the list of what runs only the suspicious ones are asked for
    absent = [case for case in (*applied, *needy) if case not in workflows] if _listed(found) else [*applied]
    suspects = [*absent, *late, *(case for case in workflows if case in applied or case not in needy)]
    order = list(dict.fromkeys([*suspects, *workflows]))
    async for case, described in _described(client, order, found):
        status = described.workflow_execution_info.status if described is not None else None
        if described is not None and status == RUNNING:
            await _look(client, case, described, found)
            since = described.workflow_execution_info.start_time.ToDatetime(UTC)
            if case not in needy and case not in stored and since < datetime.now(UTC) - RECENT:
                found.unopened.append(case)
        elif case in applied:
            found.forgotten[case] = _ending(status)
        elif case in needy and needy[case]["closed"]:
            row = needy[case]
            owes, letters = row["owes"], row["letters"]
            todo = f"{owes} things to give back" if owes else f"{letters} letters to be sent"
            found.left[case] = todo
        elif case in needy:
            found.lost.append(case)
    for names in (found.lost, found.unopened):
        names.sort()
    return found


def _listed(found: Comparison) -> bool:
    return max(found.opened, found.running) <= COMPARED


def _ending(status: "WorkflowExecutionStatus.ValueType | None") -> str:
    if status is None:
        return "no workflow"
    name = WorkflowExecutionStatus.Name(status).removeprefix("WORKFLOW_EXECUTION_STATUS_")
    return f"workflow {name.lower().replace('_', ' ')}"


async def _running(client: Client, found: Comparison) -> list[str]:
    query = f"{_OURS} AND ExecutionStatus = 'Running'"
    found.running = (await client.count_workflows(query)).count
    if not _listed(found):
        query += " AND TemporalReportedProblems IS NOT NULL"
    return [each.id async for each in client.list_workflows(query)]


async def _described(
    client: Client, cases: Sequence[str], found: Comparison
) -> AsyncIterator[tuple[str, DescribeWorkflowExecutionResponse | None]]:
    """Each case with what Temporal says of it, None where it has no workflow; in groups, until time is up."""
    until = asyncio.get_running_loop().time() + PATIENCE
    for first in range(0, len(cases), AT_ONCE):
        if asyncio.get_running_loop().time() > until:
            found.not_looked_at = len(cases) - first
            return
        group = cases[first : first + AT_ONCE]
        for case, answer in zip(
            group, await asyncio.gather(*(_describe(client, case) for case in group)), strict=True
        ):
            yield case, answer


async def _describe(client: Client, case: str) -> DescribeWorkflowExecutionResponse | None:
    try:
        handle = client.get_workflow_handle(case)
        return (await handle.describe(rpc_timeout=timedelta(seconds=PATIENCE))).raw_description
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise


async def _look(
    client: Client, case: str, described: DescribeWorkflowExecutionResponse, found: Comparison
) -> None:
    reported = "TemporalReportedProblems" in (
        described.workflow_execution_info.search_attributes.indexed_fields
    )
    if reported or described.pending_workflow_task.attempt >= RETRIED:
        cause = await _task_failure(client, case)
        if cause is not None:
            found.stuck[case] = cause
    for each in described.pending_activities:
        # letters have their own check
        if each.attempt >= RETRIED and each.activity_type.name != "deliver-notices":
            cause = await _cause(client, each.last_failure)
            found.retried[case] = f"{each.activity_type.name}, {each.attempt} attempts, {cause}"


async def _task_failure(client: Client, case: str) -> str | None:
    """Why the workflow's task failed last; None when it was only late."""
    answer = await client.workflow_service.get_workflow_execution_history_reverse(
        GetWorkflowExecutionHistoryReverseRequest(
            namespace=client.namespace, execution=WorkflowExecution(workflow_id=case), maximum_page_size=50
        )
    )
    for event in answer.history.events:
        if event.event_type == _TASK_LATE:
            return None
        if event.event_type == _TASK_FAILED:
            failed = event.workflow_task_failed_event_attributes
            name = WorkflowTaskFailedCause.Name(failed.cause).removeprefix("WORKFLOW_TASK_FAILED_CAUSE_")
            cause = name.lower().replace("_", "-")
            kind = failed.failure.application_failure_info.type
            return cause if cause == NONDETERMINISM or not kind else f"{cause}: {kind}"
    return None


async def _cause(client: Client, failure: Failure) -> str:
    if failure.HasField("timeout_failure_info"):
        return "timed out"
    kind = failure.application_failure_info.type or "unknown"
    if kind != DATABASE_FAULT:
        return kind
    # the text is ours, and its end is PostgreSQL's code
    text = str(await client.data_converter.decode_failure(failure))
    return f"{kind} {text.rpartition(': ')[2]}"


async def compared(client: Client, connection: Any, home: CaseHome) -> list[Finding]:
    """Every case of a home that does not go on, by name, and what to do about it."""
    found = await compare(client, connection, home)
    return [_applications(found), _stuck(found), _retried(found), _cases(found)]


def _applications(found: Comparison) -> Finding:
    if not found.forgotten:
        return ok("imports", "every stored application has its case, or a workflow that is opening it")
    ended = [case for case, how in found.forgotten.items() if how == "workflow completed"]
    text = f"{len(found.forgotten)} stored applications have neither a case nor a running workflow"
    todo = "iehe case start-pending, or import the same file again"
    if ended:
        todo += "; what Temporal has completed: docs/ops.md, After restoring a backup"
    return problem("imports", text, todo, named=_lines(found.forgotten), cases=[*found.forgotten])


def _stuck(found: Comparison) -> Finding:
    if not found.stuck:
        return ok("stuck workflows", "none" + _rest(found))
    unreplayable = sum(cause == NONDETERMINISM for cause in found.stuck.values())
    todo = "docs/ops.md, A case is stuck: the worker's log has the place in the code"
    if unreplayable:
        todo = (
            f"{unreplayable} cannot be replayed by this release: start the release that ran before, or let "
            "them go on from the database: iehe case restart --all-stuck"
        )
    text = f"the code of {len(found.stuck)} fails again and again"
    return problem("stuck workflows", text, todo, named=_lines(found.stuck), cases=[*found.stuck])


def _retried(found: Comparison) -> Finding:
    if not found.retried:
        return ok("retried steps", "none" + _rest(found))
    text = f"{len(found.retried)} cases wait for a step that is tried again and again"
    behind = any("DatabaseBehind" in line or "CaseMissing" in line for line in found.retried.values())
    todo = "docs/ops.md, " + ("After restoring a backup" if behind else "A step is tried again and again")
    return problem("retried steps", text, todo, named=_lines(found.retried), cases=[*found.retried])


def _cases(found: Comparison) -> Finding:
    text = f"{found.opened} open, {found.running} workflows running"
    facts: dict[str, Any] = {
        "open": found.opened,
        "running": found.running,
        "without_workflow": found.lost,
        "closed_with_work": [*found.left],
        "without_case": found.unopened,
        "not_looked_at": found.not_looked_at,
    }
    lost = {
        **dict.fromkeys(found.lost, "open, no workflow"),
        **{case: f"closed, no workflow, {todo}" for case, todo in found.left.items()},
    }
    if lost:
        text += f"; {len(lost)} cases have something to do and no workflow"
        todo = "see in the Temporal UI how each ended, then iehe case restart CASE…, or --all-stuck"
        return problem("cases", text + _rest(found), todo, named=_lines(lost), **facts)
    if found.unopened:
        text += f"; {len(found.unopened)} workflows have no case yet"
        todo = "see their pending activities in the Temporal UI"
        return problem("cases", text + _rest(found), todo, named=found.unopened, **facts)
    return ok("cases", text + _rest(found), **facts)


def _lines(causes: Mapping[str, str]) -> Sequence[str]:
    return [f"{case}: {cause}" for case, cause in sorted(causes.items())]


def _rest(found: Comparison) -> str:
    if _listed(found) and not found.not_looked_at:
        return ""
    count = found.not_looked_at or "most"
    return f"; {count} were not looked at one by one (time limit {PATIENCE:g} s, {COMPARED} cases)"
