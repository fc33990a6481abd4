"""Asking home universities for what was notified, missed, or wished for; several partners at once.

What is to be asked stands in rows until it is answered and written: whoever asks puts the row off first, so
that another worker asks again when this one dies, at whatever line.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from typing import Any, Final

import asyncpg
import structlog
from pydantic import JsonValue, ValidationError
from pydantic_core import from_json

from activities.exchange.partners import SQL, WAITS, Mark, refused, take
from activities.kernel.channels import DeferredError, NotDeliveredError, RefusedError, WithheldError
from activities.kernel.database import is_transient
from activities.kernel.errands import Errand, each_by_itself
from activities.kernel.scheduled import Batch, ScheduledWork, Tools
from schemas.exchange.partners import AT_ONCE, Index, Mobility, MobilityQuestion
from schemas.kernel.schedules import Occasion

PARTNERS_AT_ONCE: Final = 8
LEASE: Final = timedelta(minutes=2)
"""After which another one asks, when who was asking has died."""
INDEX: Final = ""
"""Stands for the index of all in a row of what is to be asked."""
ANSWER_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of an answer."""
UNREACHED: Final = "partner-unreached"
TRIES: Final = 10
"""Of one question: about 17 hours with their pauses; then it is left to the next night."""
log = structlog.get_logger()
_NAMED: Final = 3
_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=8)


def pause_after(attempts: int) -> timedelta:
    """How long a partner is left alone that did not answer so often: 1, 2, 4 … minutes, at most 8 hours."""
    return min(_FIRST_PAUSE * (1 << min(attempts - 1, 20)), _LONGEST_PAUSE)


async def fetch_some(tools: Tools) -> bool:
    """Ask some partners for what is due; True: there may be more."""
    if tools.webhooks is None or tools.mark is None:
        return False
    due = await tools.pool.fetch(SQL["partners_to_ask"], PARTNERS_AT_ONCE)
    await each_by_itself(_ask_one(tools, row["partner"]) for row in due)
    return bool(due)


async def _ask_one(tools: Tools, partner: str) -> None:
    rows = await tools.pool.fetch(SQL["claim_fetches"], partner, LEASE, AT_ONCE)
    found = await tools.pool.fetchrow(SQL["partner"], partner)
    if not rows or found is None:
        return
    await tools.fault("fetch-claimed")
    index = [row for row in rows if row["mobility"] == INDEX]
    named = [row for row in rows if row["mobility"] != INDEX]
    for part, ask in ((index, _fetch_index), (named, _fetch_named)):
        if not part:
            continue
        try:
            await ask(tools, found, part)
        except NotDeliveredError as fault:
            await _not_answered(tools, partner, part, fault)
            return
    await tools.pool.execute(SQL["answered"], partner)
    await tools.pool.execute(SQL["close_task"], UNREACHED, partner)


async def _question(tools: Tools, partner: asyncpg.Record, path: str, asked: MobilityQuestion) -> Any:
    """The answer to a question as JSON. Raises NotDeliveredError; what is no JSON is RefusedError too."""
    if tools.webhooks is None:
        raise DeferredError("no-way-out")
    body = asked.model_dump_json(exclude_none=True).encode()
    url = f"{partner['base']}/{path}"
    message_id = f"ask-{secrets.token_hex(8)}"
    answer = await tools.webhooks.ask(partner["webhook"], url, message_id, body, ANSWER_LIMIT)
    try:
        return from_json(answer)
    except ValueError:
        raise RefusedError("answer-no-json") from None


async def _fetch_index(tools: Tools, partner: asyncpg.Record, rows: Sequence[asyncpg.Record]) -> None:
    """Compare the index of a partner with the copies: what differs, or is older than a night, is asked for.

    What is not in the index is asked for too, and stays what it is: absent is unknown (X4).
    """
    answer = await _question(tools, partner, "index", MobilityQuestion())
    try:
        index = Index.model_validate(answer)
    except ValidationError:
        raise RefusedError("answer-not-as-agreed") from None
    name = partner["partner"]
    await tools.fault("index-fetched")
    async with tools.pool.acquire() as connection, connection.transaction():
        copies = {row["mobility"]: row for row in await connection.fetch(SQL["copies"], name)}
        wanted = [
            each.mobility
            for each in index.mobilities
            if (copy := copies.get(each.mobility)) is None or each.revision > copy["revision"] or copy["old"]
        ]
        living = await connection.fetch(SQL["open_copies"], name)
        wanted += [row["mobility"] for row in living]
        await connection.execute(SQL["ask"], name, wanted)
        await _settle(connection, name, rows)


