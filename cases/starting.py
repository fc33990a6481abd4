"""One workflow for each stored subject: bounded in concurrency, killed anywhere, run again.

A subject counts as started only after Temporal has its workflow. One without a case is started again
at any time: a workflow that runs is found there, and one that ended before its first step is replaced.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import asyncpg
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecutionStatus
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from activities.kernel.acting import THE_HOST, acting_for
from activities.kernel.queries import queries
from cases.homes import home_of
from cases.registry import PROCESSES
from cases.sight import process_of
from cases.time_limits import is_unconnected
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import EVENT_SIGNAL, SearchAttribute, event_type
from schemas.kernel.step import CaseHandover, CaseStart
from workflows.kernel.process import Process, shown
from workflows.kernel.state import waiting_for_whom

SQL: Final = queries("kernel/starts")
START_WITHIN: Final = 5.0
"""Seconds for Temporal to take a start, before the relay is left to do it."""
START_CONCURRENCY: Final = 50
MARK_EVERY: Final = 50
"""Starts noted in the database at a time; after a kill so many at most are asked for again."""

Waiting = tuple[str, Mapping[str, str]]
"""A case that is to be started, with the search attributes to start it with."""


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


async def start_case(
    client: Client, case_id: str, attributes: Mapping[str, str] = MappingProxyType({})
) -> Start:
    """Start the case of a stored subject, unless its workflow runs or has completed.

    One that was terminated, deleted, or failed for an unreadable start is started anew. A case that Temporal
    completed is left to a person: run again it would send every letter again.
    """
    process = _process_of(case_id)
    values = {SearchAttribute.PROCESS: process.name, **attributes}
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(SearchAttributeKey.for_keyword(name), value) for name, value in values.items()
    ]
    try:
        await client.start_workflow(
            process.name,
            CaseStart(case_id=case_id),
            id=case_id,
            task_queue=home_of(case_id).cases_queue,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            search_attributes=TypedSearchAttributes(pairs),
            static_summary=_summary(process, case_id),
        )
    except WorkflowAlreadyStartedError:
        there = await client.get_workflow_handle(case_id).describe()
        return Start.COMPLETED if there.status is WorkflowExecutionStatus.COMPLETED else Start.RUNNING
    return Start.NEW


def _process_of(case_id: str) -> Process[Any]:
    """The process of a case. Raises LookupError: no process has such ids."""
    name = process_of(case_id)
    if name is None:
        raise LookupError(case_id)
    return PROCESSES[name]


def _summary(process: Process[Any], case_id: str) -> str:
    subject = case_id.partition("/")[2]
    return f"{process.title[1]} {subject} / {process.title[0]} {subject}"


async def start_now(pool: asyncpg.Pool, client: Client, case_id: str) -> bool:
    """Start the case of a stored subject; False when a relay will, as soon as Temporal answers.

    Raises:
        LookupError: nothing of it is stored.
    """
    with acting_for(THE_HOST):  # who refers is often none of those who see what becomes of it
        return await _start_now(pool, client, case_id)


async def _start_now(pool: asyncpg.Pool, client: Client, case_id: str) -> bool:
    row = await pool.fetchrow(SQL["asked_for"], case_id)
    if row is None:
        raise LookupError(case_id)
    if row["opened"]:
        return True
    try:
        async with asyncio.timeout(START_WITHIN):
            await start_case(client, case_id, json.loads(row["attributes"]))
    except (TimeoutError, RPCError, RuntimeError) as error:
        if type(error) is RuntimeError and not is_unconnected(error):
            raise
        return False
    await pool.execute(SQL["mark_started"], [case_id])
    return True


async def stored_by_themselves(connection: Any, limit: int) -> list[Waiting]:
    """What was accepted while nobody waited and is not started, oldest first."""
    return _waiting(await connection.fetch(SQL["by_themselves"], limit))


async def waiting_to_start(
    pool: asyncpg.Pool, rooms: Collection[str], case_ids: Sequence[str] | None = None
) -> list[Waiting]:
    """What of some rooms is stored and has no case; of the given cases, or all."""
    return _waiting(await pool.fetch(SQL["without_case"], case_ids, list(rooms)))


def _waiting(rows: Sequence[asyncpg.Record]) -> list[Waiting]:
    return [(row["case_id"], json.loads(row["attributes"])) for row in rows]


async def start_cases(
    pool: asyncpg.Pool,
    client: Callable[[str], Awaitable[Client]],
    waiting: Sequence[Waiting],
    *,
    concurrency: int = START_CONCURRENCY,
    told: Callable[[int], None] = lambda _count: None,
) -> Starts:
    """Start what waits, each with the client of its home; `told` hears how many have been looked after.

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
        for case_id, attributes in queue:
            match await start_case(await client(case_id), case_id, attributes):
                case Start.NEW:
                    starts.new += 1
                case Start.RUNNING:
                    starts.running += 1
                case Start.COMPLETED:
                    starts.completed.append(case_id)
            started.append(case_id)
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
        LookupError: the database has neither such a case nor anything that it would be about.
    """
    process = _process_of(case_id)
    row = await pool.fetchrow(queries("kernel/cases")["handover"], case_id)
    handover = None
    if row is not None:
        handover = _handover(row)
    elif not await pool.fetchval(SQL["is_stored"], case_id):
        raise LookupError(case_id)
    try:
        await client.start_workflow(
            process.name,
            CaseStart(case_id=case_id, handover=handover),
            id=case_id,
            task_queue=home_of(case_id).cases_queue,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=(
                WorkflowIDConflictPolicy.TERMINATE_EXISTING if terminate else WorkflowIDConflictPolicy.FAIL
            ),
            static_summary=_summary(process, case_id),
        )
    except WorkflowAlreadyStartedError:
        return None
    relay = queries("kernel/relay")
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(relay["bring_back"], case_id)
        await connection.execute(relay["make_due"], case_id)
    return handover.version if handover else 0


async def waking(connection: Any, case_id: str, step: str) -> WithStartWorkflowOperation[Any, Any] | None:
    """How the workflow of a closed case is started for a step that closed cases have; None: there is none."""
    start = await _woken(connection, case_id, step)
    if start is None:
        return None
    return WithStartWorkflowOperation(_process_of(case_id).name, start, **_again(case_id))


async def wake(connection: Any, client: Client, case_id: str, event: EventEnvelope) -> bool:
    """Start the workflow of a closed case again for a fact that closed cases take; False: it takes none.

    Raises:
        RPCError: Temporal does not let it through.
    """
    process = _process_of(case_id)
    steps = [
        kind.step for fact, kind in process.events.items() if event.type == event_type(process.name, fact)
    ]
    start = await _woken(connection, case_id, steps[0]) if steps else None
    if start is None:
        return False
    await client.start_workflow(
        process.name, start, start_signal=EVENT_SIGNAL, start_signal_args=[event], **_again(case_id)
    )
    return True


async def _woken(connection: Any, case_id: str, step: str) -> CaseStart | None:
    if not _process_of(case_id).lifecycle.after_the_end(step):
        return None
    row = await connection.fetchrow(queries("kernel/cases")["handover"], case_id)
    if row is None or not json.loads(row["state"])["closed"]:
        return None
    return CaseStart(case_id=case_id, handover=_handover(row))


def _again(case_id: str) -> dict[str, Any]:
    return {
        "id": case_id,
        "task_queue": home_of(case_id).cases_queue,
        "id_reuse_policy": WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        "id_conflict_policy": WorkflowIDConflictPolicy.USE_EXISTING,
        "static_summary": _summary(_process_of(case_id), case_id),
    }


def _handover(row: asyncpg.Record) -> CaseHandover:
    stored = json.loads(row["state"])
    process = PROCESSES[stored["process"]]
    state = process.state.model_validate(stored)
    return CaseHandover(
        version=row["version"],
        state=stored,
        waiting_for=waiting_for_whom(process, state),
        attributes=shown(process, state),
        undelivered=tuple(row["undelivered"]),
        restarted=True,
    )
