"""Facts of no case, and the nightly comparison of what was told with what has arrived (docs/links.md)."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, Final

from pydantic import JsonValue

from activities.kernel.queries import queries
from activities.kernel.scheduled import Batch, ScheduledWork, Tools
from schemas.kernel.identifiers import event_type
from schemas.kernel.payload import Payload
from schemas.kernel.schedules import Occasion
from schemas.kernel.transition import FactForAll
from workflows.kernel.links import fact_id, listed
from workflows.kernel.process import Process

SQL: Final = queries("kernel/links")
COMPARED_DAYS: Final = 40
"""So long ago may be told what is compared (L10)."""


async def tell_of_none(
    connection: Any,
    process: Process[Any],
    fact: str,
    data: Payload | Mapping[str, JsonValue],
    key: str,
    at: datetime,
) -> int:
    """Tell a fact that is of no one case, such as a count of many; told again as it was it adds nothing.

    Args:
        connection: of a worker of the home of the process.
        process: whose fact it is.
        fact: its name in what the process tells.
        data: its listed fields.
        key: what identifies it among those of its type.
        at: since when it is so.

    Returns:
        Its revision.

    Raises:
        Refusal: it has another field.
    """
    tells, kind = process.tells[fact], event_type(process.name, fact)
    told = FactForAll(
        fact_id=fact_id(process.room, kind, key),
        type=kind,
        key=key,
        data=listed(tells, kind, data),
        occurred_at=at,
        keep_days=tells.keep.days,
        expected=tells.expected,
    )
    revision: int = await connection.fetchval(SQL["tell"], process.name, told.model_dump_json())
    return revision


async def compare(tools: Tools, _occasion: Occasion, _position: JsonValue) -> Batch:
    """Send again what has not arrived at a process of this home; what had been sent again is a task."""
    async with tools.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL statement_timeout = '300s'")
        row = await connection.fetchrow(SQL["compare"], COMPARED_DAYS, timeout=300)
    return Batch(counts={name: count for name, count in dict(row or {}).items() if count})


LINKS_WORK: Final = ScheduledWork(
    name="links",
    title=("手続き間の通知を照合する", "Holds facts between processes against their deliveries"),
    at=time(3, 20),
    run=compare,
)
