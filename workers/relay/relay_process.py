"""The relay process from its first connection to its end."""

import asyncio
import os
from typing import Final

import structlog

from activities.kernel.database import open_pool
from embedded.connection import Embedded
from embedded.worker import tell_ready
from workers.logs import runtime
from workers.relay.relay import CONNECTIONS, STOP_WITHIN, Relay
from workers.settings import Settings, SettingsError
from workers.temporal import connect
from workers.worker_process import FAILED, STOPPED, database_ready, told_to_leave, until_told

LEAVE_AFTER: Final = STOP_WITHIN + 0.8
"""Seconds from SIGTERM to the end, whatever is still under way: the supervisor's patience is 2.5."""

log = structlog.get_logger()


async def run_relay(settings: Settings) -> int:
    """Deliver until told to stop (SIGTERM, SIGINT) and return the exit code.

    Raises:
        StackFault: the embedded stack is meant and does not run.
        SettingsError: the key ring is missing, cannot be used, or is not the database's.
    """
    with told_to_leave(LEAVE_AFTER) as told:
        work = asyncio.create_task(_work(settings, told))
        stop = asyncio.create_task(told.wait())
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        if told.is_set():
            log.info("relay-stopping")
            await asyncio.wait({work})
            log.info("relay-stopped")
            return STOPPED
        stop.cancel()
        return work.result()


async def _work(settings: Settings, told: asyncio.Event) -> int:
    url = Embedded(settings).url("worker")
    log.info("relay-starting", pid=os.getpid())
    try:
        if await until_told(told, "waiting-for-database", lambda: database_ready(settings, url)) is None:
            return STOPPED
        # Temporal may be away: it is connected to by the first event
        client = await connect(settings, runtime=runtime(settings.log_level), lazy=True)
        pool = await open_pool(url, size=CONNECTIONS, application="iehe-relay")
        try:
            tell_ready()
            log.info("relay-delivering", namespace=client.namespace)
            await Relay(pool, client).run(told)
        finally:
            pool.terminate()
    except SettingsError:
        raise
    except Exception:
        log.exception("relay-failed")
        return FAILED
    return STOPPED
