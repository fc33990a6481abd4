"""The event door at a given rate and flat out, in turns with a handler that only inserts a row."""

import argparse
import asyncio
import json
import os
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import uvicorn
from standardwebhooks.webhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from activities.kernel.database import open_pool
from benchmarks.servers import ready, servers
from cli.session import leave
from embedded.ports import free_port
from tests.gateway.stand import SOURCE, Stand, event

CONNECTIONS: Final = 32
BARE_PORT: Final = "BENCHMARK_PORT"


@asynccontextmanager
async def _with_pool(app: Starlette) -> AsyncIterator[None]:
    app.state.pool = await open_pool(os.environ["IEHE_OFFICE_DATABASE_URL"], size=10, application="bare")
    ready()
    yield
    app.state.pool.terminate()


async def _store(request: Request) -> Response:
    body = json.loads(await request.body())
    await request.app.state.pool.execute("INSERT INTO iehe.bare (body) VALUES ($1)", json.dumps(body))
    return Response(status_code=202)


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


async def send(port: int, secret: str, count: int, rate: float | None) -> dict[str, float]:
    """Send at a fixed rate whatever the answers do, each timed from when it was due; or as many as are taken.

    Connections are kept and requests made before: the load must cost less than what it measures.
    """
    requests = iter([request(port, secret, number) for number in range(count)])
    took: list[float] = []
    refused = 0
    start = time.perf_counter() + 0.1

    async def work() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for made in requests:
            due = start + len(took) / rate if rate else time.perf_counter()
            took.append(0.0)
            place = len(took) - 1
            await asyncio.sleep(max(0.0, due - time.perf_counter()) if rate else 0)
            writer.write(made)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
            await reader.readexactly(length)
            took[place] = time.perf_counter() - due
            refused += not head.startswith(b"http/1.1 202")
        writer.close()

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    span = time.perf_counter() - start
    parts = statistics.quantiles(took, n=100)
    return {
        "per_second": round(len(took) / span, 1),
        "p50_ms": round(1000 * parts[49], 1),
        "p99_ms": round(1000 * parts[98], 1),
        "refused": refused,
    }


async def run(rate: int, seconds: int, count: int, *, relay: bool) -> None:
    """Measure both doors in turns, on servers of their own."""
    async with servers() as at:
        owner = await at.pool("owner", 1)
        await owner.execute("CREATE TABLE iehe.bare (id bigserial PRIMARY KEY, body jsonb NOT NULL)")
        await owner.execute("GRANT INSERT ON iehe.bare TO iehe_office")
        await owner.execute("GRANT USAGE ON SEQUENCE iehe.bare_id_seq TO iehe_office")
        doors = {"door": free_port(), "bare": free_port()}
        at.environment |= {"IEHE_GATEWAY_PORT": str(doors["door"]), BARE_PORT: str(doors["bare"])}
        secret = await Stand(at.environment, at.home.logs).source("jp.ac.iehe.admission-review.*")
        for name in ("gateway", "relay") if relay else ("gateway",):
            await at.start("cli.main", name)
        await at.start("benchmarks.door", "serve")
        for port in doors.values():  # to warm up
            await send(port, secret, 200, None)
        for name, number, at_rate in (("at the rate", rate * seconds, rate), ("flat out", count, None)):
            for turn in range(3):
                for door, port in doors.items():
                    print(turn + 1, door, name, await send(port, secret, number, at_rate), flush=True)
        print("stored", await owner.fetchval("SELECT count(*) FROM iehe.events WHERE source = $1", SOURCE))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=["measure", "serve"], default="measure")
    parser.add_argument("--rate", type=int, default=300)
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--no-relay", action="store_true")
    given = parser.parse_args()
    if given.what == "serve":
        bare = Starlette(routes=[Route("/events", _store, methods=["POST"])], lifespan=_with_pool)
        uvicorn.run(
            bare, host="127.0.0.1", port=int(os.environ[BARE_PORT]), log_level="warning", access_log=False
        )
    else:
        asyncio.run(run(given.rate, given.seconds, given.count, relay=not given.no_relay))
        leave(0)
