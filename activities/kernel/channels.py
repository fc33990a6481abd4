"""The port by which notices leave: a channel prepares one, hands it over, and says what became of it.

Whatever can be refused beforehand is refused while preparing; only the handing over itself lies between the
mark `sending` and the record of the answer.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

import asyncpg


class NotDeliveredError(Exception):
    """Not known to be accepted; `reason` is a code, never an address or a server's words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class DeferredError(NotDeliveredError):
    """Certainly not accepted, or taken once only however often it comes; may be accepted later.

    `after`: how long the receiver has asked to be left alone.
    """

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = after


class RefusedError(NotDeliveredError):
    """Certainly not accepted, and never will be."""


class WithheldError(NotDeliveredError):
    """Not to be sent from here at all; that is no failure."""


class UnansweredError(NotDeliveredError):
    """It was handed over and no answer came: it may have been accepted."""


@dataclass(frozen=True)
class Prepared:
    """A notice that can be handed over; `message_id` is what its receiver knows it by.

    `hand_over` returns when the receiver has taken it on. Raises NotDeliveredError.
    """

    message_id: str
    hand_over: Callable[[], Awaitable[None]]


class Session(Protocol):
    """Handing over the notices of one delivery, one after the other."""

    async def prepare(self, notice: asyncpg.Record, now: datetime) -> Prepared:
        """Do all that comes before a row of the query `pending` is marked as being sent.

        Raises NotDeliveredError, or NotRenderedError when it cannot be written.
        """
        ...


@runtime_checkable
class Gathering(Session, Protocol):
    """A session that can tell one reader several notices at once."""

    async def prepare_together(self, notices: Sequence[asyncpg.Record], now: datetime) -> Prepared:
        """As `prepare`, for notices to one reader, which are told in the letter of the first.

        Raises NotDeliveredError, or NotRenderedError when one of them cannot be written.
        """
        ...


class Channel(Protocol):
    """A way to people. Where it is `repeatable` receivers drop a second copy, and doubts are sent again."""

    @property
    def repeatable(self) -> bool:
        """Whether a notice may be handed over twice."""
        ...

    def session(self, case_id: str) -> AbstractAsyncContextManager[Session]:
        """For the notices of one case; nothing is connected before the first."""
        ...


def kind_of(channel: str) -> str:
    """`mail` or `webhook`: what comes before a colon."""
    return channel.partition(":")[0]
