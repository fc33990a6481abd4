"""Being told of new events by the database, over a connection that is made again whenever it goes away."""

import asyncio
from typing import Any, Final

import asyncpg
import structlog

from activities.kernel.database import FAULTS

CHANNEL: Final = "iehe_events"
_CHECK_EVERY: Final = 15.0
"""Seconds after which a silent connection is asked for a sign of life."""
_PAUSE: Final = 0.5

log = structlog.get_logger()


class Bell:
    """Rung when there may be something to do; wakes whoever waits, or the next who does."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake whoever waits."""
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Return when it has been rung since the last time, or after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            return
        finally:
            self._rung.clear()


async def listen(pool: asyncpg.Pool, bell: Bell) -> None:
    """Ring the bell for every notification, and once for each new connection: until cancelled."""
    while True:
        try:
            async with pool.acquire(timeout=5) as connection:
                await _listen_on(connection, bell)
        except FAULTS:
            log.warning("listener-lost", seconds=_PAUSE, exc_info=True)
        await asyncio.sleep(_PAUSE)


async def _listen_on(connection: Any, bell: Bell) -> None:
    gone = asyncio.Event()

    def told(*_: object) -> None:
        bell.ring()

    def ended(_: object) -> None:
        gone.set()

    connection.add_termination_listener(ended)
    await connection.add_listener(CHANNEL, told)
    try:
        # what was stored while nobody listened
        bell.ring()
        while not gone.is_set():
            try:
                async with asyncio.timeout(_CHECK_EVERY):
                    await gone.wait()
            except TimeoutError:
                await connection.execute("SELECT 1")
    finally:
        if not connection.is_closed():
            await connection.remove_listener(CHANNEL, told)
            connection.remove_termination_listener(ended)
