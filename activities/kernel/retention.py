"""The nightly sweep: what only grows goes when its time is over, then the cases whose time is over.

How long, and what is finished, is decided in the database (`0003_retention.sql`); here only the batches are
counted out, and Temporal is told to delete the runs of a case before its rows go. Whoever dies in between
leaves rows whose runs are gone: the next run takes them up, and one certificate is written with their end.
"""

from datetime import time
from typing import Any, Final

import asyncpg
from pydantic import BaseModel, JsonValue
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.kernel.queries import queries
from activities.kernel.scheduled import Batch, ScheduledWork, Tools
from schemas.kernel.schedules import Occasion

SQL: Final = queries("kernel/retention")
ROWS: Final = 5_000
"""Rows of a kind that go in one transaction."""
CASES: Final = 20
"""Cases of a batch, each in a transaction of its own."""
PATIENCE: Final = 300.0
"""Seconds for one statement: at night a whole table may be read for the rows that are due."""


class _Position(BaseModel):
    """Where a sweep stands: at which of the rules, afterwards after which case."""

    rule: int = 0
    after: str = ""


async def sweep(tools: Tools, occasion: Occasion, position: JsonValue) -> Batch:
    """One batch: rows of one kind, or some cases."""
    here = _Position.model_validate(position or {})
    rules = await tools.pool.fetch(SQL["rules"])
    if here.rule >= len(rules):
        return await _erase_cases(tools, occasion.run, here)
    kind, process = rules[here.rule]
    gone = await _patiently(tools.pool, "sweep", occasion.run, kind, process, ROWS)
    following = here if gone == ROWS else _Position(rule=here.rule + 1)
    return Batch(counts={kind: gone} if gone else {}, position=following.model_dump())


async def _patiently(pool: asyncpg.Pool, query: str, *values: Any) -> Any:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(f"SET LOCAL statement_timeout = '{PATIENCE:.0f}s'")
        return await connection.fetchval(SQL[query], *values, timeout=PATIENCE)


async def _erase_cases(tools: Tools, run: str, here: _Position) -> Batch:
    due = await _patiently_all(tools.pool, here.after)
    erased = 0
    for case_id in due:
        runs = await _delete_runs(tools.client, case_id)
        if runs is None:
            continue
        await tools.fault("runs-deleted")
        erased += await _patiently(tools.pool, "erase_case", run, case_id, runs)
        await tools.fault("case-erased")
    more = _Position(rule=here.rule, after=due[-1]).model_dump() if len(due) == CASES else None
    return Batch(counts={"cases": erased} if erased else {}, position=more)


async def _patiently_all(pool: asyncpg.Pool, after: str) -> list[str]:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(f"SET LOCAL statement_timeout = '{PATIENCE:.0f}s'")
        rows = await connection.fetch(SQL["cases_to_erase"], after, CASES, timeout=PATIENCE)
    return [row["case_id"] for row in rows]


async def _delete_runs(client: Client, case_id: str) -> int | None:
    """Have Temporal delete every run of a case; how many, None: one is still running, and the case stays."""
    runs = {each.run_id: each.status async for each in client.list_workflows(f"WorkflowId = '{case_id}'")}
    try:
        # what is listed may be behind
        latest = await client.get_workflow_handle(case_id).describe()
        runs[latest.run_id] = latest.status
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
    if WorkflowExecutionStatus.RUNNING in runs.values():
        return None
    deleted = 0
    for run_id in runs:
        request = DeleteWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=case_id, run_id=run_id),
        )
        try:
            await client.workflow_service.delete_workflow_execution(request)
            deleted += 1
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
    return deleted


RETENTION_WORK: Final = ScheduledWork(
    name="retention",
    title=("保存期間の過ぎた記録の消去", "Erases records whose time is over"),
    at=time(3, 30),
    run=sweep,
)
