"""Telling home universities that our side of a mobility has changed: ids alone, tried for 24 hours (X6)."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg

from activities.exchange.fetching import LEASE, PARTNERS_AT_ONCE, UNREACHED, pause_after
from activities.exchange.partners import SQL
from activities.kernel.channels import DeferredError, NotDeliveredError, RefusedError, WithheldError
from activities.kernel.errands import Errand, each_by_itself
from activities.kernel.scheduled import Tools
from activities.kernel.webhooks import Webhooks, envelope
from schemas.exchange.partners import MobilityNotice
from schemas.kernel.identifiers import event_type
from workflows.exchange.process import EXCHANGE

NOTICES_AT_ONCE: Final = 10
CHANGED: Final = event_type(EXCHANGE.name, "mobility-notice")
_LONGEST_PAUSE: Final = timedelta(hours=4)


async def tell_some(tools: Tools) -> bool:
    """Send some of the notices that are due; True: there may be more."""
    if tools.webhooks is None:
        return False
    due = await tools.pool.fetch(SQL["partners_to_tell"], PARTNERS_AT_ONCE)
    await each_by_itself(_tell_one(tools, tools.webhooks, row["partner"]) for row in due)
    return bool(due)


async def _tell_one(tools: Tools, webhooks: Webhooks, partner: str) -> None:
    rows = await tools.pool.fetch(SQL["claim_notices"], partner, LEASE, NOTICES_AT_ONCE)
    found = await tools.pool.fetchrow(SQL["partner"], partner)
    await tools.fault("notices-claimed")
    for row in sorted(rows, key=lambda each: int(each["notice"])):
        try:
            if found is None or not found["takes_notices"]:
                raise RefusedError("no-way-to-partner")
            await _send(webhooks, found, row)
        except DeferredError as fault:
            if row["too_old"]:
                await _give_up(tools, partner, row, fault)
            else:
                pause = max(min(pause_after(row["attempts"]), _LONGEST_PAUSE), fault.after or timedelta())
                await tools.pool.execute(SQL["notice_put_off"], row["notice"], pause, fault.reason)
        except NotDeliveredError as fault:
            await _give_up(tools, partner, row, fault)
        else:
            await tools.fault("notice-taken")
            await tools.pool.execute(SQL["sent"], row["notice"])
    if await tools.pool.fetchval(SQL["none_given_up"], partner):
        await tools.pool.execute(SQL["close_task"], UNREACHED, _about(partner))


async def _send(webhooks: Webhooks, partner: asyncpg.Record, row: asyncpg.Record) -> None:
    """One notice; sent again it is the same one, which its receiver drops. Raises NotDeliveredError."""
    notice = MobilityNotice(mobilities=(row["mobility"],))
    body = envelope(CHANGED, row["changed_at"], notice.model_dump(mode="json"))
    at = datetime.now(UTC)
    message_id = f"mobility-{row['notice']}"
    prepared = await webhooks.prepare(partner["webhook"], partner["url"], message_id, at, body)
    await prepared.hand_over()


async def _give_up(tools: Tools, partner: str, row: asyncpg.Record, fault: NotDeliveredError) -> None:
    """A person tells the partner otherwise; the case goes on meanwhile."""
    connection: Any
    async with tools.pool.acquire() as connection, connection.transaction():
        await connection.execute(SQL["given_up"], row["notice"], fault.reason)
        if not isinstance(fault, WithheldError):
            await connection.execute(SQL["open_task"], UNREACHED, _about(partner))


def _about(partner: str) -> str:
    """Apart from the task of a partner that cannot be asked: this one ends when it is told."""
    return f"{partner}:notices"


TELLING: Final = Errand("tell-partners", tell_some)
