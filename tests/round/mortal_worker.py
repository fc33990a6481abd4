"""A worker that ranks a round's lists and tells its cases, in a process that is killed."""

import asyncio
import sys
from datetime import datetime

import asyncpg

from activities.kernel.database import open_pool
from tests.round.bureau import Bureau
from workflows.round import promotion, releasing

SOME = 7
"""Cases told in one step: so few that there are many steps to die in."""


def say(word: str) -> None:
    """A line, at once."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def main(worker_url: str, owner_url: str, since: str) -> None:
    """Let time pass until killed; a line for each second of it."""
    releasing.AT_ONCE = promotion.AT_ONCE = SOME
    pool = await open_pool(worker_url, size=2)
    bureau = Bureau(pool, pool, await asyncpg.connect(owner_url), datetime.fromisoformat(since))
    while True:
        await bureau.goes_on(seconds=2)
        say((await bureau.state()).stage)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
