"""Closures: noted and taken back by the office; every running case is told and counts its clocks again."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from activities.kernel.queries import queries
from cases import facts
from schemas.kernel.calendars import Closure
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import event_type
from workflows.kernel.process import Process

SQL: Final = queries("kernel/closures")
CALENDAR_CHANGED: Final = "calendar-changed"
"""The fact that a process takes whose clocks count by closures."""


async def note_closures(connection: Any, process: Process[Any], closures: Iterable[Closure], by: str) -> int:
    """Note those that are not known yet, in a transaction of the caller's, and tell; how many are new."""
    new = 0
    for each in closures:
        hours = (each.hours[0].opens, each.hours[0].closes) if each.hours else (None, None)
        days = (process.name, each.calendar, each.first, each.last or each.first)
        if await connection.fetchval(SQL["note"], *days, *hours, each.why, by) is not None:
            new += 1
    if new:
        await _tell(connection, process, by)
    return new


async def remove_closure(connection: Any, process: Process[Any], closure: int, by: str) -> bool:
    """Take one back, in a transaction of the caller's, and tell; False when there is none of that number."""
    if await connection.fetchrow(SQL["remove"], process.name, closure) is None:
        return False
    await _tell(connection, process, by)
    return True


async def _tell(connection: Any, process: Process[Any], by: str) -> None:
    envelope = EventEnvelope(
        id=f"{CALENDAR_CHANGED}-{uuid4().hex}",
        source=f"office:{by}",
        type=event_type(process.name, CALENDAR_CHANGED),
        received_at=datetime.now(UTC),
    )
    await facts.announce(connection, process, "closures", envelope)
