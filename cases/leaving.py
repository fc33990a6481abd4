"""Who leaves is out of everything in one step: no acting, standing in, duty, or cases any more."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from activities.kernel.queries import queries
from cases import facts
from cases.registry import PROCESSES
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
    if not await connection.fetchval("SELECT iehe.staff_left($1)", staff_id):
        raise Refusal("staff-unknown", staff_id=staff_id)
    rows = await connection.fetch(SQL["cases_of"], staff_id)
    for process in PROCESSES.values():
        if PERSON_LEFT in process.events:
            envelope = EventEnvelope(
                id=f"left-{staff_id}-{uuid4().hex}",
                source=f"office:{by}",
                type=event_type(process.name, PERSON_LEFT),
                received_at=datetime.now(UTC),
                data={"staff_id": staff_id},
            )
            await facts.announce(connection, process, staff_id, envelope)
    told = [row for row in rows if PERSON_LEFT in PROCESSES[row["process"]].events]
    tasks = [f"{row['case_id']} {task}" for row in rows if row not in told for task in row["tasks"]]
    return Left(tuple(row["case_id"] for row in told), tuple(tasks))
