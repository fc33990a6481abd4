"""What the rule of taking a decision back asks the database: the step, and what has come of it."""

import json
from collections.abc import Mapping
from typing import Any, Final

from activities.kernel.database import Connection
from activities.kernel.queries import queries

SQL: Final = queries("kernel/taking_back")


async def step_taken(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """A step of the case as a `StepTaken`; None: it has none of that version.

    Its letters are locked: none leaves until the step is written that withdraws them.
    """
    found = await connection.fetchval(SQL["step_taken"], terms["case_id"], terms["version"])
    return json.loads(found) if found is not None else None
