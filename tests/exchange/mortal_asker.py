"""A worker's errand to partners that dies, as by kill -9, when it reaches a named point."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from activities.exchange.fetching import fetch_some
from activities.exchange.room import ROOM
from activities.exchange.telling import tell_some
from activities.kernel.database import open_pool
from activities.kernel.outgoing import Outgoing, Reach
from activities.kernel.scheduled import Tools
from activities.kernel.webhooks import Webhooks
from encryption.case_keys import CaseKeys
from encryption.ring import KeyRing
from encryption.webhook_secrets import Signer


async def main(database_url: str, ring_file: str, point: str) -> None:
    """Ask and tell until the point is reached."""

    async def die(reached: str) -> None:
        if reached == point:
            os.kill(os.getpid(), signal.SIGKILL)

    ring, pool = KeyRing(Path(ring_file)), await open_pool(database_url)
    hooks = Webhooks(pool, Outgoing(Reach(local=True)), Signer(ring))
    tools = Tools(pool, None, {ROOM.process.name: ROOM}, die, webhooks=hooks, mark=CaseKeys(ring).mark)
    while await fetch_some(tools) or await tell_some(tools):
        pass


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
