"""What the rule of a correction asks the database, and what would be found if it were written already."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from activities.kernel.database import Connection
from activities.kernel.queries import queries

SQL: Final = queries("kernel/corrections")


async def correction(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """A `CorrectionAsked`: the fields that would change or be emptied, of codes to what, and letters sent.

    None when the values are not stored any more.
    """
    found = await connection.fetchval(
        SQL["asked"], terms["case_id"], terms["correction_id"], terms["record"], terms["told"]
    )
    return json.loads(found) if found is not None else None


@asynccontextmanager
async def as_corrected(connection: Connection, case_id: str, correction_id: str) -> AsyncIterator[None]:
    """The database as it would be after a correction, for questions alone: all of it is undone at the end."""
    trial = connection.transaction()
    await trial.start()
    try:
        await connection.execute(SQL["try"], case_id, correction_id)
        yield
    finally:
        await trial.rollback()
