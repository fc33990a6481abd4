"""What the host's own steps ask the database while they are decided, whatever the process."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from activities.kernel.batches import BATCH_LOOKUPS
from activities.kernel.corrections import correction
from activities.kernel.database import Connection
from activities.kernel.places import PLACE_LOOKUPS
from activities.kernel.queries import queries
from activities.kernel.results import RESULT_LOOKUPS
from activities.kernel.room import Lookup
from activities.kernel.taking_back import step_taken

SQL: Final = queries("kernel/cases")
LINKS: Final = queries("kernel/links")


async def _staff_of(connection: Connection, terms: Mapping[str, Any]) -> list[str]:
    moment = datetime.fromisoformat(terms["at"])
    rows = await connection.fetch(SQL["staff_of"], terms["case_id"], terms["audience"], moment)
    return [row["found"] for row in rows]


async def _closures(connection: Connection, terms: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = await connection.fetch(SQL["closures"], terms["process"], date.fromisoformat(terms["since"]))
    return [json.loads(row["closure"]) for row in rows]


async def _unreached(connection: Connection, terms: Mapping[str, Any]) -> list[str]:
    rows = await connection.fetch(SQL["unreached"], terms["notices"])
    return [row["notice_id"] for row in rows]


async def _chain(connection: Connection, terms: Mapping[str, Any]) -> list[str]:
    return list(await connection.fetchval(LINKS["chain_of_start"], terms["case_id"]) or ())


async def _standing(connection: Connection, terms: Mapping[str, Any]) -> dict[str, Any] | None:
    row = await connection.fetchrow(
        LINKS["standing"],
        *(terms["case_id"], terms["process"], terms["type"], terms["key"], json.dumps(terms["where"])),
        datetime.fromisoformat(terms["at"]),
    )
    return json.loads(row["found"]) if row is not None else None


HOST_LOOKUPS: Final[Mapping[str, Lookup]] = {
    "staff-of": _staff_of,
    "closures": _closures,
    "unreached": _unreached,
    **PLACE_LOOKUPS,
    **RESULT_LOOKUPS,
    **BATCH_LOOKUPS,
    "correction": correction,
    "step-taken": step_taken,
    "chain": _chain,
    "standing": _standing,
}
