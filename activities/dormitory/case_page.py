"""What the page of a run shows beside what every case has: counts and codes, nobody's gender or needs."""

from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from schemas.dormitory.state import DormitoryState

SQL: Final = queries("dormitory/dormitory")
SHOWN: Final = {
    *("house", "term", "first", "until", "collect_until", "kept_until", "seed", "list_hash", "placed"),
    "unplaced",
}


async def own_part(
    pool: asyncpg.Pool, case_id: str, state: DormitoryState, _personal: bool
) -> dict[str, Any]:
    """The days, the draw with its seed and hash, and the swaps that wait for an answer."""
    part: dict[str, Any] = state.model_dump(include=SHOWN, exclude_none=True)
    part |= dict(await pool.fetchrow(SQL["answered_for"], case_id) or {})
    part["swaps"] = [
        {"swap": name, "between": between[:2], "yes": between[2:]} for name, between in state.swaps.items()
    ]
    part["closings"] = [dict(row) for row in await pool.fetch(SQL["closings_shown"], case_id)]
    return part
