"""Members of units and the rota of duty, as the office changes them, and the tasks to fill its gaps."""

from datetime import datetime, time
from typing import Any, Final

import asyncpg
from pydantic import JsonValue

from activities.kernel.database import Connection, transact
from activities.kernel.queries import queries
from activities.kernel.scheduled import Batch, ScheduledWork, Tools
from schemas.kernel.schedules import Occasion

SQL: Final = queries("support/rota")
HORIZON: Final = 28
"""Days ahead that are to be filled, minute by minute (E10)."""


async def plan(
    pool: asyncpg.Pool, place: str, staff_id: str, begins: datetime, ends: datetime, by: str
) -> int:
    """Put somebody on duty; the number of the shift.

    Raises:
        Refusal: no active duty officer, or not reached by two tested channels; somebody is there already, or
            they are on duty in the other place at that time.
    """
    return int(await _one(pool, "plan", place, staff_id, begins, ends, by))


async def move(pool: asyncpg.Pool, shift: int, begins: datetime, ends: datetime) -> bool:
    """Another time for a shift, with whatever was agreed about it; False when there is none."""
    return bool(await _one(pool, "move", shift, begins, ends))


async def offer(pool: asyncpg.Pool, shift: int, giver: str, taker: str) -> int:
    """Offer a shift of one's own to a colleague; it stays one's own until they accept.

    Raises:
        Refusal: it is not the giver's, is offered already, or the taker may not be on duty.
    """
    return int(await _one(pool, "offer", shift, giver, taker))


async def answer(pool: asyncpg.Pool, shift: int, by: str, said: str) -> str:
    """Accept, decline, withdraw or give back; the other person's staff id.

    Raises:
        Refusal: nothing of the kind was offered, or they are on duty at that time already.
    """
    return str(await _one(pool, "answer", shift, by, said))


async def _one(pool: asyncpg.Pool, query: str, *values: Any) -> Any:
    async def work(connection: Connection) -> Any:
        return await connection.fetchval(SQL[query], *values)

    return await transact(pool, work)


async def ask_to_fill_gaps(tools: Tools, _occasion: Occasion, _position: JsonValue) -> Batch:
    """Open a task for each gap of the days ahead, and close those of gaps that are filled (E10)."""
    row = await tools.pool.fetchrow(SQL["ask_to_fill_gaps"])
    return Batch(counts={name: count for name, count in dict(row or {}).items() if count})


GAPS_WORK: Final = ScheduledWork(
    name="rota-gaps",
    title=("当番表の空きを作業にする", "Asks to fill the gaps of the rota of duty"),
    at=time(0, 5),
    every_hour=True,
    run=ask_to_fill_gaps,
)
"""What changes the rota looks for its gaps itself: this is for time, and who is active no more."""
