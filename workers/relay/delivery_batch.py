"""One turn of a relay: take some cases that have events due, deliver them in order, write down what became
of each. All in one transaction: a relay that dies in between has delivered what it had, marked nothing and
holds nothing any more; the next one delivers again, and the cases drop what they have seen.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

import asyncpg
import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from activities.kernel.database import Connection
from activities.kernel.queries import queries
from cases.starting import wake
from schemas.kernel.case import EventEnvelope
from schemas.kernel.policies import EventPolicy
from workers.relay.room import Room, look_again
from workers.relay.signalling import STARTING, Outcome, signal

SQL: Final = queries("kernel/relay")
CASES: Final = 16
"""Cases of one turn; they are signalled at the same time."""
EVENTS: Final = 25
"""Events of one case in one turn, one after the other."""
LONGEST: Final = 5.0
"""Seconds after which a turn begins no more signals: the database ends a transaction that idles for 20."""
LONGEST_PUT_OFF: Final = 60.0
LONGEST_AWAY: Final = 5.0
"""Of a case that Temporal did not answer for: as soon as it is back, so is the case."""
LOCKS: Final = 0x49454845
"""Class of the advisory locks of cases (the other half is a hash of the case id)."""

log = structlog.get_logger()


@dataclass
class Report:
    """What became of a turn's events."""

    delivered: list[asyncpg.Record] = field(default_factory=list)
    refused: list[asyncpg.Record] = field(default_factory=list)
    without_workflow: list[asyncpg.Record] = field(default_factory=list)
    busy: list[tuple[asyncpg.Record, str]] = field(default_factory=list)
    away: list[asyncpg.Record] = field(default_factory=list)
    why_away: str = ""


async def claim(connection: Connection, room: Room, cases: int = CASES) -> list[list[asyncpg.Record]]:
    """Take up to so many cases; of each the events that there is room for now, in order."""
    if room.events <= 0:
        return []
    claimed = await connection.fetch(SQL["claim"], LOCKS, min(cases, room.cases), room.full_cases)
    if not claimed:
        return []
    names = [row["case_id"] for row in claimed]
    room = await look_again(connection, room)
    most = min(EVENTS, room.events // len(names))
    rows = await connection.fetch(SQL["runs"], names, [min(most, room.of(name)) for name in names])
    runs = [list(run) for _, run in groupby(rows, key=lambda row: row["case_id"])]
    # between claim and lock another relay may have put the case off
    return [run for run in runs if run[0]["due"]]


async def deliver(client: Client, runs: Sequence[Sequence[asyncpg.Record]]) -> Report:
    """Signal the runs side by side, each in its order; a run ends at the first event that does not pass."""
    report = Report()
    last = asyncio.get_running_loop().time() + LONGEST

    async def one(run: Sequence[asyncpg.Record]) -> None:
        for row in run:
            if report.away or asyncio.get_running_loop().time() > last:
                return
            outcome, code = await signal(client, row["case_id"], row["envelope"])
            match outcome:
                case Outcome.DELIVERED:
                    report.delivered.append(row)
                    continue
                case Outcome.NOT_ACCEPTED:
                    report.refused.append(row)
                    continue
                case Outcome.NO_WORKFLOW:
                    report.without_workflow.append(row)
                case Outcome.BUSY:
                    report.busy.append((row, code))
                case Outcome.AWAY:
                    report.away.append(row)
                    report.why_away = code
            return

    async with asyncio.TaskGroup() as group:
        for run in runs:
            group.create_task(one(run))
    return report


async def wake_closed(connection: Connection, client: Client, report: Report) -> None:
    """Have closed cases go on that still take what came for them, such as that somebody has opened them."""
    for row in list(report.without_workflow):
        event = EventEnvelope.model_validate_json(row["envelope"])
        if event.type in STARTING or row["told_by"] is not None:
            continue  # what another case tells an ended one changes nothing, or goes back to its link
        try:
            woken = await wake(connection, client, row["case_id"], event)
        except RPCError as error:
            log.warning("case-not-woken", case_id=row["case_id"], status=error.status.name)
            report.without_workflow.remove(row)
            report.busy.append((row, "temporal-unavailable"))
            continue
        if woken:
            report.without_workflow.remove(row)
            report.delivered.append(row)


async def mark(connection: Connection, report: Report) -> None:
    """Write down what became of the events."""
    if report.delivered:
        await connection.execute(SQL["mark_delivered"], *_keys(report.delivered))
    for row in report.refused:
        await connection.execute(SQL["mark_dead"], row["source"], row["id"], "not-accepted")
        log.warning("event-dead", case_id=row["case_id"], event_id=row["id"], reason="not-accepted")
    if report.without_workflow:
        await _no_workflow(connection, report.without_workflow)
    for row, code in report.busy:
        await _put_off(connection, row, code)
    for row in report.away:
        seconds = pause(row["attempts"], 0.2, LONGEST_AWAY)
        await connection.execute(SQL["put_off_head"], row["source"], row["id"], seconds, report.why_away)


def _keys(rows: Sequence[asyncpg.Record]) -> tuple[list[str], list[str]]:
    return [row["source"] for row in rows], [row["id"] for row in rows]


async def _no_workflow(connection: Connection, heads: Sequence[asyncpg.Record]) -> None:
    """The first events of cases that have no workflow: not yet, no more, or lost."""
    cases = await connection.fetch(SQL["known_cases"], [row["case_id"] for row in heads])
    closed = {row["case_id"]: row["closed"] for row in cases}
    for row in heads:
        case_id = row["case_id"]
        if closed.get(case_id):
            buried = await connection.fetch(SQL["bury_closed"], case_id, sorted(STARTING))
            if any(event["state"] == "dead" for event in buried):
                log.warning("events-dead", case_id=case_id, reason="case-closed")
        elif case_id in closed:
            await _put_off(connection, row, "workflow-lost")
            log.warning("workflow-lost", case_id=case_id)
    if early := [row for row in heads if row["case_id"] not in closed]:
        await _wait(connection, early)


async def _wait(connection: Connection, heads: Sequence[asyncpg.Record]) -> None:
    rows = await connection.fetch(SQL["wait_days"], list({row["process"] for row in heads}))
    said = {row["process"]: row["days"] for row in rows if row["days"] is not None}
    days = [said.get(row["process"], EventPolicy().wait_days) for row in heads]
    waiting = await connection.fetch(SQL["wait_for_case"], [row["case_id"] for row in heads], days)
    for case_id, count in Counter(each["case_id"] for each in waiting if each["over"]).items():
        log.warning("events-dead", case_id=case_id, reason="no-such-case", count=count)


async def _put_off(connection: Connection, row: asyncpg.Record, code: str) -> None:
    seconds = pause(row["attempts"], 0.2, LONGEST_PUT_OFF)
    await connection.execute(SQL["put_off"], row["case_id"], seconds, code)


def pause(failures: int, first: float, longest: float) -> float:
    """Seconds before the next try: doubled with each failure, up to the longest, with jitter."""
    whole: Any = min(longest, first * 2 ** min(failures, 16))
    return float(whole * random.uniform(0.5, 1))  # noqa: S311 - jitter
