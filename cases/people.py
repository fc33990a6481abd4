"""The staff as colleagues see them: in which processes they work, what they have, when they are away."""

from collections.abc import Collection, Sequence
from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from cases.administration import roles_for
from cases.registry import PROCESSES, ROLES
from cases.sight import whole_processes
from schemas.kernel.case import Actor

SQL: Final = queries("kernel/people")
NOTE_ABSENCE: Final = "note-absence"


def notes_absences(actor: Actor, staff_id: str) -> bool:
    """Whether an actor may note and end absences of somebody: their own, or as an administrator anybody's."""
    return actor.id == staff_id or not roles_for(NOTE_ABSENCE).isdisjoint(actor.roles)


def roles_seen(actor: Actor) -> tuple[str, ...]:
    """The roles whose people an actor is shown: of processes whose work they see, or for absences all."""
    if not roles_for(NOTE_ABSENCE).isdisjoint(actor.roles):
        return tuple(ROLES)
    whole = whole_processes(actor)
    return tuple(
        dict.fromkeys(role for name, each in PROCESSES.items() if name in whole for role in each.roles)
    )


async def person_seen(pool: asyncpg.Pool, actor: Actor, staff_id: str) -> dict[str, Any] | None:
    """Somebody as an actor is shown them, which is oneself always; None: the actor is not shown them."""
    roles = tuple(ROLES) if actor.id == staff_id else roles_seen(actor)
    return next(iter(await people(pool, actor, roles, staff_id)), None)


async def people(
    pool: asyncpg.Pool,
    actor: Actor,
    roles: Collection[str],
    staff_id: str | None = None,
    rooms: Collection[str] | None = None,
) -> Sequence[dict[str, Any]]:
    """Active staff in some roles by their ids, with their open tasks in processes whose work the actor sees.

    Args:
        pool: connections of the office, that act for the actor.
        actor: who asks.
        roles: of these one at least.
        staff_id: only this person.
        rooms: count only what they have in these.
    """
    seen = {PROCESSES[name].room for name in whole_processes(actor)}
    counted = sorted(seen if rooms is None else seen.intersection(rooms))
    rows = await pool.fetch(SQL["people"], sorted(roles), counted, staff_id)
    return [dict(row) for row in rows]
