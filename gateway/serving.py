"""The HTTP server around the application: what a connection may cost, and how it ends."""

import asyncio
import json
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from http import HTTPStatus
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.problems import MEDIA_TYPE, Problem

HEADER_BYTES: Final = 32 * 1024
HEADER_SECONDS: Final = 10.0
KEEP_ALIVE_SECONDS: Final = 30
CONNECTIONS: Final = 1000
BACKLOG: Final = 512


class Connection(HttpToolsProtocol):
    """One connection; its headers are bounded in length and time, which the parser itself does not do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._headers_bytes = 0
        self._headers_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection that says nothing is one whose headers do not come."""
        super().connection_made(transport)
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._headers_came()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """The first bytes of a request."""
        super().on_message_begin()
        self._headers_bytes = 0
        self._await_headers()

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
        self._headers_came()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - it may repeat what came
        """What is not HTTP gets a problem like everything else, without a word of what came."""
        large = self._headers_bytes > HEADER_BYTES
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if large else HTTPStatus.BAD_REQUEST
        problem = Problem(
            status,
            "headers-too-large" if large else "not-http",
            f"The headers are longer than {HEADER_BYTES} bytes."
            if large
            else "This is not a request of HTTP/1.1.",
            f"ヘッダーが {HEADER_BYTES} バイトを超えています。"
            if large
            else "HTTP/1.1 のリクエストではありません。",
        )
        body = json.dumps(problem.body(), ensure_ascii=False).encode()
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: {MEDIA_TYPE}\r\n"
        head += f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _count(self, size: int) -> None:
        self._headers_bytes += size
        if self._headers_bytes > HEADER_BYTES:
            raise ValueError(HEADER_BYTES)  # the parser ends the connection with send_400_response

    def _await_headers(self) -> None:
        if self._headers_due is None:
            self._headers_due = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def _headers_came(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None


class Server(uvicorn.Server):
    """Serves an application on a socket until told to stop; the signals are its owner's.

    Args:
        app: the application.
        finish_within: seconds for the requests under way when it stops.
        on_started: called when connections are accepted.
    """

    def __init__(
        self, app: ASGIApp, *, finish_within: float = 2.0, on_started: Callable[[], None] = lambda: None
    ) -> None:
        config = uvicorn.Config(
            app,
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        config.timeout_graceful_shutdown = finish_within  # type: ignore[assignment]
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self._on_started()

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """Leave the process's signals alone."""
        return nullcontext()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        OSError: the port is taken, or the address is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
