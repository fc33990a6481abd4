"""By what members of staff are reached, and the proof that it reaches them: a code that comes back.

Who may keep whose channels is asked by the door (`keeps_channels`) before anything is done here.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from cases.absences import SQL as ABSENCES
from cases.administration import note, roles_for
from schemas.kernel.case import Actor
from schemas.kernel.identifiers import MAIL, WEBHOOK
from schemas.kernel.refusals import Refusal

SQL: Final = queries("kernel/webhooks")
ADD: Final = "add-channel"
REMOVE: Final = "remove-channel"
TEST: Final = "test-channel"
CONFIRM: Final = "confirm-channel"
CODE_HOLDS: Final = timedelta(minutes=15)
CODE_TRIES: Final = 5
CODE_MINUTES: Final = CODE_HOLDS // timedelta(minutes=1)
ADDRESS_LIMIT: Final = 200
"""Characters of what a gateway knows somebody by."""
_CODE_DIGITS: Final = 8

SendCode = Callable[[Mapping[str, Any], str], Awaitable[None]]
"""Sends a code by the channel of a row of the query `channel_to_test`. Raises NotDeliveredError."""


def keeps_channels(actor: Actor, act: str, staff_id: str) -> bool:
    """Whether an actor may do an act with the channels of somebody: their own, or as the table says."""
    return actor.id == staff_id or not roles_for(act).isdisjoint(actor.roles)


async def list_channels(pool: asyncpg.Pool, staff_id: str | None = None) -> list[dict[str, Any]]:
    """The channels of somebody, or of all, and whether each is tested; never an address."""
    return [dict(row) for row in await pool.fetch(SQL["channels"], staff_id)]


async def webhooks_in_use(pool: asyncpg.Pool) -> list[str]:
    """The names of the gateways by which somebody can be reached."""
    return [row["name"] for row in await pool.fetch(SQL["in_use"])]


async def add_channel(
    pool: asyncpg.Pool, by: str, staff_id: str, channel: str, address: str | None = None
) -> None:
    """Add a channel, or give it another address; it counts when it is tested.

    Args:
        pool: connections of the office.
        by: who does it.
        staff_id: whose channel it is.
        channel: `mail`, which goes to the address on record, or `webhook:` and a gateway's name.
        address: what the gateway knows the person by.

    Raises:
        Refusal: there is no such person or gateway, or the address is missing or cannot be one.
    """
    if channel == MAIL:
        address = None
    else:
        _, _, webhook = channel.partition(":")
        if channel != f"{WEBHOOK}:{webhook}" or not await pool.fetchrow(SQL["find"], webhook):
            raise Refusal("no-such-webhook", name=webhook or channel)
        address = _checked(address)
    async with pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(ABSENCES["is_active"], staff_id):
            raise Refusal("staff-unknown", staff_id=staff_id)
        await connection.execute(SQL["add_channel"], staff_id, channel, address)
        await note(connection, by, ADD, staff_id, channel=channel)


async def remove_channel(pool: asyncpg.Pool, by: str, staff_id: str, channel: str) -> None:
    """Take a channel away. Raises Refusal: there is none."""
    async with pool.acquire() as connection, connection.transaction():
        if await connection.fetchval(SQL["remove_channel"], staff_id, channel) is None:
            raise _none_such(staff_id, channel)
        await note(connection, by, REMOVE, staff_id, channel=channel)


async def send_code(pool: asyncpg.Pool, by: str, staff_id: str, channel: str, send: SendCode) -> datetime:
    """Send a code by a channel, in place of an earlier one, and return until when it holds.

    It is kept before it leaves: what was sent can be given back whatever became of the answer.

    Raises:
        Refusal: the person has no such channel in use.
        NotDeliveredError: it is not known to be taken.
    """
    to = await pool.fetchrow(SQL["channel_to_test"], staff_id, channel)
    if to is None or to["revoked_at"] is not None:
        raise _none_such(staff_id, channel)
    code, salt = f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}}", secrets.token_bytes(16)
    kept = (to["address"], await _hashed(code, salt), salt, CODE_HOLDS)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(SQL["keep_code"], staff_id, channel, *kept)
        await note(connection, by, TEST, staff_id, channel=channel)
    await send(dict(to), code)
    return datetime.now(UTC) + CODE_HOLDS


async def confirm_channel(pool: asyncpg.Pool, by: str, staff_id: str, code: str) -> str:
    """Take back a code that was sent and return its channel, which counts as tested from now on.

    Raises:
        Refusal: it is another, with how many tries are left; or no code holds.
    """
    right: list[str] = []
    async with pool.acquire() as connection, connection.transaction():
        for row in await connection.fetch(SQL["codes_of"], staff_id, CODE_TRIES):
            if hmac.compare_digest(await _hashed(code.strip(), row["code_salt"]), row["code_hash"]):
                right.append(row["channel"])
                await connection.execute(SQL["confirmed"], staff_id, row["channel"])
                await note(connection, by, CONFIRM, staff_id, channel=row["channel"])
        # kept, though it is refused: else there would be no end of tries
        mistaken = [] if right else await connection.fetch(SQL["mistaken"], staff_id, CODE_TRIES)
    if right:
        return right[0]
    if left := max((row["tries_left"] for row in mistaken), default=0):
        raise Refusal("code-wrong", left=left)
    raise Refusal("no-code", tries=CODE_TRIES, minutes=CODE_MINUTES)


def _checked(address: str | None) -> str:
    """What a gateway knows somebody by, in one line."""
    address = (address or "").strip()
    if not address:
        raise Refusal("address-missing")
    if len(address) > ADDRESS_LIMIT or not address.isprintable():
        raise Refusal("address-malformed", limit=ADDRESS_LIMIT)
    return address


def _none_such(staff_id: str, channel: str) -> Refusal:
    return Refusal("no-such-channel", staff_id=staff_id, channel=channel)


async def _hashed(code: str, salt: bytes) -> bytes:
    """Slow to compute, there are few codes: in a thread, so that nobody else waits for it."""
    return await asyncio.to_thread(hashlib.scrypt, code.encode(), salt=salt, n=2**14, r=8, p=1)
