"""What a step asks of batches: hashes, counts and who; no number and no value of anybody leaves the database.

What is read here may be over when the step is written: `iehe.accept_batch` and `iehe.confirm_value` look
again under a lock, and refuse the step.
"""

import json
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from activities.kernel.database import Connection
from activities.kernel.queries import queries
from activities.kernel.room import Lookup

SQL: Final = queries("kernel/batches")


async def _batch(connection: Connection, terms: Mapping[str, Any]) -> dict[str, Any] | None:
    """A batch of a case: what it names, hash, counts, state, and whether what stands has changed since."""
    found = await connection.fetchval(SQL["batch"], _id(terms["batch"]), terms["case_id"])
    return None if found is None else dict(json.loads(found))


async def _batch_standing(connection: Connection, terms: Mapping[str, Any]) -> dict[str, Any] | None:
    """How many values of a kind stand, by part and state; None: no batch of it was ever accepted."""
    found = await connection.fetchval(SQL["standing"], terms["case_id"], terms["kind"])
    return None if found is None else dict(json.loads(found))


async def _proposed_value(connection: Connection, terms: Mapping[str, Any]) -> dict[str, Any] | None:
    """Who has proposed a value of which part, why, and whether the value has changed since."""
    found = await connection.fetchval(SQL["proposal"], _id(terms["proposal"]), terms["case_id"])
    return None if found is None else dict(json.loads(found))


def _id(text: str) -> UUID | None:
    """An id as a command carries it; None, which finds nothing, for what is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


BATCH_LOOKUPS: Final[Mapping[str, Lookup]] = {
    "batch": _batch,
    "batch-standing": _batch_standing,
    "proposed-value": _proposed_value,
}
"""By the names that rules look them up by."""
