"""Starting, waiting and giving up several things at once, without leaving one behind."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def on_signals(numbers: Sequence[signal.Signals], callback: Callable[[], None]) -> Iterator[None]:
    """Call `callback` in the running loop for each of these signals, instead of what they do otherwise."""
    loop = asyncio.get_running_loop()
    for number in numbers:
        loop.add_signal_handler(number, callback)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def first_of(*futures: asyncio.Future[Any], within: float | None = None) -> None:
    """Return when one of them is done, or after `within` seconds; raises nothing of theirs."""
    await asyncio.wait(futures, timeout=within, return_when=asyncio.FIRST_COMPLETED)


async def together(*starts: Coroutine[Any, Any, None]) -> None:
    """Run all at once; the first failure cancels the others, waits for them and is raised."""
    tasks = [asyncio.create_task(start) for start in starts]
    try:
        await asyncio.gather(*tasks)
    finally:
        await cancelled(*tasks)


async def cancelled(*tasks: asyncio.Task[Any]) -> None:
    """Cancel what still runs and return when all have ended; raises nothing of theirs."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
