"""Questions to servers that may be frozen: nobody waits for an answer longer than was said."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, Final, TypeVar

T = TypeVar("T")
_left_over: Final[set[asyncio.Future[Any]]] = set()


def is_unconnected(error: RuntimeError) -> bool:
    """Whether a client that connects when it is first used could not."""
    return "client connect" in str(error)


async def within(patience: timedelta, question: Coroutine[Any, Any, T]) -> T:
    """The answer; what does not answer is left to end by itself.

    Waiting for the end of what was given up took as long as the server was frozen: a connection is given
    back to its pool only when the server has heard that its question is no longer asked.

    Raises:
        TimeoutError: no answer within this time; whether the question has an effect is not known.
    """
    asked = asyncio.ensure_future(question)
    try:
        done, _ = await asyncio.wait({asked}, timeout=patience.total_seconds())
    except asyncio.CancelledError:
        _leave(asked)
        raise
    if done:
        return asked.result()
    _leave(asked)
    raise TimeoutError


def _leave(asked: "asyncio.Future[Any]") -> None:
    _left_over.add(asked)
    asked.add_done_callback(_ended)
    asked.cancel()


def _ended(asked: "asyncio.Future[Any]") -> None:
    _left_over.discard(asked)
    if not asked.cancelled():
        asked.exception()  # told to whoever asked, as no answer
