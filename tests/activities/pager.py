"""A gateway for tests: it takes webhooks over real HTTP, with the faults that gateways have."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Posted:
    """One request as it came over the wire."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Gateway:
    """What came, and how the next requests are answered: `200` when nothing is said.

    An answer is a status, or a status with lines of a head; `silent`: none; `endless`: 200 and no end.
    """

    port: int = 0
    posted: list[Posted] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    endlessly_sent: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/pages"

    @property
    def ids(self) -> list[str]:
        return [each.headers["webhook-id"] for each in self.posted]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return  # the other side, or the test, was done with it
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        pairs = (line.split(": ", 1) for line in lines)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers["content-length"]))
        self.posted.append(Posted(first.split(" ")[1], headers, body))
        answer = self.answers.pop(0) if self.answers else "200"
        if answer == "silent":
            await reader.read()  # until the other side hangs up
            return
        status, *more = answer.split("\n")
        if status == "endless":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                writer.write(b"." * 65536)
                await writer.drain()
                self.endlessly_sent += 65536
        head = [f"HTTP/1.1 {status} -", "Content-Length: 0", *more, "", ""]
        writer.write("\r\n".join(head).encode())
        await writer.drain()


@asynccontextmanager
async def open_gateway(tls: ssl.SSLContext | None = None) -> AsyncIterator[Gateway]:
    """Serve on a free loopback port, until the end of the context."""
    gateway, tasks = Gateway(), set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        tasks.add(task)
        await gateway.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    gateway.port = server.sockets[0].getsockname()[1]
    try:
        yield gateway
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
