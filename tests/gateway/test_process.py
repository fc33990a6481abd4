"""The gateway as a process: how it starts, how it ends, and that an answer outlives it."""

import asyncio
import base64
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx2
import pytest

from activities.kernel.database import open_pool
from embedded.ports import free_port
from encryption.source_secrets import seal
from tests.cli.program import of_homes
from tests.gateway.conftest import SECRET, TYPE
from tests.gateway.stand import SOURCE, Portal, Stand, event

AT_ONCE = 20


@pytest.fixture
async def stand(database, ring, tmp_path) -> AsyncIterator[Stand]:
    """Processes on the test's database, while Temporal is away."""
    environment = {
        "IEHE_ENVIRONMENT": "staging",
        "IEHE_DATABASE_URL": database.url("worker"),
        "IEHE_OFFICE_DATABASE_URL": database.url("office"),
        "IEHE_OWNER_DATABASE_URL": database.url("owner"),
        "IEHE_KEY_RING": str(ring.path),
        "IEHE_GATEWAY_PORT": str(free_port()),
        "TEMPORAL_ADDRESS": "127.0.0.1:1",
        **of_homes(database),
    }
    stand = Stand(environment, tmp_path)
    yield stand
    await stand.close()


@pytest.fixture
async def rows(database) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database.url("owner"), size=2)
    yield pool
    await pool.close()


@pytest.fixture
async def portal(stand, rows, ring) -> AsyncIterator[Portal]:
    await rows.execute(
        "INSERT INTO iehe.sources (name, uri, types, per_minute) VALUES ('portal', $1, $2, 1000000)",
        SOURCE,
        [TYPE + "document-received"],
    )
    await rows.execute(
        "INSERT INTO iehe.source_keys (key_id, source, kind, sealed) VALUES ('key-1', 'portal', 'v1', $1)",
        seal(ring, "key-1", "portal", SECRET),
    )
    secret = base64.b64encode(SECRET).decode()
    async with httpx2.AsyncClient(timeout=10) as client:
        yield Portal(f"http://127.0.0.1:{stand.environment['IEHE_GATEWAY_PORT']}", secret, client)


def fact(number: int) -> dict[str, object]:
    return event(f"e-{number}", "document-received", f"A27-{number % 7:04}", item="transcript")


async def stored(rows: asyncpg.Pool) -> set[str]:
    return {row["id"] for row in await rows.fetch("SELECT id FROM iehe.events WHERE source = $1", SOURCE)}


async def post(portal: Portal, number: int, answered: dict[str, int]) -> None:
    """Send once; a connection that breaks is no answer."""
    try:
        answer = await portal.client.send(portal.request(fact(number)))
    except httpx2.TransportError:
        return
    answered[f"e-{number}"] = answer.status_code


async def test_ready_while_temporal_is_away(stand, portal, rows):
    """The process says that it is ready and takes events; /readyz says who is away."""
    await stand.start("gateway")
    ready = await portal.client.get(f"{portal.url}/readyz")
    assert (ready.status_code, ready.json()) == (200, {"database": "ok", "temporal": "away"})
    assert (await portal.send(fact(1))).status_code == 202
    assert await stored(rows) == {"e-1"}


async def test_told_to_stop_it_answers_what_it_has_read(stand, portal, rows):
    """Under load every event is answered or was not taken; the process ends with 0 within 3 seconds."""
    gateway = await stand.start("gateway")
    answered: dict[str, int] = {}
    loads = asyncio.Event()

    async def load(first: int) -> None:
        for number in range(first, 100_000, AT_ONCE):
            before = len(answered)
            await post(portal, number, answered)
            if len(answered) == before and gateway.returncode is not None:
                return
            if len(answered) > 100:
                loads.set()

    senders = [asyncio.create_task(load(number)) for number in range(AT_ONCE)]
    await loads.wait()
    started = time.monotonic()
    gateway.send_signal(signal.SIGTERM)
    assert await gateway.wait() == 0
    assert time.monotonic() - started < 3
    await asyncio.gather(*senders)
    assert set(answered.values()) == {202}
    assert await stored(rows) == set(answered)


async def test_told_to_stop_while_the_database_is_slow(stand, portal, rows, eventually):
    """Requests that wait for the database when SIGTERM comes get their answers when it is done."""
    gateway = await stand.start("gateway")
    assert (await portal.send(fact(0))).status_code == 202
    answered: dict[str, int] = {}
    async with rows.acquire() as connection:
        lock = connection.transaction()
        await lock.start()
        await connection.execute("LOCK TABLE iehe.events IN EXCLUSIVE MODE")
        posts = [asyncio.create_task(post(portal, number, answered)) for number in range(1, 9)]

        async def all_wait() -> bool:
            waiting: int = await rows.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return waiting == len(posts)

        await eventually(all_wait)
        gateway.send_signal(signal.SIGTERM)

        async def closed() -> bool:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", httpx2.URL(portal.url).port)
            except OSError:
                return True
            writer.close()
            return False

        await eventually(closed)
        await lock.rollback()
    assert await gateway.wait() == 0
    await asyncio.gather(*posts)
    assert answered == {f"e-{number}": 202 for number in range(1, 9)}
    assert await stored(rows) == {"e-0", *answered}


