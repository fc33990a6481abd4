"""Ten thousand results asked for at the hour: how many are right, how long each took, how long all took."""

import argparse
import asyncio
import statistics
from itertools import cycle
from typing import Final

import httpx2

from benchmarks.servers import processor_seconds, servers
from cli.session import leave
from embedded.ports import free_port
from tests.round import crowd
from tests.round.portal import Reader, register

HOST: Final = "127.0.0.1"
GOAL_SECONDS: Final = 60.0
BEFORE: Final = 3.0
"""Seconds before the hour from which on the portal asks already."""


async def run(count: int, connections: int) -> bool:
    """Fill a round, wait for its hour, ask; whether the goal was reached."""
    async with servers() as at:
        pool = await at.pool("owner", 2)
        async with pool.acquire() as owner:
            await crowd.fill(owner, count)
            secret = await register(owner, at.ring, "portal", per_minute=1_000_000)
        port = free_port()
        at.environment |= {"IEHE_GATEWAY_PORT": str(port)}
        gateway = await at.start("cli.main", "gateway")
        async with httpx2.AsyncClient(base_url=f"http://{HOST}:{port}") as http:
            portal = Reader(http, "portal", secret)
            await crowd.ask(portal, HOST, port, range(200), connections=4)  # to warm up
            async with pool.acquire() as owner:
                hour = await crowd.release(owner, BEFORE)
            early = await crowd.ask(
                portal, HOST, port, cycle(range(count)), connections=connections, until=hour
            )
            used = processor_seconds([gateway.pid]), processor_seconds(at.pids["postgres"])
            told = await crowd.ask(portal, HOST, port, range(count), connections=connections)
            used = (
                processor_seconds([gateway.pid]) - used[0],
                processor_seconds(at.pids["postgres"]) - used[1],
            )
    took = statistics.quantiles([each.told_at - each.asked_at for each in told], n=100)
    seconds = max(each.told_at for each in told) - hour
    wrong = len(told) - sum(each.right for each in told)
    known_early = sum(not each.empty for each in early if each.told_at < hour)
    print(f"before the hour: {len(early)} asked, {known_early} told something")
    print(
        f"from the hour on: {len(told)} asked, {len(told) - wrong} right, {wrong} wrong;"
        f" the last {seconds:.1f} s after the hour, {len(told) / seconds:.0f} a second;"
        f" p50 {1000 * took[49]:.1f} ms, p95 {1000 * took[94]:.1f} ms, p99 {1000 * took[98]:.1f} ms"
    )
    print(f"processor: gateway {used[0]:.1f} s, PostgreSQL {used[1]:.1f} s")
    return not wrong and not known_early and seconds < GOAL_SECONDS


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=32)
    given = parser.parse_args()
    leave(0 if asyncio.run(run(given.count, given.connections)) else 1)
