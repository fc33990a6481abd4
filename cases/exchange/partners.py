"""Home universities and their systems, for every door: who they are, what is asked anew, what they hear."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from activities.kernel.acting import THE_HOST, acting_for
from activities.kernel.queries import queries
from cases import facts
from cases.administration import note
from cases.states import read_state
from cases.texts import Vault, texts_of
from schemas.exchange.partners import Agreement, AgreementAnswer, OurSide
from schemas.exchange.partners_list import Partner
from schemas.exchange.state import ExchangeState
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import event_type
from schemas.kernel.refusals import Refusal
from workflows.exchange.process import EXCHANGE

SQL: Final = queries("exchange/partners")
LOAD: Final = "load-partners"
REFRESH: Final = "reconcile"
MOST: Final = 5000
"""Mobilities in one answer."""
INDEX: Final = ""
Row = asyncpg.Record | Mapping[str, Any]


async def list_partners(pool: asyncpg.Pool) -> list[dict[str, Any]]:
    """Each home university, with what is to be asked of it and told to it, and how many copies are stale."""
    return [dict(row) for row in await pool.fetch(SQL["listed"])]


async def store_partners(pool: asyncpg.Pool, actor: str, partners: Iterable[Partner]) -> dict[str, int]:
    """Store some home universities, all or none; how many were new and how many were known.

    Raises:
        Refusal: no source, or no gateway, is called so, or a source is another partner's.
    """
    counts = {"added": 0, "changed": 0}
    async with pool.acquire() as connection, connection.transaction():
        for each in partners:
            values = (each.partner, each.name, each.mail, each.language, each.base, each.source, each.webhook)
            try:
                added = await connection.fetchval(SQL["store_partner"], *values)
            except (asyncpg.ForeignKeyViolationError, asyncpg.UniqueViolationError):
                raise Refusal("partner-unregistered", partner=each.partner) from None
            counts["added" if added else "changed"] += 1
            await note(connection, actor, LOAD, each.partner)
    return counts


async def refresh(pool: asyncpg.Pool, actor: str, what: str | None = None) -> int:
    """Wish for what a partner, the partner of a case, or every partner says now; how many questions.

    What could not be told is told again. Done twice it is done once.

    Raises:
        Refusal: there is no such partner or case, or the partner has no system.
    """
    async with pool.acquire() as connection, connection.transaction():
        partner, mobility = what, None
        if what is not None and "/" in what:
            row = await connection.fetchrow(SQL["mobility_of"], what)
            if row is None:
                raise Refusal("no-such-case")
            partner, mobility = row["partner"], row["mobility"]
        if mobility is None:
            asked = await connection.fetchval(SQL["ask_everybody"], partner)
        else:
            asked = await connection.fetchval(SQL["ask"], partner, [mobility])
        if partner is not None and not asked:
            raise Refusal("partner-without-system", partner=partner)
        await connection.execute(SQL["tell_again"], partner, mobility)
        await note(connection, actor, REFRESH, what or "all", asked=asked)
    return int(asked)


async def source_of(pool: asyncpg.Pool, partner: str) -> str | None:
    """The URI of the source by whose keys a partner shows who it is; None when it has none."""
    row = await pool.fetchrow(SQL["of_partner"], partner)
    return None if row is None else str(row["uri"])


async def our_side(
    pool: asyncpg.Pool, vault: Vault, partner: str, mobilities: Sequence[str] | None
) -> list[OurSide]:
    """What we are the master of, of a partner's mobilities; one that it does not have is left out."""
    with acting_for(THE_HOST):  # the partner is nobody of the staff, and sees its own
        rows = await pool.fetch(SQL["our_side"], partner, mobilities, MOST)
        return [await _told(pool, vault, row) for row in rows]


async def _told(pool: asyncpg.Pool, vault: Vault, row: Row) -> OurSide:
    approved, agreement = row["approved_version"], None
    if row["agreement_version"] is not None:
        agreement = Agreement(
            version=int(row["agreement_version"]),
            sha256=row["agreement_sha256"],
            approved=None if approved is None else int(approved),
        )
    return OurSide(
        mobility=row["mobility"],
        revision=row["revision"],
        status=row["status"],
        comment=await _comment(pool, vault, row["case_id"], row["comment_id"]),
        arrived_on=row["arrived_on"],
        left_on=row["left_on"],
        first=row["stays_first"],
        last=row["stays_last"],
        transcript=row["transcript"],
        agreement=agreement,
    )


async def _comment(pool: asyncpg.Pool, vault: Vault, case_id: str, text_id: str | None) -> str | None:
    """The words for the coordinator; those for the staff have another id, and stay here (X12)."""
    if text_id is None:
        return None
    texts = await texts_of(pool, vault, case_id)
    return next((each["body"] for each in texts if each["text_id"] == UUID(text_id)), None)


async def answer_agreement(pool: asyncpg.Pool, partner: str, source: str, said: AgreementAnswer) -> None:
    """Take what home says of a version of the learning agreement: a fact for the case, once.

    Raises:
        Refusal: there is no such mobility; another version is there now (X7); the case is over.
    """
    with acting_for(THE_HOST):
        row = await pool.fetchrow(SQL["case_of"], partner, said.mobility)
        if row is None:
            raise Refusal("mobility-unknown")
        kind = "agreement-signed" if said.answer == "approved" else "agreement-commented"
        data: dict[str, Any] = {"version": said.version}
        if said.answer == "approved":
            data["sha256"] = said.sha256
        subject = row["case_id"].partition("/")[2]
        envelope = EventEnvelope(
            id=f"{subject}/{kind}-{said.version}-{said.sha256[:12]}",
            source=source,
            type=event_type(EXCHANGE.name, kind),
            received_at=datetime.now(UTC),
            data=data,
        )
        if await pool.fetchrow(facts.SQL["event"], envelope.source, envelope.id) is not None:
            return  # the same answer again
        state: ExchangeState = await read_state(pool, row)
        plan = state.plan
        if plan is None or (plan.version, plan.content) != (said.version, said.sha256):
            now = {"version": plan.version, "sha256": plan.content} if plan else {}
            raise Refusal("agreement-moved", seen=said.version, **{"version": 0, "sha256": "-"} | now)
        if row["closed_at"] is not None:
            raise Refusal("case-closed", stage=row["stage"], step="event")
        await facts.store(pool, row, envelope)
