"""The event door at a given rate: answers in milliseconds, beside a handler that only inserts a row."""

import argparse
import asyncio
import json
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg
from standardwebhooks.webhooks import Webhook

from cli.session import leave
from embedded.home import Home, postgres_account
from embedded.ports import free_port
from embedded.postgres import PostgresServer
from embedded.temporal import TemporalPorts, TemporalServer
from encryption.ring import ensure_ring
from tests.gateway.stand import SOURCE, Stand, event
from workers.migrations import migrate
from workers.policies import load_defaults
from workers.settings import load_settings

CONNECTIONS: Final = 32


class Connection:
    """One kept connection that sends ready-made requests: the load must cost less than what it measures."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, request: bytes) -> int:
        """The status of the answer."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                await self._reader.readexactly(int(value))
        return int(head.split(b" ", 2)[1])

    def close(self) -> None:
        """End it."""
        self._writer.close()


def request(port: int, secret: str, number: int) -> bytes:
    """An event for a case that does not exist yet, signed now."""
    told = event(uuid4().hex, "document-received", f"A2027-{number:06}", item="transcript")
    body = json.dumps(told).encode()
    now = datetime.now(UTC)
    signature = Webhook(secret).sign("m", now, body.decode())
    head = (
        f"POST /events HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/cloudevents+json\r\n"
        f"content-length: {len(body)}\r\nwebhook-id: m\r\nwebhook-timestamp: {int(now.timestamp())}\r\n"
        f"webhook-signature: {signature}\r\n\r\n"
    )
    return head.encode() + body


async def at_rate(port: int, secret: str, rate: int, seconds: int) -> dict[str, object]:
    """Send at a fixed rate whatever the answers do; each answer is timed from when its request was due."""
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(Connection(*await asyncio.open_connection("127.0.0.1", port)))
    requests = [request(port, secret, number) for number in range(rate * seconds)]
    took: list[float] = []
    statuses: list[int] = []
    start = time.perf_counter() + 0.1

    async def one(number: int, ready: bytes) -> None:
        due = start + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        connection = await free.get()
        statuses.append(await connection.ask(ready))
        took.append(time.perf_counter() - due)
        free.put_nowait(connection)

    await asyncio.gather(*(one(number, ready) for number, ready in enumerate(requests)))
    span = time.perf_counter() - start
    while not free.empty():
        free.get_nowait().close()
    return _figures(took, statuses, span)


async def flat_out(port: int, secret: str, count: int) -> dict[str, object]:
    """As many as the door takes."""
    requests = iter([request(port, secret, number) for number in range(count)])
    took: list[float] = []
    statuses: list[int] = []
    start = time.perf_counter()

    async def work() -> None:
        connection = Connection(*await asyncio.open_connection("127.0.0.1", port))
        for ready in requests:
            since = time.perf_counter()
            statuses.append(await connection.ask(ready))
            took.append(time.perf_counter() - since)
        connection.close()

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return _figures(took, statuses, time.perf_counter() - start)


def _figures(took: list[float], statuses: list[int], span: float) -> dict[str, object]:
    parts = statistics.quantiles(took, n=100)
    return {
        "per_second": round(len(took) / span, 1),
        "p50_ms": round(1000 * parts[49], 1),
        "p99_ms": round(1000 * parts[98], 1),
        "refused": sum(status != 202 for status in statuses),  # noqa: PLR2004 - accepted
    }


async def run(rate: int, seconds: int, count: int, *, relay: bool) -> None:
    """Measure both doors in turns, on servers of their own."""
    account = postgres_account(load_settings().postgres_account)
    folder = Path(tempfile.mkdtemp(prefix="iehe-bench-", dir="/tmp"))
    folder.chmod(0o711)
    home = Home(folder / "h")
    home.create(account)
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        postgres = PostgresServer(home, account=account)
        await postgres.start()
        stack.push_async_callback(postgres.stop)
        temporal = TemporalServer(
            TemporalPorts(frontend=free_port(), http=free_port(), metrics=free_port()),
            folder=home.temporal,
            log=home.logs / "temporal.log",
        )
        await temporal.start()
        stack.push_async_callback(temporal.stop)
        owner = await asyncpg.connect(postgres.url("owner"))
        await migrate(owner)
        await load_defaults(owner)
        await owner.execute("CREATE TABLE iehe.bare (id bigserial PRIMARY KEY, body jsonb NOT NULL)")
        await owner.execute("GRANT INSERT ON iehe.bare TO iehe_office")
        await owner.execute("GRANT USAGE ON SEQUENCE iehe.bare_id_seq TO iehe_office")
        doors = {"door": free_port(), "bare": free_port()}
        stand = Stand(
            {
                "IEHE_ENVIRONMENT": "staging",
                "IEHE_DATABASE_URL": postgres.url("worker"),
                "IEHE_OFFICE_DATABASE_URL": postgres.url("office"),
                "IEHE_OWNER_DATABASE_URL": postgres.url("owner"),
                "IEHE_KEY_RING": str(ensure_ring(home.secrets / "keys.json").path),
                "IEHE_GATEWAY_PORT": str(doors["door"]),
                "TEMPORAL_ADDRESS": temporal.address,
            },
            home.logs,
        )
        stack.push_async_callback(stand.close)
        secret = await stand.source("jp.ac.iehe.admission-review.*", per_minute=1_000_000)
        await stand.start("gateway")
        if relay:
            await stand.start("relay")
        bare = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.bare_door", postgres.url("office"), str(doors["bare"]))
        )
        stand.processes.append(bare)
        for port in doors.values():
            await _open(port)
        for name, port in doors.items():  # to warm up
            await flat_out(port, secret, 200)
            _tell(f"{name} ready", {})
        for turn in range(3):
            for name, port in doors.items():
                _tell(f"{turn + 1} {name} at {rate}/s", await at_rate(port, secret, rate, seconds))
        for turn in range(3):
            for name, port in doors.items():
                _tell(f"{turn + 1} {name} flat out", await flat_out(port, secret, count))
        stored = await owner.fetchval("SELECT count(*) FROM iehe.events WHERE source = $1", SOURCE)
        _tell("events in the inbox", {"count": stored})
        await owner.close()


async def _open(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


def _tell(what: str, figures: dict[str, object]) -> None:
    print(f"{what:<24}", *(f"{name}={value}" for name, value in figures.items()), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=300)
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--no-relay", action="store_true")
    given = parser.parse_args()
    asyncio.run(run(given.rate, given.seconds, given.count, relay=not given.no_relay))
    leave(0)
