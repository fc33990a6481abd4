"""What support looks at together, and what who has referred is told; within the sight of who asks."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from cases.clocks import explained
from cases.sight import note_reads
from cases.states import read_state
from workflows.kernel.sight import Field

SQL: Final = queries("support/boards")
MOST_DAYS: Final = 400
"""How far any board looks back or ahead."""
_HIDDEN: Final = frozenset({"process", "state", "clock", "deadline_state"})
"""What of a row is only for the counting."""

Rows = list[dict[str, Any]]


async def queue(pool: asyncpg.Pool, limit: int) -> Rows:
    """Open cases by when they are due, with what is due and its `calculation` in both languages."""
    return await _counted(pool, await pool.fetch(SQL["queue"], limit))


async def breaches(pool: asyncpg.Pool, days: int, limit: int) -> Rows:
    """The clocks that were missed in so many days, the last first, each with its `calculation`."""
    since = datetime.now(UTC) - timedelta(days=days)
    return await _counted(pool, await pool.fetch(SQL["breaches"], limit, since))


async def load(pool: asyncpg.Pool) -> Rows:
    """How many open cases each owner and each queue has, and who is away until when."""
    return [dict(row) for row in await pool.fetch(SQL["load"])]


async def crises(pool: asyncpg.Pool) -> Rows:
    """The crises that nobody has stood down: page, step, who has it, since when."""
    rows = await pool.fetch(SQL["crises"])
    await _note(pool, rows)
    return [dict(row) for row in rows]


async def referrals(pool: asyncpg.Pool) -> Rows:
    """What whoever acts has referred, and whether contact was made; nothing further is told (P5)."""
    return [dict(row) for row in await pool.fetch(queries("support/support")["referred_by"])]


async def _counted(pool: asyncpg.Pool, rows: Sequence[asyncpg.Record]) -> Rows:
    now = datetime.now(UTC)
    await _note(pool, rows)
    told = []
    for row in rows:
        shown = {name: value for name, value in row.items() if name not in _HIDDEN}
        shown["calculation"] = {}
        if row["clock"] is not None:
            policy = (await read_state(pool, row)).policy
            named = {"deadline": row["deadline"], "state": row["deadline_state"]}
            shown["calculation"] = explained(named, json.loads(row["clock"]), policy, now)
        told.append(shown)
    return told


async def _note(pool: asyncpg.Pool, rows: Sequence[asyncpg.Record]) -> None:
    await note_reads(pool, sorted({row["case_id"] for row in rows}), "list", Field.WORK)