async def _fetch_named(tools: Tools, partner: asyncpg.Record, rows: Sequence[asyncpg.Record]) -> None:
    """Ask for some mobilities, and take what is said of each in a transaction of its own."""
    asked = MobilityQuestion(mobilities=tuple(row["mobility"] for row in rows))
    answer = await _question(tools, partner, "mobilities", asked)
    said = answer.get("mobilities") if isinstance(answer, dict) else None
    if not isinstance(said, list):
        raise RefusedError("answer-not-as-agreed")
    await tools.fault("fetched")
    by_id = {each["mobility"]: each for each in said if isinstance(each, dict) and _is_id(each)}
    for row in rows:
        try:
            await _take_one(tools, partner["partner"], row, by_id.get(row["mobility"]))
        except asyncpg.PostgresError as error:
            if is_transient(error):
                raise
            # what the database does not take holds up none of the others
            _note_refused(partner["partner"], [error.sqlstate or ""])
            await _refuse_one(tools, partner["partner"], row)
        await tools.fault("taken")


def _is_id(each: Mapping[str, Any]) -> bool:
    return isinstance(each.get("mobility"), str)


async def _refuse_one(tools: Tools, partner: str, row: asyncpg.Record) -> None:
    async with tools.pool.acquire() as connection, connection.transaction():
        await refused(connection, mark_of(tools), partner, row["mobility"])
        await _settle(connection, partner, [row])


def mark_of(tools: Tools) -> Mark:
    """The keyed hashes of a worker. Raises LookupError: there are no keys here."""
    if tools.mark is None:
        raise LookupError("mark")
    return tools.mark


async def _take_one(tools: Tools, partner: str, row: asyncpg.Record, said: Mapping[str, Any] | None) -> None:
    """Write what was said of one mobility; None: nothing, which is no cancellation (X4)."""
    async with tools.pool.acquire() as connection, connection.transaction():
        if said is None:
            await connection.execute(SQL["stale"], partner, [row["mobility"]])
        else:
            try:
                mobility = Mobility.model_validate(said)
            except ValidationError as error:
                _note_refused(partner, places_of(error))
                await refused(connection, mark_of(tools), partner, row["mobility"])
            else:
                if await take(connection, mark_of(tools), partner, mobility) == WAITS:
                    values = (partner, row["mobility"], row["asked_at"], pause_after(row["attempts"]), WAITS)
                    await connection.execute(SQL["put_off"], *values)
                    return
        await tools.fault("writing")
        await _settle(connection, partner, [row])


def _note_refused(partner: str, why: Sequence[str]) -> None:
    """Codes and names of the first fields: what stands in them is personal."""
    log.warning("mobility-not-taken", partner=partner, reason="+".join(why[:_NAMED]), count=len(why))


def places_of(error: ValidationError) -> list[str]:
    """Which fields are wrong, and how."""
    faults = error.errors(include_input=False)
    return [f"{'/'.join(map(str, each['loc']))}:{each['type']}" for each in faults]


async def _settle(connection: Any, partner: str, rows: Sequence[asyncpg.Record]) -> None:
    for row in rows:
        await connection.execute(SQL["fetched"], partner, row["mobility"], row["asked_at"])


async def _not_answered(
    tools: Tools, partner: str, rows: Sequence[asyncpg.Record], fault: NotDeliveredError
) -> None:
    """Put off what may be answered later; the rest is left to the next night, and to a person."""
    async with tools.pool.acquire() as connection, connection.transaction():
        for row in rows:
            if isinstance(fault, DeferredError) and row["attempts"] < TRIES:
                pause = max(pause_after(row["attempts"]), fault.after or timedelta())
                values = (partner, row["mobility"], row["asked_at"], pause, fault.reason)
                await connection.execute(SQL["put_off"], *values)
            else:
                await _settle(connection, partner, [row])
                if not isinstance(fault, WithheldError):
                    await connection.execute(SQL["open_task"], UNREACHED, partner)
        await connection.execute(SQL["stale"], partner, None)


async def reconcile(tools: Tools, _occasion: Occasion, _position: JsonValue) -> Batch:
    """Wish for the index of every partner: what a lost notice has hidden is found by it (X3)."""
    async with tools.pool.acquire() as connection, connection.transaction():
        partners = await connection.fetchval(SQL["ask_everybody"], None)
        await connection.execute(SQL["forget_sent"])
    return Batch(counts={"partners": partners})


FETCHING: Final = Errand("ask-partners", fetch_some)
RECONCILIATION: Final = ScheduledWork(
    "reconcile-partners",
    ("派遣元大学との照合", "Compare with the home universities' systems"),
    at=time(3, 15),
    run=reconcile,
)
