"""A database that is killed with all of its processes, and somebody who goes on asking it."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg

from activities.kernel.database import FAULTS, is_transient
from embedded.postgres import PostgresServer

DEAD = {"", "Z", "X"}
"""States of a process of which nothing is left but its number, if that."""


class MortalServer(PostgresServer):
    """With the settings of a server that is meant to last: nothing of fsync and its kin is turned off."""

    kills = 0

    async def die(self) -> None:
        """Kill -9, the postmaster and each process that it has made; nobody of them has time for a word."""
        child = self.child
        assert child is not None
        os.kill(child.pid, signal.SIGSTOP)
        await _until(lambda: _state(child.pid) == "T")  # from now on it makes no other one
        all_of_them = [*_children(child.pid), child.pid]
        for pid in all_of_them:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert await child.wait() == -signal.SIGKILL
        # who still dies holds the shared memory, and the next server would not start
        await _until(lambda: {_state(pid) for pid in all_of_them} <= DEAD)
        self.kills += 1

    async def dies_and_comes_back(self) -> float:
        """On the same data, by its own recovery; for how many seconds nobody had an answer."""
        began = time.monotonic()
        await self.die()
        await self.start()
        return time.monotonic() - began


async def _until(held: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not held():
            await asyncio.sleep(0.001)


def _stat(pid: int) -> list[str]:
    """What follows the name, which may hold anything: the state, whose child it is, …; of nobody nothing."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it ended while we looked
        return []


def _state(pid: int) -> str:
    return (_stat(pid) or [""])[0]


def _children(parent: int) -> list[int]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if _stat(pid)[1:2] == [str(parent)]]


class Steady:
    """Who looks from outside, and asks again until there is an answer.

    Args:
        pool: connections, which break.
        limit: seconds for one answer.
    """

    def __init__(self, pool: asyncpg.Pool, limit: float = 30) -> None:
        self._pool = pool
        self._limit = limit

    async def fetch(self, *asked: Any) -> list[asyncpg.Record]:
        return await self._answer(self._pool.fetch, *asked)

    async def fetchrow(self, *asked: Any) -> asyncpg.Record:
        return await self._answer(self._pool.fetchrow, *asked)

    async def fetchval(self, *asked: Any) -> Any:
        return await self._answer(self._pool.fetchval, *asked)

    async def execute(self, *said: Any) -> str:
        """What may be said twice."""
        return await self._answer(self._pool.execute, *said)

    async def _answer(self, ask: Callable[..., Any], *asked: Any) -> Any:
        async with asyncio.timeout(self._limit):
            while True:
                try:
                    return await ask(*asked)
                except FAULTS as error:
                    if not is_transient(error):
                        raise
                    await asyncio.sleep(0.02)
