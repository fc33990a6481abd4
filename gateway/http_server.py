"""The HTTP server around the application."""

import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from gateway.connections import Connection, Places

BACKLOG: Final = 512


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
            backlog=BACKLOG,
        )
        config.timeout_graceful_shutdown = finish_within  # type: ignore[assignment]
        super().__init__(config)
        self.server_state = Places()
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

    It is made with its protocol: only then asyncio sends small answers at once (TCP_NODELAY).

    Raises:
        OSError: the port is taken, or the address is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
