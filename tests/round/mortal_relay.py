"""Relays that are killed one after the other, each a child of one process that has everything ready for them.

A line on standard input begets a relay; it says which number it has, and each point that it reaches.
"""

import asyncio
import os
import sys
from pathlib import Path

from temporalio.client import Client

from activities.kernel.database import open_pool
from encryption.ring import KeyRing
from workers.relay import delivery_batch, links, relay
from workers.temporal import encrypted

A_WHILE = 0.03
"""Seconds at each point: there is time to die."""


def say(*words: object) -> None:
    """A line, at once."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def deliver(address: str, database_url: str, ring: str) -> None:
    """Until killed; of facts and cases one at a time, so that there are many points to die at."""

    async def reached(point: str) -> None:
        say(point)
        await asyncio.sleep(A_WHILE)

    entered = links._Arrival.deliver

    async def enter(arrival: links._Arrival) -> None:
        await entered(arrival)
        await reached("entered")

    links._Arrival.deliver = enter  # type: ignore[method-assign]
    links.MOST = relay.CASES = delivery_batch.EVENTS = 1  # type: ignore[misc]
    client = await Client.connect(address, data_converter=encrypted(KeyRing(Path(ring)), "default"))
    pool = await open_pool(database_url, size=relay.CONNECTIONS, application="iehe-relay")
    await relay.Relay(pool, client, fault=reached).run(asyncio.Event())


def main(*told: str) -> None:
    """One relay at a time, until nobody asks for another one."""
    say("ready")
    while sys.stdin.readline():
        relay_id = os.fork()
        if relay_id == 0:
            asyncio.run(deliver(*told))
        say("born", relay_id)
        os.waitpid(relay_id, 0)
        say("dead")


if __name__ == "__main__":
    main(*sys.argv[1:])
