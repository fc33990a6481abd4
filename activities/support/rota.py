"""Members of units and the rota of duty, as the office changes them."""

from datetime import datetime
from typing import Any, Final

import asyncpg

from activities.kernel.database import Connection, transact
from activities.kernel.queries import queries

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
