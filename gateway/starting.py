"""One workflow for each stored application: bounded in concurrency, killed anywhere, run again.

An application counts as started only after Temporal has its workflow; starting it a second time finds it
there, running or ended.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import asyncpg
from temporalio.client import Client
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities.sql import queries
from schemas.admission import AdmissionState, OpenApplication
from schemas.identifiers import CASES_QUEUE, ProcessName, SearchAttribute, admission_case_id

SQL: Final = queries("imports")
START_CONCURRENCY: Final = 50
MARK_EVERY: Final = 50
"""Starts noted in the database at a time; after a kill so many at most are asked for again."""


async def start_case(client: Client, application_no: str, round_id: str) -> bool:
    """Start the case of an application; False when it was started before, running or ended."""
    attributes = TypedSearchAttributes(
        [
            SearchAttributePair(
                SearchAttributeKey.for_keyword(SearchAttribute.PROCESS), ProcessName.ADMISSION_REVIEW
            ),
            SearchAttributePair(SearchAttributeKey.for_keyword(SearchAttribute.ROUND), round_id),
        ]
    )
    try:
        await client.start_workflow(
            ProcessName.ADMISSION_REVIEW,
            OpenApplication(application_no=application_no),
            id=admission_case_id(application_no),
            task_queue=CASES_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            search_attributes=attributes,
            static_summary=_summary(application_no),
        )
    except WorkflowAlreadyStartedError:
        return False
    return True


def _summary(application_no: str) -> str:
    return f"Admission review of {application_no} / 入学者選抜 {application_no}"


async def waiting_to_start(pool: asyncpg.Pool, numbers: Sequence[str] | None = None) -> list[tuple[str, str]]:
    """Stored applications, as (number, round), not known to have a case; of the given numbers, or all."""
    rows = await pool.fetch(SQL["to_start"], numbers)
    return [(row["application_no"], row["round_id"]) for row in rows]


async def start_cases(
    pool: asyncpg.Pool,
    client: Client,
    waiting: Sequence[tuple[str, str]],
    *,
    concurrency: int = START_CONCURRENCY,
    told: Callable[[int], None] = lambda _count: None,
) -> int:
    """Start what waits; `told` hears the running count. Returns how many were new to Temporal.

    Raises:
        ExceptionGroup: Temporal or the database went away; what has been started until then is noted.
    """
    queue = iter(waiting)
    started: list[str] = []
    done = new = 0

    async def note() -> None:
        nonlocal started
        part, started = started, []
        await pool.execute(SQL["mark_started"], part)

    async def work() -> None:
        nonlocal done, new
        for number, round_id in queue:
            new += await start_case(client, number, round_id)
            started.append(number)
            done += 1
            told(done)
            if len(started) >= MARK_EVERY:
                await note()

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(concurrency, len(waiting))):
                group.create_task(work())
    finally:
        if started:
            await note()
    return new


async def restart_case(pool: asyncpg.Pool, client: Client, case_id: str) -> int | None:
    """Start a case again whose workflow was terminated or lost, from the state that the database holds.

    Returns:
        The version that it goes on from; None when a workflow of the case is running.

    Raises:
        LookupError: the database has neither such a case nor an application for it.
    """
    row = await pool.fetchrow(SQL["state_of_case"], case_id)
    application_no = case_id.partition("/")[2]
    state = None
    if row is not None:
        state = AdmissionState.model_validate_json(row["state"])
        state.undelivered = row["undelivered"]
    elif not await pool.fetchval(SQL["is_application"], application_no):
        raise LookupError(case_id)
    try:
        await client.start_workflow(
            ProcessName.ADMISSION_REVIEW,
            OpenApplication(
                application_no=application_no,
                resume=state,
                # what its workflow could not be told while it was lost
                superseded_by=row["superseded_by"] if row else None,
            ),
            id=case_id,
            task_queue=CASES_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            static_summary=_summary(application_no),
        )
    except WorkflowAlreadyStartedError:
        return None
    relay = queries("relay")
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(relay["bring_back"], case_id)
        await connection.execute(relay["make_due"], case_id)
    return state.version if state else 0
