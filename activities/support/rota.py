"""The rota of duty: the tasks to fill its gaps."""

from datetime import time
from typing import Final

from pydantic import JsonValue

from activities.kernel.queries import queries
from activities.kernel.scheduled import Batch, ScheduledWork, Tools
from schemas.kernel.schedules import Occasion

SQL: Final = queries("support/rota")
HORIZON: Final = 28
"""Days ahead that are to be filled, minute by minute (E10)."""


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
