"""Who leaves is out of everything in one step: no acting, standing in, duty, or cases any more."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from activities.kernel.queries import queries
from cases import facts
from cases.registry import PROCESSES, ROOMS
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import event_type
from schemas.kernel.refusals import Refusal

SQL: Final = queries("kernel/absences")
PERSON_LEFT: Final = "person-left"
"""The fact that a process takes whose cases can be somebody's."""


@dataclass(frozen=True, slots=True)
class Left:
    """What somebody leaves: cases that were told, and open tasks of processes that cannot be told."""

    told: tuple[str, ...]
    tasks: tuple[str, ...]


async def leave(connection: Any, staff_id: str, by: str) -> Left:
    """Take a member of staff out, in the transaction of `connection`; their cases are told by events.

    Raises:
        Refusal: there is no such active member of staff.
    """
    if await connection.fetchval(SQL["deactivate"], staff_id) is None:
        raise Refusal("staff-unknown", staff_id=staff_id)
    await connection.execute(SQL["void_substitutes"], staff_id)
    for room in ROOMS.values():
        name = f"iehe.{room.process.room}_person_left(text)"
        if await connection.fetchval("SELECT to_regprocedure($1)::text", name) is not None:
            await connection.execute(f"SELECT {name.replace('(text)', '($1)')}", staff_id)
    rows = await connection.fetch(SQL["cases_of"], staff_id)
    told, tasks = list[str](), list[str]()
    for row in rows:
        process = PROCESSES[row["process"]]
        if PERSON_LEFT not in process.events:
            tasks += [f"{row['case_id']} {task}" for task in row["tasks"]]
            continue
        envelope = EventEnvelope(
            id=f"left-{staff_id}-{row['case_id'].partition('/')[2]}",
            source=f"office:{by}",
            type=event_type(process.name, PERSON_LEFT),
            received_at=datetime.now(UTC),
            data={"staff_id": staff_id},
        )
        await facts.enter(connection, row, envelope)
        told.append(row["case_id"])
    return Left(tuple(told), tuple(tasks))
