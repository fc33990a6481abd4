"""Events as the office looks at them: which they see, and that one is delivered again or not wanted."""

from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from cases.administration import ENTER, entering, roles_for
from cases.sight import fields_of, note_reads
from schemas.kernel.case import Actor
from schemas.kernel.refusals import Refusal
from workflows.kernel.sight import Field

SQL: Final = queries("kernel/events")


async def event_seen(
    pool: asyncpg.Pool, actor: Actor, source: str, event_id: str, field: Field = Field.WORK
) -> dict[str, Any]:
    """An event of a case of which an actor sees some fields; the read is noted where reads are.

    Raises:
        Refusal: there is none that they see.
    """
    for row in await pool.fetch(SQL["event"], source, event_id):
        # of the cases whose work they see: one may be out of their sight though its process is not
        if field in await fields_of(pool, row["case_id"], actor):
            await note_reads(pool, [row["case_id"]], "event", field)
            return dict(row)
    raise Refusal("no-such-event", source=source, event_id=event_id)


async def retry(pool: asyncpg.Pool, actor: Actor, source: str, event_id: str) -> dict[str, Any]:
    """Deliver a dead event again; its case knows what it has taken already. Returns its source, id and case.

    Raises:
        Refusal: there is none that they see, their roles do not enter its facts, or it is not dead.
    """
    row = await _of_own(pool, actor, source, event_id)
    values = (source, event_id, None, None, actor.id, list(entering(actor)))
    again = await pool.fetchrow(SQL["retry"], *values)
    if again is None:
        raise Refusal("event-not-retried", state=row["state"])
    return dict(again)


async def drop(pool: asyncpg.Pool, actor: Actor, source: str, event_id: str, reason: str) -> str | None:
    """An event that is not delivered yet, or cannot be, is not wanted: why, in words. Returns its case.

    Raises:
        Refusal: there is none that they see, their roles do not enter its facts, or it is delivered.
    """
    row = await _of_own(pool, actor, source, event_id)
    dropped = await pool.fetchrow(SQL["drop"], source, event_id, actor.id, reason)
    if dropped is None:
        raise Refusal("event-not-dropped", state=row["state"])
    case_id: str | None = dropped["case_id"]
    return case_id


async def _of_own(pool: asyncpg.Pool, actor: Actor, source: str, event_id: str) -> dict[str, Any]:
    row = await event_seen(pool, actor, source, event_id)
    allowed = roles_for(ENTER, row["process"])
    if allowed.isdisjoint(actor.roles):
        held = ", ".join(sorted(actor.roles)) or "-"
        raise Refusal("role-missing", step=ENTER, roles=", ".join(sorted(allowed)), held=held)
    return row
