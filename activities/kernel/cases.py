"""The transition: one step of a case in one transaction, with the events for other cases that it queues."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import asyncpg
from pydantic import BaseModel
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.kernel.case_log import FIRST, seal
from activities.kernel.database import Connection, transact
from activities.kernel.message_templates import ASKING
from activities.kernel.queries import queries
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import CASES_OF
from schemas.kernel.transition import NoticeRequested, Transition, Written

SQL = queries("kernel/cases")
RELAY = queries("kernel/relay")
Writer = Callable[[Connection, Transition, Any], Awaitable[None]]
Writers = Mapping[str, tuple[type[BaseModel], Writer]]
NOBODY = "-"
"""Recipient of a notice for a role that nobody holds: it fails visibly instead of vanishing."""


class CaseActivities:
    """Database side of every case.

    Args:
        pool: connections of the worker role.
        writers: kind of record to its model and the function that writes it.
        fault: called at named points so that tests can die there.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        writers: Writers,
        fault: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self._pool = pool
        self._writers = writers
        self._fault = fault

    @activity.defn(name="record-transition")
    async def record_transition(self, transition: Transition) -> Written:
        """Write a step whole or not at all; the same step again is answered, not repeated."""
        written = await transact(self._pool, lambda connection: self._record(connection, transition))
        if self._fault is not None:
            await self._fault(f"written:{transition.step}")
        return written

    async def _record(self, connection: Connection, new: Transition) -> Written:
        if new.version == 1:
            await connection.execute(SQL["open_case"], new.case_id, new.process, new.at)
            # what has waited for this case is delivered now
            await connection.execute(RELAY["make_due"], new.case_id)
        case = await connection.fetchrow(SQL["lock_case"], new.case_id)
        if case is None:
            raise ApplicationError("the case has no row", type="CaseMissing")
        if case["version"] >= new.version:
            return await self._ahead(connection, new, case)
        if new.cause is not None:
            earlier = await connection.fetchval(SQL["version_of_cause"], new.case_id, new.cause)
            if earlier is not None:
                return Written(version=earlier, repeated=True)
        if case["version"] != new.version - 1:
            # the database is behind what Temporal has recorded: it was restored from an older copy
            raise ApplicationError(
                f"step {new.version} would follow version {case['version']}", type="DatabaseBehind"
            )
        await self._append_log(connection, new)
        await self._change(connection, new)
        for record in new.records:
            model, write = self._writers[record["kind"]]
            await write(connection, new, model.model_validate(record))
        return Written(version=new.version, notices=await _owed(connection, new))

    async def _ahead(self, connection: Connection, new: Transition, case: asyncpg.Record) -> Written:
        entry = await connection.fetchrow(SQL["log_at"], new.case_id, new.version)
        return Written(
            version=case["version"],
            taken_over=json.loads(case["state"]),
            same_step=entry is not None and (entry["step"], entry["cause"]) == (new.step, new.cause),
            notices=await _owed(connection, new),
        )

    async def _append_log(self, connection: Connection, new: Transition) -> None:
        entry = {
            "case_id": new.case_id,
            "version": new.version,
            "at": new.at,
            "step": new.step,
            "from_stage": new.from_stage,
            "stage": new.stage,
            "actor_kind": new.actor.kind.value,
            "actor_id": new.actor.id,
            "cause": new.cause,
            "details": new.details,
        }
        prev_hash = await connection.fetchval(SQL["last_hash"], new.case_id) or FIRST
        values = {**entry, "details": json.dumps(new.details)}.values()
        await connection.execute(SQL["append_log"], *values, prev_hash, seal(prev_hash, entry))

    async def _change(self, connection: Connection, new: Transition) -> None:
        case_id, version, at = new.case_id, new.version, new.at
        await connection.execute(
            SQL["move_case"],
            case_id,
            version,
            new.stage,
            at,
            new.waiting_for,
            new.due_at,
            new.outcome,
            new.outcome_by,
            new.closed,
            json.dumps(new.state),
        )
        await _each(
            connection,
            "close_task",
            ((case_id, task.key, at, task.how, new.actor.id) for task in new.tasks_closed),
        )
        await _each(
            connection,
            "open_task",
            (
                (case_id, task.key, version, task.kind, task.role, task.assignee, at, task.due_at)
                for task in new.tasks_opened
            ),
        )
        await _each(
            connection,
            "change_task",
            ((case_id, task.key, task.assignee, task.due_at) for task in new.tasks_reassigned),
        )
        await _each(
            connection,
            "set_deadline",
            (
                (case_id, each.name, each.state, each.due_at, list(each.calculation), version)
                for each in new.deadlines
            ),
        )
        if new.stage != new.from_stage:
            await connection.execute(SQL["silence"], case_id, version, sorted(ASKING))
        for notice in new.notices:
            for kind, recipient in await _recipients(connection, new, notice):
                facts = json.dumps({"case": case_id, **notice.facts})
                identity = notice_id(case_id, version, notice.message, f"{kind}:{recipient}")
                row = (case_id, version, new.process, notice.message, kind, recipient, facts, at)
                await connection.execute(SQL["queue_notice"], identity, *row)
        for event in new.events:
            await queue_event(connection, new, event.case_id, event.envelope)


async def queue_event(
    connection: Connection, cause: Transition, case_id: str, envelope: EventEnvelope
) -> None:
    """Store an event for another case in the transaction that made it true."""
    body = envelope.model_dump_json()
    process = _process_of(case_id)
    row = (envelope.source, envelope.id, envelope.type, process, case_id, body, cause.case_id, cause.version)
    await connection.execute(SQL["queue_event"], *row)


def _process_of(case_id: str) -> str:
    return next(process for process, first in CASES_OF.items() if first == case_id.partition("/")[0])


async def _owed(connection: Connection, new: Transition) -> tuple[int, ...]:
    """Versions from this one on whose notices are to be delivered."""
    return tuple(row["version"] for row in await connection.fetch(SQL["owed"], new.case_id, new.version))


def notice_id(case_id: str, version: int, message: str, recipient: str) -> str:
    """One cause, one recipient, one message: one id, and so at most one mail."""
    return hashlib.sha256(f"{case_id}|{version}|{message}|{recipient}".encode()).hexdigest()


async def _each(connection: Connection, query: str, rows: Iterable[tuple[Any, ...]]) -> None:
    for row in rows:
        await connection.execute(SQL[query], *row)


async def _recipients(
    connection: Connection, new: Transition, notice: NoticeRequested
) -> list[tuple[str, str]]:
    kind, _, who = notice.to.partition(":")
    if kind == "role":
        rows = await connection.fetch(SQL["staff_in_role"], who)
        return [("staff", row["staff_id"]) for row in rows] or [("staff", NOBODY)]
    if kind == "staff":
        return [("staff", who)]
    # a case is named after its subject: admission/<application number>
    return [(kind, new.case_id.partition("/")[2])]
