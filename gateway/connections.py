"""One connection: how long each of its states may last, how long its headers may be, who may have how many.

The parser bounds nothing of that itself. Every state has an end: the head that is awaited, the answer that is
being made or taken, the rest of a body that nobody wants any more, the pause before the next request, and the
closing. An address that has all its connections, or a full house, still gets its probes answered: what comes
beyond is read as far as its head, and only a probe is let through.
"""

import asyncio
import json
from collections import Counter
from enum import Enum, auto
from typing import Any, Final

import structlog
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from gateway.health import PROBES
from gateway.limits import address
from gateway.problems import MEDIA_TYPE, answer_problem, problem

HEADER_BYTES: Final = 32 * 1024
HEADER_SECONDS: Final = 10.0
SPARE_SECONDS: Final = 2.0
"""For the head of a request on a connection that is one too many."""
ANSWER_SECONDS: Final = 60.0
"""From the head of a request to the last byte of its answer: longer than anything that we wait for."""
REST_SECONDS: Final = 5.0
"""For what is left of the body of a request that has been answered."""
KEEP_ALIVE_SECONDS: Final = 30.0
CLOSE_SECONDS: Final = 5.0
"""For the answer that is still on its way when the connection is to end."""
CONNECTIONS: Final = 1000
PER_ADDRESS: Final = 256
"""As many as are worked on at once; behind a proxy all have its address."""
SPARE: Final = 64
"""Connections beyond these limits, for probes; the one that has waited longest goes first."""
_TELL_EVERY: Final = 10.0

log = structlog.get_logger()


class Places(ServerState):
    """What the server knows of its connections, and which of them are beyond the limits."""

    def __init__(self) -> None:
        super().__init__()
        self._taken: Counter[str] = Counter()
        self._spare: dict[Connection, None] = {}
        self._told_at = float("-inf")

    def take(self, connection: "Connection") -> bool:
        """A place for a connection; False: it is one too many, and may only ask how we are."""
        if self._taken[connection.address] < PER_ADDRESS and self._taken.total() < CONNECTIONS:
            self._taken[connection.address] += 1
            return True
        if len(self._spare) >= SPARE:
            waiting = (each for each in self._spare if each.waits)
            oldest = next(waiting, next(iter(self._spare)))
            del self._spare[oldest]
            oldest.end()
        self._spare[connection] = None
        now = connection.loop.time()
        if now - self._told_at >= _TELL_EVERY:
            self._told_at = now
            log.warning("connections-full", count=self._taken.total())
        return False

    def leave(self, connection: "Connection") -> None:
        """Its place is free."""
        self._spare.pop(connection, None)
        if not connection.spare:
            self._taken[connection.address] -= 1
            if not self._taken[connection.address]:
                del self._taken[connection.address]


class _Reading(Enum):
    NOTHING = auto()
    HEAD = auto()
    BODY = auto()


class Connection(HttpToolsProtocol):
    """One connection; what is awaited of it is in `_reading` and `_unanswered`, and has one timer."""

    server_state: Places

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = "-"
        self.spare = False
        self._headers_bytes = 0
        self._reading = _Reading.HEAD
        self._unanswered = 0
        self._due: asyncio.TimerHandle | None = None

    @property
    def waits(self) -> bool:
        """No request has come."""
        return self._unanswered == 0

    def end(self) -> None:
        """Cut it now: whoever does not read keeps a polite closing open for ever."""
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection that says nothing is one whose head does not come."""
        super().connection_made(transport)
        self.address = address(self.client[0]) if self.client else "-"
        self.spare = not self.server_state.take(self)
        self._end_within(SPARE_SECONDS if self.spare else HEADER_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._end_within(None)
        self.server_state.leave(self)
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """The first bytes of a request."""
        super().on_message_begin()
        self._headers_bytes = 0
        if self._reading is _Reading.NOTHING:
            self._reading = _Reading.HEAD
            self._await_next()

    def on_url(self, url: bytes) -> None:
        """A piece of the path."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._count(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The rest of the time is the endpoint's."""
        if self.spare and self.url.partition(b"?")[0].decode("latin-1") not in PROBES:
            self.app = _one_too_many
        super().on_headers_complete()
        if self.spare:
            self.cycle.keep_alive = False
        self._reading = _Reading.BODY
        self._unanswered += 1
        if self._unanswered == 1:
            self._end_within(ANSWER_SECONDS)

    def on_message_complete(self) -> None:
        """The body has come, perhaps after its answer."""
        super().on_message_complete()
        self._reading = _Reading.NOTHING
        self._await_next()

    def on_response_complete(self) -> None:
        """The next request that has come already is worked on, or awaited."""
        super().on_response_complete()
        self._unset_keepalive_if_required()  # any byte would end that wait, and begin no other
        self._unanswered -= 1
        if self.transport.is_closing():
            self._end_within(CLOSE_SECONDS)
        elif self._unanswered:
            self._end_within(ANSWER_SECONDS)
        else:
            self._await_next()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - it may repeat what came
        """What is not HTTP gets a problem like everything else, without a word of what came."""
        if self._unanswered and self.cycle.response_started:
            self.end()  # it would stand in the middle of another answer
            return
        large = self._headers_bytes > HEADER_BYTES
        refused = problem("headers-too-large" if large else "not-http", limit=HEADER_BYTES)
        body = json.dumps(refused.body(), ensure_ascii=False).encode()
        head = f"HTTP/1.1 {refused.status.value} {refused.status.phrase}\r\ncontent-type: {MEDIA_TYPE}\r\n"
        head += f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode() + body)
        self.transport.close()
        self._end_within(CLOSE_SECONDS)

    def _count(self, size: int) -> None:
        self._headers_bytes += size
        if self._headers_bytes > HEADER_BYTES:
            raise ValueError(HEADER_BYTES)  # the parser ends the connection with send_400_response

    def _await_next(self) -> None:
        if not self._unanswered and not self.transport.is_closing():
            within = {
                _Reading.NOTHING: KEEP_ALIVE_SECONDS,
                _Reading.HEAD: HEADER_SECONDS,
                _Reading.BODY: REST_SECONDS,
            }
            self._end_within(within[self._reading])

    def _end_within(self, seconds: float | None) -> None:
        if self._due is not None:
            self._due.cancel()
        self._due = None if seconds is None else self.loop.call_later(seconds, self.end)


async def _one_too_many(scope: Scope, receive: Receive, send: Send) -> None:
    await (await answer_problem(Request(scope), problem("too-many-connections")))(scope, receive, send)