async def test_killed_under_load_it_has_stored_what_it_answered(stand, portal, rows):
    """After kill -9 every id that was answered 2xx is there; sent again, each of 300 is there once."""
    gateway = await stand.start("gateway")
    answered: dict[str, int] = {}
    enough = asyncio.Event()
    numbers = iter(range(300))

    async def load() -> None:
        for number in numbers:
            await post(portal, number, answered)
            if len(answered) >= 100:
                enough.set()

    senders = [asyncio.create_task(load()) for _ in range(AT_ONCE)]
    await enough.wait()
    await stand.kill(gateway)
    await asyncio.gather(*senders)
    assert 100 <= len(answered) < 300
    assert set(answered.values()) == {202}
    await stand.start("gateway")
    assert set(answered) <= await stored(rows)
    rest = iter(range(300))

    async def send_again() -> None:
        for number in rest:
            answer = await portal.send(fact(number))
            assert answer.status_code == 200 or f"e-{number}" not in answered

    await asyncio.gather(*(send_again() for _ in range(AT_ONCE)))
    assert await stored(rows) == {f"e-{number}" for number in range(300)}
    assert await rows.fetchval("SELECT count(*) FROM iehe.events") == 300


async def test_a_second_gateway_on_the_port_says_so(stand, portal):
    """Exit code 8 and the port with its setting; the first one goes on."""
    await stand.start("gateway")
    second = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", "gateway"),
        env=os.environ | dict(stand.environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    stand.processes.append(second)
    said, _ = await second.communicate()
    assert second.returncode == 8, said.decode()
    assert b"port-taken" in said
    assert b"IEHE_GATEWAY_PORT" in said
    assert stand.environment["IEHE_GATEWAY_PORT"].encode() in said
    assert (await portal.send(fact(1))).status_code == 202


async def test_told_to_stop_while_it_waits_for_the_database(stand, tmp_path):
    """It ends with 0 at once, without ever having been ready."""
    elsewhere = f"postgresql://iehe_office@127.0.0.1:{free_port()}/iehe"
    log = tmp_path / "waiting.log"
    with log.open("wb") as out:
        gateway = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli.main", "gateway"),
            env=os.environ | dict(stand.environment) | {"IEHE_OFFICE_DATABASE_URL": elsewhere},
            stdout=out,
            stderr=out,
        )
    stand.processes.append(gateway)
    async with asyncio.timeout(10):
        while b"waiting-for-database" not in log.read_bytes():
            await asyncio.sleep(0.02)
    gateway.send_signal(signal.SIGTERM)
    async with asyncio.timeout(3):
        assert await gateway.wait() == 0


async def test_a_second_signal_ends_it_at_once(stand, portal, rows, eventually):
    """While requests wait for the database; the first one would have waited for them."""
    gateway = await stand.start("gateway")
    assert (await portal.send(fact(0))).status_code == 202
    async with rows.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE iehe.events IN EXCLUSIVE MODE")
        posting = asyncio.create_task(post(portal, 1, {}))

        async def waits() -> bool:
            return bool(await rows.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"))

        await eventually(waits)
        gateway.send_signal(signal.SIGTERM)
        await eventually(lambda: b"gateway-stopping" in (stand.folder / "gateway.log").read_bytes())
        gateway.send_signal(signal.SIGTERM)
        assert await gateway.wait() == -signal.SIGTERM
    await posting


@pytest.mark.parametrize("command", ["gateway", "relay"])
async def test_a_log_that_cannot_be_written_ends_nothing(stand, portal, rows, eventually, command):
    """With a full disk under its log a process does its work, and leaves when it is told to."""
    await stand.start("gateway", Path("/dev/full") if command == "gateway" else None)
    assert (await portal.send(fact(1))).status_code == 202
    if command == "relay":
        await stand.start("relay", Path("/dev/full"))

        async def tried_again() -> bool:
            # each try is a line in the log: Temporal is away
            return await rows.fetchval("SELECT max(attempts) FROM iehe.events") >= 2

        await eventually(tried_again)
    process = stand.processes[-1]
    assert process.returncode is None
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(3):
        assert await process.wait() == 0
