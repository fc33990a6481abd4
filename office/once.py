"""Work that a form starts is done once, however often the form is sent."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from activities.kernel.queries import queries
from gateway.problems import problem

SQL: Final = queries("kernel/office")


@asynccontextmanager
async def once(pool: asyncpg.Pool, actor: str, key: str, operation: str, sent: bytes) -> AsyncIterator[bool]:
    """Whether the work is still to be done; who sends the same at the same time waits and finds it done.

    That it is done is on record after it: who dies in between has it done again when the form is sent again,
    which is what the doors behind it stand.

    Raises:
        Problem: 422, the key was used for something else.
    """
    values = (actor, key, operation, hashlib.sha256(sent).hexdigest())
    lock = int.from_bytes(hashlib.sha256(f"{actor}|{key}".encode()).digest()[:8], signed=True)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", lock)
        known = await connection.fetchval(SQL["is_same_request"], *values)
        if known is False:
            raise problem("key-used-otherwise")
        yield known is None
        if known is None:
            await connection.execute(SQL["note_request"], *values)
