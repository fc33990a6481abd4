"""What the page of a school's request shows beside what every case has."""

from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from schemas.outreach.state import OutreachState

SQL: Final = queries("outreach/requests")


async def own_part(pool: asyncpg.Pool, case_id: str, state: OutreachState, personal: bool) -> dict[str, Any]:
    """What is asked for, the dates, who was asked to come; the school's words and contact when `personal`."""
    shown = {"title", "kind", "grade", "persons", "minutes", "dates", "date", "lecturer"}
    asked = [dict(row) for row in await pool.fetch(SQL["asked"], case_id)]
    part = state.model_dump(include=shown) | {"asked": asked}
    if personal:
        part["request"] = dict(await pool.fetchrow(SQL["personal"], case_id) or {})
    return part
