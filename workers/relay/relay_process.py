"""The relay process from its first connection to its end."""

import asyncio

import structlog

from activities.kernel.database import open_pool
from embedded.worker import tell_ready
from workers.logs import runtime
from workers.process import run
from workers.relay.relay import CONNECTIONS, Relay
from workers.settings import Settings
from workers.temporal import connect

log = structlog.get_logger()


async def run_relay(settings: Settings) -> int:
    """Deliver until told to stop and return the exit code; raises as `workers.process.run`."""

    async def deliver(url: str, told: asyncio.Event) -> None:
        # Temporal may be away: it is connected to by the first event
        client = await connect(settings, runtime=runtime(settings.log_level), lazy=True)
        pool = await open_pool(url, size=CONNECTIONS, application="iehe-relay")
        try:
            tell_ready()
            log.info("relay-delivering", namespace=client.namespace)
            await Relay(pool, client).run(told)
        finally:
            pool.terminate()

    return await run("relay", settings, "worker", deliver)
