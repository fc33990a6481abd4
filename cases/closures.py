"""Closures: noted and taken back by the office; every running case is told and counts its clocks again."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import asyncpg

from activities.kernel.queries import queries
from cases import facts
from cases.administration import note
from schemas.kernel.calendars import Closure
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import event_type
from schemas.kernel.refusals import Refusal
from workflows.kernel.process import Process

SQL: Final = queries("kernel/closures")
CALENDAR_CHANGED: Final = "calendar-changed"
"""The fact that a process takes whose clocks count by closures."""
SHOWN_AFTER: Final = 31
"""Days for which a closure that is over is still listed."""


async def list_closures(pool: asyncpg.Pool, process: Process[Any]) -> list[dict[str, Any]]:
    """The closures to come, and those of the last month."""
    return [dict(row) for row in await pool.fetch(SQL["list"], process.name, SHOWN_AFTER)]


async def calendars_of(pool: asyncpg.Pool, process: Process[Any]) -> list[str]:
    """The names of the calendars that the policies of a process have."""
    return [row["calendar"] for row in await pool.fetch(SQL["calendars"], process.name)]


async def note_closures(
    pool: asyncpg.Pool, process: Process[Any], closures: Iterable[Closure], by: str, subject: str
) -> int:
    """Note those that are not known yet, all or none, and tell every running case; how many are new.

    Args:
        pool: connections of the office role.
        process: whose calendars they are of.
        closures: the days.
        by: staff id.
        subject: what the log calls the file.
    """
    async with pool.acquire() as connection, connection.transaction():
        new = 0
        for each in closures:
            hours = (each.hours[0].opens, each.hours[0].closes) if each.hours else (None, None)
            days = (process.name, each.calendar, each.first, each.last or each.first)
            if await connection.fetchval(SQL["note"], *days, *hours, each.why, by) is not None:
                new += 1
        if new:
            await _tell(connection, process, by)
            await note(connection, by, "import-closures", subject, new=new)
    return new


async def remove_closure(pool: asyncpg.Pool, process: Process[Any], closure: int, by: str) -> None:
    """Take one back, and tell every running case.

    Raises:
        Refusal: there is none of that number.
    """
    async with pool.acquire() as connection, connection.transaction():
        if await connection.fetchrow(SQL["remove"], process.name, closure) is None:
            raise Refusal("closure-unknown", closure=closure)
        await _tell(connection, process, by)
        await note(connection, by, "remove-closure", str(closure))


async def _tell(connection: Any, process: Process[Any], by: str) -> None:
    envelope = EventEnvelope(
        id=f"{CALENDAR_CHANGED}-{uuid4().hex}",
        source=f"office:{by}",
        type=event_type(process.name, CALENDAR_CHANGED),
        received_at=datetime.now(UTC),
    )
    await facts.announce(connection, process, "closures", envelope)
