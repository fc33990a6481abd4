"""What immigration says of a batch of certificates, as its file has it: each case is told, all or none."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import asyncpg

from activities.kernel.acting import THE_HOST, acting_for
from activities.kernel.database import Connection, change
from activities.kernel.queries import queries
from cases import facts
from cases.administration import note
from schemas.exchange.files import CoeRow
from schemas.kernel.case import Actor, EventEnvelope
from schemas.kernel.identifiers import event_type
from schemas.kernel.refusals import Refusal
from workflows.exchange.comparing import Filed
from workflows.exchange.process import EXCHANGE

SQL: Final = queries("exchange/views")
SOURCE: Final = "file:coe-results"


async def filed_in(pool: asyncpg.Pool, batch: str) -> dict[str, Filed]:
    """The persons of a batch, by their row keys.

    Raises:
        Refusal: nobody was filed for in it.
    """
    rows = await pool.fetch(SQL["batch"], batch)
    if not rows:
        raise Refusal("batch-unknown", batch=batch)
    return {row["case_id"].partition("/")[2]: Filed(**row) for row in rows}


def new_of(rows: Sequence[CoeRow], filed: Mapping[str, Filed]) -> list[CoeRow]:
    """The rows that say something of an open case that is not on record."""
    return [
        row
        for row in rows
        if not filed[row.key].ended and (filed[row.key].result, filed[row.key].on) != (row.result, row.on)
    ]


def counted(rows: Sequence[CoeRow], filed: Mapping[str, Filed]) -> dict[str, int]:
    """How many results are told, known before, of cases that have ended; and how many persons are missing."""
    new, named = new_of(rows, filed), {row.key for row in rows}
    ended = sum(filed[row.key].ended for row in rows)
    missing = sum(not each.ended and name not in named for name, each in filed.items())
    return {"told": len(new), "same": len(rows) - len(new) - ended, "ended": ended, "missing": missing}


async def tell_results(
    pool: asyncpg.Pool,
    by: Actor,
    batch: str,
    rows: Sequence[CoeRow],
    filed: Mapping[str, Filed],
    subject: str,
) -> dict[str, int]:
    """Tell each case its result, in one transaction; the same file again tells nothing."""
    counts = counted(rows, filed)

    async def work(connection: Connection) -> None:
        for row in new_of(rows, filed):
            case = {"process": EXCHANGE.name, "case_id": filed[row.key].case_id}
            if not await facts.enter(connection, case, _envelope(batch, row)):
                raise Refusal("id-used-for-another-event", source=SOURCE, id=row.key)
        if counts["told"]:
            await note(connection, by.id, "import-coe-results", subject, batch=batch, **counts)

    with acting_for(THE_HOST):
        await change(pool, work)
    return counts


def _envelope(batch: str, row: CoeRow) -> EventEnvelope:
    return EventEnvelope(
        id=f"{batch}-{row.key}-{row.result}-{row.on:%Y%m%d}",
        source=SOURCE,
        type=event_type(EXCHANGE.name, "coe-result"),
        received_at=datetime.now(UTC),
        data={"batch": batch, "result": row.result, "on": row.on.isoformat()},
    )
