"""One workflow for each stored application: bounded in concurrency, killed anywhere, run again.

An application counts as started only after Temporal has its workflow. One without a case is started again
at any time: a workflow that runs is found there, and one that ended before its first step is replaced.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import asyncpg
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities.kernel.queries import queries
from cases.registry import PROCESSES
from schemas.admission.identifiers import PROCESS, ROUND_ATTRIBUTE, admission_case_id
from schemas.kernel.identifiers import CASES_QUEUE, SearchAttribute
from schemas.kernel.step import CaseHandover, CaseStart
from workflows.kernel.process import Process, shown
from workflows.kernel.state import waiting_for_whom

SQL: Final = queries("admission/imports")
STARTS: Final = queries("kernel/starts")
START_CONCURRENCY: Final = 50
MARK_EVERY: Final = 50
"""Starts noted in the database at a time; after a kill so many at most are asked for again."""


class Start(StrEnum):
    """What became of a start."""

    NEW = "new"
    RUNNING = "running"
    """Its workflow had been started before and runs."""
    COMPLETED = "completed"
    """Its workflow had been started before and has come to its proper end."""


@dataclass
class Starts:
    """What became of many: counts, and the cases that Temporal has completed."""

    new: int = 0
    running: int = 0
    completed: list[str] = field(default_factory=list)


async def start_case(client: Client, application_no: str, round_id: str) -> Start:
    """Start the case of an application."""
    return await start(client, PROCESSES[PROCESS], application_no, {ROUND_ATTRIBUTE: round_id})


async def start(
    client: Client, process: Process[Any], subject: str, attributes: Mapping[str, str] = MappingProxyType({})
) -> Start:
    """Start the case of a stored subject, unless its workflow runs or has completed.

    One that was terminated, deleted, or failed for an unreadable start is started anew. A case that Temporal
    completed is left to a person: run again it would send every letter again.
    """
    case_id = process.case_id(subject)
    values = {SearchAttribute.PROCESS: process.name, **attributes}
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(SearchAttributeKey.for_keyword(name), value) for name, value in values.items()
    ]
    try:
        await client.start_workflow(
            process.name,
            CaseStart(case_id=case_id),
            id=case_id,
            task_queue=CASES_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            search_attributes=TypedSearchAttributes(pairs),
            static_summary=_summary(process, subject),
        )
    except WorkflowAlreadyStartedError:
        there = await client.get_workflow_handle(case_id).describe()
        return Start.COMPLETED if there.status is WorkflowExecutionStatus.COMPLETED else Start.RUNNING
    return Start.NEW


def _summary(process: Process[Any], subject: str) -> str:
    return f"{process.title[1]} {subject} / {process.title[0]} {subject}"


async def start_stored(pool: asyncpg.Pool, client: Client, limit: int) -> int:
    """Start what events have brought and nobody has started; how many were looked after."""
    rows = await pool.fetch(STARTS["to_start"], limit)
    for row in rows:
        room, _, subject = row["case_id"].partition("/")
        process = next(each for each in PROCESSES.values() if each.room == room)
        await start(client, process, subject, json.loads(row["attributes"]))
        await pool.execute(STARTS["started"], row["case_id"])
    return len(rows)


async def waiting_to_start(pool: asyncpg.Pool, numbers: Sequence[str] | None = None) -> list[tuple[str, str]]:
    """Stored applications, as (number, round), that have no case; of the given numbers, or all."""
    rows = await pool.fetch(SQL["to_start"], numbers)
    return [(row["application_no"], row["round_id"]) for row in rows]


async def start_cases(
    pool: asyncpg.Pool,
    client: Client,
    waiting: Sequence[tuple[str, str]],
    *,
    concurrency: int = START_CONCURRENCY,
    told: Callable[[int], None] = lambda _count: None,
) -> Starts:
    """Start what waits; `told` hears how many have been looked after.

    Raises:
        ExceptionGroup: Temporal or the database went away; what has been started until then is noted.
    """
    queue = iter(waiting)
    started: list[str] = []
    done, starts = 0, Starts()

    async def note() -> None:
        nonlocal started
        part, started = started, []
        await pool.execute(SQL["mark_started"], part)

    async def work() -> None:
        nonlocal done
        for number, round_id in queue:
            match await start_case(client, number, round_id):
                case Start.NEW:
                    starts.new += 1
                case Start.RUNNING:
                    starts.running += 1
                case Start.COMPLETED:
                    starts.completed.append(admission_case_id(number))
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
    return starts


async def restart_case(
    pool: asyncpg.Pool, client: Client, case_id: str, *, terminate: bool = False
) -> int | None:
    """Start a case again whose workflow was terminated or lost, from the state that the database holds.

    A closed one sends the letters that it still owes, and ends. With `terminate` a running workflow, which
    this release cannot replay, is ended first: what it had been told and had not written is told again.

    Returns:
        The version that it goes on from; None when a workflow of the case is running.

    Raises:
        LookupError: the database has neither such a case nor an application for it.
    """
    row = await pool.fetchrow(queries("kernel/cases")["handover"], case_id)
    application_no = case_id.partition("/")[2]
    handover = None
    if row is not None:
        handover = _handover(row)
    elif not await pool.fetchval(SQL["is_application"], application_no):
        raise LookupError(case_id)
    try:
        await client.start_workflow(
            PROCESS,
            CaseStart(case_id=case_id, handover=handover),
            id=case_id,
            task_queue=CASES_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=(
                WorkflowIDConflictPolicy.TERMINATE_EXISTING if terminate else WorkflowIDConflictPolicy.FAIL
            ),
            static_summary=_summary(PROCESSES[PROCESS], application_no),
        )
    except WorkflowAlreadyStartedError:
        return None
    relay = queries("kernel/relay")
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(relay["bring_back"], case_id)
        await connection.execute(relay["make_due"], case_id)
    return handover.version if handover else 0


def _handover(row: asyncpg.Record) -> CaseHandover:
    stored = json.loads(row["state"])
    process = PROCESSES[stored["process"]]
    state = process.state.model_validate(stored)
    return CaseHandover(
        version=row["version"],
        state=stored,
        waiting_for=waiting_for_whom(process.lifecycle, state),
        attributes=shown(process, state),
        undelivered=tuple(row["undelivered"]),
        restarted=True,
    )
