"""What the clock asks of the exchange office for all mobilities together."""

from datetime import time
from typing import Final

from pydantic import JsonValue

from activities.kernel.queries import queries
from activities.kernel.scheduled import Batch, ScheduledWork, Tools
from schemas.kernel.schedules import Occasion

SQL: Final = queries("exchange/views")


async def ask_for_list(tools: Tools, occasion: Occasion, _position: JsonValue) -> Batch:
    """Open the task to report who is here as of 1 May or 1 November, within 14 days, once for each (X16)."""
    opened = await tools.pool.fetchval(SQL["ask_for_list"], occasion.day)
    return Batch(counts={"opened": opened} if opened else {})


LIST_WORK: Final = ScheduledWork(
    name="immigration-list",
    title=("在籍者名簿の届出を作業にする", "Asks for the list of who is here for immigration"),
    at=time(6),
    run=ask_for_list,
)
