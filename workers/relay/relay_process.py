"""The relay process from its first connection to its end."""

import asyncio
from contextlib import AsyncExitStack

import structlog

from activities.kernel.database import open_pool
from cases.homes import homes
from embedded.worker import tell_ready
from encryption.case_keys import CaseKeys
from workers.logs import runtime
from workers.process import Urls, run
from workers.relay.relay import CONNECTIONS, Relay
from workers.settings import Settings
from workers.temporal import connect, key_ring

log = structlog.get_logger()


async def run_relay(settings: Settings) -> int:
    """Deliver until told to stop and return the exit code; raises as `workers.process.run`."""

    async def deliver(urls: Urls, told: asyncio.Event) -> None:
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            for home, url in urls.items():
                # Temporal may be away: it is connected to by the first event
                client = await connect(settings, home, runtime=runtime(settings.log_level), lazy=True)
                pool = await open_pool(url, size=CONNECTIONS, application="iehe-relay")
                stack.callback(pool.terminate)
                # one each: as the home's worker it sees the events of that home alone
                marks = CaseKeys(key_ring(settings, home))
                group.create_task(Relay(pool, client, marks=marks).run(told))
                log.info("relay-delivering", namespace=client.namespace)
            tell_ready()

    return await run("relay", settings, "worker", homes().values(), deliver)
