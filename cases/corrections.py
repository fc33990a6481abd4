"""Values on their way into a record of a case, and what has been corrected in it.

They are checked by the record's model, stored beside the case, and travel by an id: the step that is written
takes them over.
"""

import json
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID, uuid5

import asyncpg
from pydantic import ValidationError

from activities.kernel.corrections import SQL
from schemas.kernel.case import Command
from schemas.kernel.refusals import Refusal
from workflows.kernel.corrections import Correction
from workflows.kernel.process import Process

_CORRECTIONS: Final = UUID("0c3b8a5e-2f0c-4b5f-8d3e-7a5e0d9a4c21")


def record_of(process: Process[Any], record: str) -> Correction:
    """What can be corrected under a name.

    Raises:
        Refusal: nothing.
    """
    if record not in process.corrections:
        raise Refusal("unknown-record", record=record, known=", ".join(process.corrections) or "-")
    return process.corrections[record]


def checked(process: Process[Any], record: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are stored, JSON; only those that were given.

    Raises:
        Refusal: no such record or field, or a value that an intake would not take; without repeating it.
    """
    model = record_of(process, record).model
    try:
        read = model.model_validate(dict(values))
    except ValidationError as error:
        known = set(model.model_fields)
        faults = {
            (at if at in known else "-") + f": {fault['type']}"
            for fault in error.errors(include_input=False, include_url=False, include_context=False)
            for at in [str(next(iter(fault["loc"]), "-"))]
        }
        raise Refusal(
            "values-unfit", faults="; ".join(sorted(faults)), known=", ".join(model.model_fields)
        ) from None
    found: dict[str, Any] = read.model_dump(mode="json", exclude_unset=True)
    if not found:
        raise Refusal("nothing-to-correct", step=f"correct-data {record}")
    return found


async def keep_values(
    pool: asyncpg.Pool, case_id: str, command: Command, record: str, values: Mapping[str, Any]
) -> tuple[UUID, bool]:
    """Store checked values under an id that follows from the command's: repeated, they are stored once.

    Returns:
        The id, and whether they are stored by this call.
    """
    correction_id = uuid5(_CORRECTIONS, f"{case_id}|{command.cause}")
    row = (correction_id, case_id, command.actor.id, record, json.dumps(values))
    return correction_id, await pool.fetchval(SQL["keep"], *row) is not None


async def withdraw_values(pool: asyncpg.Pool, correction_id: UUID, command: Command) -> None:
    """Take them out again: the decision is certainly not made."""
    await pool.execute(SQL["withdraw"], correction_id, command.actor.id)


async def of_case(pool: asyncpg.Pool, case_id: str, *, personal: bool) -> list[dict[str, Any]]:
    """Who has corrected which fields and when; what they said before and since only when `personal`."""
    rows = await pool.fetch(SQL["personal_of_case" if personal else "of_case"], case_id)
    told = [dict(row) for row in rows]
    for each in told:
        each |= {name: json.loads(each[name]) for name in ("before", "after") if name in each}
    return told
