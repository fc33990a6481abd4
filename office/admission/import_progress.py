"""What imports have stored and started, as the database has it: the same in every window."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg

from activities.kernel.queries import queries
from office.words import Tongue
from spreadsheets.admission.imports import StoredBatch

SQL: Final = queries("admission/imports")
IMPORTS_SHOWN: Final = 100
CASES_SHOWN: Final = 200
_MOST_BATCHES: Final = 50


def address_of(batches: Sequence[StoredBatch]) -> str:
    """Where the progress of an import is; of one that added nothing, the list of all."""
    ids = [str(each.batch_id) for each in batches if each.batch_id is not None]
    return f"/admission/imports/{','.join(ids)}" if ids else "/admission/imports?said=known"


async def batch_rows(
    pool: asyncpg.Pool, batches: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]] | None:
    """By batch how far it is, and the first of its cases; None: there is no such batch.

    Args:
        pool: connections of the office role.
        batches: their ids, with commas between them.
    """
    try:
        ids = [UUID(each) for each in batches.split(",")[:_MOST_BATCHES]]
    except ValueError:
        return None
    told = [
        dict(row) for each in ids if (row := await pool.fetchrow(SQL["batch_progress"], each)) is not None
    ]
    cases = [dict(row) for row in await pool.fetch(SQL["cases_of_batches"], ids, CASES_SHOWN)]
    return (told, cases) if told else None


async def imports_table(pool: asyncpg.Pool, tongue: Tongue) -> list[dict[str, str]]:
    """The imports, newest first."""
    return [
        {
            "href": f"/admission/imports/{row['batch_id']}",
            "at": tongue.moment(row["imported_at"]),
            "round": row["round_id"],
            "rows": str(row["rows"]),
            "left_out": str(row["skipped"]),
            "stored": str(row["stored"]),
            "started": str(row["started"]),
            "by": row["imported_by"],
        }
        for row in await pool.fetch(SQL["imports"], IMPORTS_SHOWN)
    ]
