"""What a step asks about lists of results: each answer stays true until the step is written."""

import json
from collections.abc import Mapping
from typing import Any, Final

from activities.kernel.database import Connection
from activities.kernel.queries import queries
from activities.kernel.room import Lookup

SQL: Final = queries("kernel/results")


async def _lists(connection: Connection, terms: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The lists of a case that count, without what they say; they are locked."""
    await connection.fetch(SQL["lock"], terms["case_id"])
    return _rows(await connection.fetch(SQL["lists"], terms["case_id"]))


async def _untold(connection: Connection, terms: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Lines of lists that are out whose cases have not been told yet."""
    return _rows(await connection.fetch(SQL["untold"], terms["case_id"], terms["most"]))


async def _released(connection: Connection, terms: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What lists that are out say of a case."""
    return _rows(await connection.fetch(SQL["released_lines"], terms["subject"]))


def _rows(found: list[Any]) -> list[dict[str, Any]]:
    return [json.loads(row["found"]) for row in found]


RESULT_LOOKUPS: Final[Mapping[str, Lookup]] = {
    "result-lists": _lists,
    "untold-results": _untold,
    "released-lines": _released,
}
"""By the names that rules look them up by."""
