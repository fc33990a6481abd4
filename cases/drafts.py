"""Drafts of decisions: what somebody has typed and not sent, one for each person, case and decision."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

import asyncpg

from activities.kernel.queries import queries
from cases.texts import Vault, key_of

SQL: Final = queries("kernel/drafts")
_PLACES: Final = UUID("0d9c5c8e-8d0b-4f7b-a0a5-3f8a7d4f7c55")
Typed = Sequence[tuple[str, str]]
"""Names of fields with what stands in them; a field with several values comes several times."""


class Draft(NamedTuple):
    """What was typed, upon which version of the case, and when it was kept."""

    version: int
    typed: list[tuple[str, str]]
    kept_at: datetime


async def keep_draft(
    pool: asyncpg.Pool, vault: Vault, case_id: str, staff_id: str, decision: str, version: int, typed: Typed
) -> None:
    """Keep what was typed instead of what was kept before."""
    async with pool.acquire() as connection, connection.transaction():
        key = await key_of(connection, vault, case_id)
        sealed = key.seal(_place(case_id, staff_id, decision), json.dumps([list(each) for each in typed]))
        await connection.execute(SQL["keep"], case_id, staff_id, decision, version, sealed)


async def read_draft(
    pool: asyncpg.Pool, vault: Vault, case_id: str, staff_id: str, decision: str
) -> Draft | None:
    """What was kept; None: nothing, or it cannot be opened with the keys that are here."""
    row = await pool.fetchrow(SQL["draft"], case_id, staff_id, decision)
    if row is None:
        return None
    text = (await key_of(pool, vault, case_id)).unseal(_place(case_id, staff_id, decision), row["sealed"])
    if text is None:
        return None
    return Draft(row["version"], [(name, value) for name, value in json.loads(text)], row["kept_at"])


async def drop_draft(pool: asyncpg.Pool, case_id: str, staff_id: str, decision: str) -> None:
    """It was sent, or is not wanted any more."""
    await pool.execute(SQL["drop"], case_id, staff_id, decision)


async def drafts_of(pool: asyncpg.Pool, staff_id: str) -> list[dict[str, Any]]:
    """What somebody has begun: case, decision and when, the last first."""
    return [dict(row) for row in await pool.fetch(SQL["of_somebody"], staff_id)]


def _place(case_id: str, staff_id: str, decision: str) -> UUID:
    return uuid5(_PLACES, f"{case_id}|{staff_id}|{decision}")
