"""What an office has said of its files' headers: kept for the next file with the same header."""

import json
from typing import Final

from activities.kernel.database import Connection
from activities.kernel.queries import queries
from spreadsheets.headers import Layout

KIND: Final = "applications"
SQL: Final = queries("admission/imports")


async def kept_mappings(connection: Connection) -> dict[str, dict[str, str]]:
    """Every mapping that was kept, by the signature of its header."""
    rows = await connection.fetch(SQL["column_mappings"], KIND)
    return {row["header_sha256"]: json.loads(row["mapping"]) for row in rows}


async def keep_mapping(connection: Connection, layout: Layout | None, kept_by: str) -> None:
    """Keep the mapping that a file was read with, in place of an earlier one for the same header.

    Of a file whose header is at fault itself nothing is kept.
    """
    if layout is None or any(each.severity == "error" for each in layout.faults):
        return
    mapping = json.dumps(dict(layout.mapping), ensure_ascii=False)
    await connection.execute(SQL["keep_column_mapping"], KIND, layout.signature, mapping, kept_by)
