"""Steps on their way into the database: one statement, whatever a step changes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from activities.kernel.case_log import seal
from activities.kernel.database import Connection
from activities.kernel.queries import queries
from activities.kernel.room import Room
from schemas.kernel.transition import Transition

SQL: Final = queries("kernel/cases")
PARTS: Final = {
    "tasks_opened",
    "tasks_closed",
    "tasks_reassigned",
    "deadlines",
    "notices",
    "events",
    "places",
    "facts",
    "records",
}


@dataclass(frozen=True, slots=True)
class Remembered:
    """A case as a step has left it."""

    version: int
    hash: str
    state: str
    """JSON, so that nobody can change it."""


async def write_steps(
    connection: Connection, room: Room, taken: Sequence[Transition], prev_hash: str
) -> Remembered:
    """Write the steps of one case, in order; as it then stands.

    Args:
        connection: in a transaction or not: it is one statement, which locks the case and sees that it is
            where the steps start from.
        room: the case's.
        taken: at least one.
        prev_hash: of the entry of the log that they follow.

    Raises:
        asyncpg.PostgresError: what the database says; IE001 is a refusal by a function of the process, IE002
            a case that is elsewhere.
    """
    body, now = as_written(room, taken, prev_hash)
    await connection.execute(SQL["write_steps"], body, now.state)
    return now


def as_written(room: Room, taken: Sequence[Transition], prev_hash: str) -> tuple[str, Remembered]:
    """What `iehe.write_steps` takes, as JSON, and the case as it then stands."""
    steps = []
    for step in taken:
        entry = _entry(step)
        chained = seal(prev_hash, entry)
        steps.append({**_written(step, entry), "prev_hash": prev_hash, "hash": chained})
        prev_hash = chained
    last = taken[-1]
    body = {
        "case_id": last.case_id,
        "process": last.process,
        "room": room.process.room,
        "asking": sorted(room.asking),
        "steps": steps,
    }
    return json.dumps(body), Remembered(version=last.version, hash=prev_hash, state=json.dumps(last.state))


def _entry(step: Transition) -> dict[str, Any]:
    """What the log says of a step, and its chain of hashes seals."""
    return {
        "case_id": step.case_id,
        "version": step.version,
        "at": step.at,
        "step": step.step,
        "from_stage": step.from_stage,
        "stage": step.stage,
        "actor_kind": step.actor.kind.value,
        "actor_id": step.actor.id,
        "cause": step.cause,
        "details": step.details,
    }


def _written(step: Transition, entry: dict[str, Any]) -> dict[str, Any]:
    """A step as `iehe.write_steps` takes it; what is empty is left out."""
    parts = step.model_dump(mode="json", include=PARTS)
    frame = entry | {
        "at": step.at.isoformat(),
        "waiting_for": step.waiting_for,
        "due_at": step.due_at.isoformat() if step.due_at else None,
        "outcome": step.outcome,
        "outcome_by": step.outcome_by,
        "closed": step.closed,
    }
    return frame | {name: part for name, part in parts.items() if part}
