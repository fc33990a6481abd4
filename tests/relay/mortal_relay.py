"""A relay process that dies, as by kill -9, when it reaches a named point."""

import asyncio
import os
import sys
from pathlib import Path

from temporalio.client import Client

from activities.kernel.database import open_pool
from encryption.ring import KeyRing
from workers.relay.relay import CONNECTIONS, Relay
from workers.temporal import encrypted


async def main(address: str, database_url: str, point: str, ring: str) -> None:
    """Deliver until the point is reached."""

    async def die(reached: str) -> None:
        if reached == point:
            os._exit(9)

    client = await Client.connect(address, data_converter=encrypted(KeyRing(Path(ring)), "default"))
    pool = await open_pool(database_url, size=CONNECTIONS, application="iehe-relay")
    await Relay(pool, client, fault=die).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
