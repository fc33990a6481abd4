"""The worker process from its first connection to its end."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, TypeVar

import asyncpg
import structlog
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.kernel.database import FAULTS
from embedded.connection import Embedded
from embedded.worker import tell_ready
from workers.logs import runtime
from workers.settings import Settings, SettingsError
from workers.temporal import check_keys, connect, register_search_attributes
from workers.worker import worker_from

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


class NoSchemaError(Exception):
    """The database answers and has no schema yet."""


async def run_worker(settings: Settings) -> int:
    """Work until told to stop (SIGTERM, SIGINT) and return the exit code.

    Raises:
        StackFault: the embedded stack is meant and does not run.
        SettingsError: the key ring is missing, cannot be used, or is not the database's.
    """
    with told_to_leave(LEAVE_AFTER) as told:
        work = asyncio.create_task(_work(settings, told))
        stop = asyncio.create_task(told.wait())
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        if told.is_set():
            log.info("worker-stopping")
            await asyncio.wait({work})
            log.info("worker-stopped")
            return STOPPED
        stop.cancel()
        return work.result()


async def _work(settings: Settings, told: asyncio.Event) -> int:
    url = Embedded(settings).url("worker")
    log.info("worker-starting", pid=os.getpid())
    try:
        await until_told(told, "waiting-for-database", lambda: database_ready(settings, url))
        client = await until_told(told, "waiting-for-temporal", lambda: _temporal_ready(settings))
        if client is None:
            return STOPPED
        async with worker_from(settings, client, url):
            tell_ready()
            log.info("worker-polling", namespace=client.namespace)
            await told.wait()
    except SettingsError:
        raise
    except Exception:
        log.exception("worker-failed")
        return FAILED
    return STOPPED


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
        except (*FAULTS, RuntimeError, NoSchemaError):
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


async def database_ready(settings: Settings, url: str) -> bool:
    """Connect once; True when the schema is there and our keys are those of its cases.

    Raises:
        NoSchemaError: it is not.
        SettingsError: they are not.
    """
    connection = await asyncpg.connect(url, timeout=5, server_settings={"application_name": "iehe-worker"})
    try:
        if await connection.fetchval("SELECT to_regclass('iehe.cases')") is None:
            raise NoSchemaError
    finally:
        connection.terminate()
    await check_keys(settings, url)
    return True


async def _temporal_ready(settings: Settings) -> Client:
    client = await connect(settings, runtime=runtime(settings.log_level))
    try:
        await register_search_attributes(client)
    except RPCError as error:
        if error.status not in (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED):
            raise
        # A managed cluster has its search attributes from its own administration.
        log.warning("search-attributes-unverified", code=error.status.name)
    return client
