"""What a sender may cost before we know who it is: size and time of a body, requests a minute.

The counts are kept in this process. A limit holds for each gateway; in front of several, the proxy's holds.
"""

import asyncio
import ipaddress
import math
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Final

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import Request

from gateway.problems import problem

BODY_LIMIT: Final = 256 * 1024
_DRAINED: Final = 4 * BODY_LIMIT
"""Read and thrown away of a body that is too large, so that its sender can read the answer."""
BODY_SECONDS: Final = 20.0
PEER_PER_MINUTE: Final = 60_000
"""From one address: beyond what one gateway can store, because behind a proxy all have the same."""
REFUSED_PER_MINUTE: Final = 120
"""From one address that were not shown to be a source's, whether there is such a source or not."""

READING_AT_ONCE: Final = 64
"""Bodies that one address may be sending at the same time: a part of all requests that are worked on."""


@lru_cache(maxsize=4096)
def address(host: str) -> str:
    """What is counted as one address: of IPv6 the network, all of which one machine may have."""
    try:
        given = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(given, ipaddress.IPv6Address) and given.ipv4_mapped is None:
        return str(ipaddress.IPv6Network((int(given), 64), strict=False))
    return str(given if isinstance(given, ipaddress.IPv4Address) else given.ipv4_mapped)


class Reading:
    """How many bodies are being read, by address, and the `most` that may be."""

    def __init__(self, most: int = READING_AT_ONCE) -> None:
        self._most = most
        self._by_peer: Counter[str] = Counter()

    @contextmanager
    def by(self, peer: str) -> Iterator[None]:
        """While a body is read.

        Raises:
            Problem: 503 with `Retry-After` when it is one too many; the connection is closed after it.
        """
        if self._by_peer[peer] >= self._most:
            raise problem("too-many-at-once")
        self._by_peer[peer] += 1
        try:
            yield
        finally:
            self._by_peer[peer] -= 1
            if not self._by_peer[peer]:
                del self._by_peer[peer]


class Rates:
    """Requests a minute by whatever they are counted by."""

    def __init__(self) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def count(self, per_minute: int, *who: str, cost: int = 1) -> None:
        """Count a request.

        Raises:
            Problem: 429 with `Retry-After` when it is one too many; it is not counted then.
        """
        item = RateLimitItemPerMinute(per_minute)
        # a batch larger than a minute's worth uses a whole minute up, or it could never come
        if await self._limiter.hit(item, *who, cost=min(cost, per_minute)):
            return
        reset = (await self._limiter.get_window_stats(item, *who)).reset_time
        wait = max(1, min(60, math.ceil(reset - time.time())))
        raise problem("too-many-requests", per_minute=per_minute, wait=wait, retry_after=wait)


async def read_body(request: Request, limit: int = BODY_LIMIT, seconds: float = BODY_SECONDS) -> bytes:
    """A request's body, as far as it is short and comes in time; its declared length is not believed.

    Raises:
        Problem: 413 or 408; the connection is closed after it.
    """
    body = bytearray()
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size <= limit:
                    body += chunk
                elif size > _DRAINED:
                    break
    except TimeoutError:
        raise problem("body-too-slow", seconds=seconds) from None
    if size > limit:
        raise problem("body-too-large", limit=limit)
    return bytes(body)
