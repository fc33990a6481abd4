"""Who is away, and who gets meanwhile what is delegable of theirs; followed when a notice leaves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from schemas.kernel.refusals import Refusal

SQL: Final = queries("kernel/absences")


async def note_absence(
    connection: Any, staff_id: str, begins_at: datetime, ends_at: datetime, substitute: str | None, by: str
) -> None:
    """Keep an absence; one that begins at the same moment is replaced.

    Raises:
        Refusal: somebody is not an active member of staff, or stands in for themselves; the time is empty, or
            overlaps another absence of the same person.
    """
    if ends_at <= begins_at:
        raise Refusal("absence-ends-first")
    if substitute == staff_id:
        raise Refusal("own-substitute")
    for each in filter(None, (staff_id, substitute)):
        if not await connection.fetchval(SQL["is_active"], each):
            raise Refusal("staff-unknown", staff_id=each)
    # a person's absences are changed one after the other
    await connection.execute(SQL["lock"], staff_id)
    if overlapping := await connection.fetchrow(SQL["overlapping"], staff_id, begins_at, ends_at):
        raise Refusal("absence-overlaps", begins=f"{overlapping['begins_at']:%Y-%m-%d %H:%M %Z}")
    await connection.execute(SQL["note"], staff_id, begins_at, ends_at, substitute, by)


async def end_absences(connection: Any, staff_id: str, at: datetime) -> int:
    """The person is back: an absence under way ends now, those to come are taken away. Returns how many."""
    ended = await connection.fetch(SQL["end"], staff_id, at)
    return len(ended)


async def list_absences(pool: asyncpg.Pool, staff_id: str | None = None) -> list[Mapping[str, Any]]:
    """Absences that are not over, soonest first, each with `stands_in`: who does now; None where nobody."""
    return [dict(row) for row in await pool.fetch(SQL["list"], staff_id)]
