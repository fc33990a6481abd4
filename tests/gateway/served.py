"""The gateway on a real port of this machine, in the test's process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.app import create_app
from gateway.context import Gateway
from gateway.http_server import Server, listen


@asynccontextmanager
async def served(gateway: Gateway, port: int = 0) -> AsyncIterator[str]:
    """The gateway's address while it serves."""
    listener = listen("127.0.0.1", port)
    server = Server(create_app(gateway))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
