"""Who is to be called now, and the proof that nobody on a waitlist was skipped, for every door."""

from typing import Any

import asyncpg

from activities.kernel.queries import queries
from activities.round import waitlist

SQL = queries("round/boards")
Rows = list[dict[str, Any]]


async def calls(pool: asyncpg.Pool, case_id: str) -> Rows:
    """Those who are called now, in order, each with the calls so far; telephone numbers stand elsewhere."""
    return [dict(row) for row in await pool.fetch(SQL["calls"], case_id)]


async def proof(pool: asyncpg.Pool, case_id: str) -> dict[str, Any]:
    """Every entry in its order with all that was done about it; `skipped`: those without evidence of why."""
    lines = await waitlist.proof(pool, case_id)
    return {"case_id": case_id, "skipped": waitlist.skipped(lines), "entries": lines}
