"""Errands: what a process does as soon as rows of its own wait for it, in every worker of its home."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Final

import structlog

from activities.kernel.scheduled import Tools

LOOK_EVERY: Final = 1.0
"""Seconds until the next look when nothing is left to do."""
LONGEST_PAUSE: Final = 60.0
"""Seconds until the next look after many that failed."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Errand:
    """Something that waits in rows; any number of workers do it side by side."""

    name: str
    run: Callable[[Tools], Awaitable[bool]]
    """Does some of what is due, within a minute or so; True: there may be more.

    It may be cut off anywhere: what was begun and not noted as done is done again."""


async def each_by_itself(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do some works side by side, each to its end; then raise the first failure, if there was one."""
    for ended in await asyncio.gather(*works, return_exceptions=True):
        if ended is not None:
            raise ended


async def run_errands(tools: Tools, errands: Iterable[Errand]) -> None:
    """Do them, each by itself, until cancelled; one that fails holds up no other."""
    async with asyncio.TaskGroup() as group:
        for each in errands:
            group.create_task(_run(tools, each))


async def _run(tools: Tools, errand: Errand) -> None:
    failures = 0
    while True:
        more = False
        try:
            more = await errand.run(tools)
            failures = 0
        except Exception:
            failures += 1
            log.exception("errand-failed", errand=errand.name, count=failures)
        if not more:
            await asyncio.sleep(min(LOOK_EVERY * 2 ** min(failures, 10), LONGEST_PAUSE))
