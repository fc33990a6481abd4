"""What our processes have in common: waiting for servers, signals, log lines, exit codes."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Final, TypeVar

import asyncpg
import structlog
from temporalio.service import RPCError, RPCStatusCode

from activities.kernel.database import FAULTS, one_connection
from embedded.connection import Embedded
from embedded.credentials import Role
from schemas.kernel.homes import CaseHome
from workers.settings import Settings, SettingsError
from workers.temporal import check_keys

T = TypeVar("T")

STOPPED: Final = 0
FAILED: Final = 1
LEAVE_AFTER: Final = 2.3
"""Seconds from SIGTERM to the end, whatever is still under way: the supervisor's patience is 2.5."""
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 15.0
_CANNOT_PASS: Final = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
)

log = structlog.get_logger()


class _NoSchemaError(Exception):
    """The database answers and has no schema yet."""


Urls = Mapping[CaseHome, str]
"""Addresses of the database, by the home that is worked for there."""
Work = Callable[[Urls, asyncio.Event], Awaitable[int | None]]


async def run(name: str, settings: Settings, role: Role, homes: Iterable[CaseHome], work: Work) -> int:
    """Wait for the database, work until told to stop (SIGTERM, SIGINT) and return the exit code.

    Args:
        name: as log lines have it.
        settings: where the servers are.
        role: with whose rights the database is used.
        homes: which of them it serves: it needs their keys, and no others.
        work: gets the addresses of the database and the event that is set when it is told to stop; its result
            is the exit code, None a good end.

    Raises:
        StackFault: the embedded stack is meant and does not run.
        SettingsError: a key ring is missing, cannot be used, or is not the database's.
    """
    urls = {home: Embedded(settings).url(role, home.name) for home in homes}
    with told_to_leave(LEAVE_AFTER) as told:
        working = asyncio.create_task(_work(name, settings, urls, told, work))
        stop = asyncio.create_task(told.wait())
        await asyncio.wait({working, stop}, return_when=asyncio.FIRST_COMPLETED)
        if told.is_set():
            log.info("%s-stopping", name)
            await asyncio.wait({working})
            log.info("%s-stopped", name)
            return STOPPED
        stop.cancel()
        return working.result()


async def _work(name: str, settings: Settings, urls: Urls, told: asyncio.Event, work: Work) -> int:
    log.info("%s-starting", name, pid=os.getpid())
    try:
        ready = await until_told(
            told, "waiting-for-database", lambda: _database_ready(settings, urls, f"iehe-{name}")
        )
        return (await work(urls, told) if ready else None) or STOPPED
    except SettingsError:
        raise
    except Exception:
        log.exception("%s-failed", name)
        return FAILED


@contextmanager
def told_to_leave(within: float) -> Iterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set; the process ends so many seconds later, whatever it is doing.

    The same signal a second time ends it at once, by the kernel: also when the loop stands still.
    """
    told, loop = asyncio.Event(), asyncio.get_running_loop()

    def tell(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, within)
        loop.call_soon_threadsafe(told.set)

    def end(_number: int, _frame: FrameType | None) -> None:
        os._exit(STOPPED)

    handlers = {signal.SIGALRM: end, signal.SIGTERM: tell, signal.SIGINT: tell}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    yield told
    if not told.is_set():
        for number, handler in before.items():
            signal.signal(number, handler)


async def until_told(told: asyncio.Event, waiting: str, ask: Callable[[], Awaitable[T]]) -> T | None:
    """Ask until there is an answer, with pauses that grow; None when told to stop before that."""
    pause = _FIRST_PAUSE
    while not told.is_set():
        try:
            return await ask()
        except _CANNOT_PASS:
            raise
        except (*FAULTS, RuntimeError, _NoSchemaError):
            log.warning(waiting, seconds=pause, exc_info=True)
        except RPCError as error:
            if error.status not in (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED):
                raise
            log.warning(waiting, seconds=pause, exc_info=True)
        try:
            async with asyncio.timeout(pause):
                await told.wait()
        except TimeoutError:
            pause = min(pause * 2, _LONGEST_PAUSE)
    return None


async def _database_ready(settings: Settings, urls: Urls, application: str) -> bool:
    """Connect once as each; True when the schema is there and our keys are those of its cases.

    Raises:
        _NoSchemaError: it is not.
        SettingsError: they are not.
    """
    for home, url in urls.items():
        async with one_connection(url, application=application) as connection:
            if await connection.fetchval("SELECT to_regclass('iehe.cases')") is None:
                raise _NoSchemaError
            await check_keys(settings, connection, home)
    return True
