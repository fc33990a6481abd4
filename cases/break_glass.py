"""Opening a case that one does not see: at once, for a reason, told to the case and to who looks at it."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

import asyncpg

from activities.kernel.acting import THE_HOST, acting_for
from activities.kernel.queries import queries
from cases import facts
from cases.registry import PROCESSES
from cases.sight import PASSING, process_of
from cases.texts import Vault, keep_text
from schemas.kernel.break_glass import GlassBroken
from schemas.kernel.case import Actor, EventEnvelope
from schemas.kernel.identifiers import event_type
from schemas.kernel.refusals import Refusal
from schemas.kernel.texts import storable
from workflows.kernel.break_glass import FACT

SQL: Final = queries("kernel/sight")
SOURCE: Final = "break-glass"
_REASONS: Final = UUID("0b4a7c1e-2f1d-4b7a-9d53-6a0f7c5b9e21")


async def break_glass(
    pool: asyncpg.Pool, case_id: str, actor: Actor, reason: str, key: str, vault: Vault
) -> datetime:
    """Open a case to who does not see it, and return until when; the same key again opens nothing more.

    Sight, reason and what the case is told of it are one transaction: it does not wait for Temporal.

    Args:
        pool: connections of the office role.
        case_id: of the case.
        actor: who needs to see it.
        reason: why, in words; kept among those of the case.
        key: of the request.
        vault: the keys of cases.

    Raises:
        Refusal: nobody opens cases of this process in this way, or not in this role, whether or not there is
            the case; there is none, or the person is one whom it is about or against.
    """
    name = process_of(case_id)
    if name is None or not storable(case_id):
        raise Refusal("no-such-case")
    process = PROCESSES[name]
    allowed = process.break_glass
    if allowed is None:
        raise Refusal("no-break-glass")
    if allowed.roles.isdisjoint(actor.roles):
        held = ", ".join(sorted(actor.roles)) or "-"
        raise Refusal("role-missing", step="break-glass", roles=", ".join(sorted(allowed.roles)), held=held)
    source = f"{SOURCE}:{actor.id}"
    with acting_for(THE_HOST):
        async with pool.acquire() as connection, connection.transaction():
            case = {"process": name, "case_id": case_id}
            if await connection.fetchval(SQL["not_to_be_opened"], case_id, actor.id, list(actor.roles)):
                raise Refusal("no-such-case")
            known: datetime | None = await connection.fetchval(SQL["broken_until"], case_id, actor.id, key)
            if known is not None:
                return known
            now = datetime.now(UTC)
            until = now + timedelta(minutes=allowed.minutes)
            text_id = uuid5(_REASONS, f"{case_id}|{source}|{key}")
            await keep_text(connection, vault, text_id, case_id, actor.id, reason)
            fact = GlassBroken(staff_id=actor.id, roles=actor.roles, until=until)
            envelope = EventEnvelope(
                id=key,
                source=source,
                type=event_type(process.name, FACT),
                received_at=now,
                data=fact.model_dump(mode="json"),
            )
            if not await facts.enter(connection, case, envelope):
                raise Refusal("id-used-for-another-event", source=source, id=key)
            await connection.execute(SQL["break_glass"], case_id, actor.id, until, text_id, key)
    return until


async def openings_of(
    pool: asyncpg.Pool, case_id: str, limit: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Who has opened a case, the last first; and how often whose lists and searches had it among others."""
    with acting_for(THE_HOST):
        openings = await pool.fetch(SQL["openings"], case_id, PASSING, limit)
        passings = await pool.fetch(SQL["passings"], case_id, PASSING)
    return [dict(row) for row in openings], [dict(row) for row in passings]


async def reads_of(pool: asyncpg.Pool, case_id: str, after: int | None, limit: int) -> list[dict[str, Any]]:
    """Who has read what of a case, when, and by which right; the last first, from the read `after` on."""
    with acting_for(THE_HOST):
        return [dict(row) for row in await pool.fetch(SQL["reads"], case_id, after, limit)]
