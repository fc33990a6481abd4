"""Whether the gateway lives, whether events can be stored, and where a stored event stands."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
from temporalio.client import Client

from gateway.app import create_app
from gateway.context import Gateway
from schemas.kernel.patience import PROBE_WITHIN
from tests.frozen import frozen
from tests.gateway.conftest import TYPE, URI, SigningPortal

EVENT = {
    "specversion": "1.0",
    "id": "doc/2027:1",
    "source": URI,
    "type": TYPE + "document-received",
    "subject": "A27-0001",
    "data": {"item": "transcript", "reference": "canary-1"},
}


async def door_of(gateway: Gateway) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(create_app(gateway))
    async with httpx2.AsyncClient(transport=transport, base_url="http://door") as http:
        yield http


@pytest.fixture
async def lonely_door(gateway, client) -> AsyncIterator[httpx2.AsyncClient]:
    """The door while Temporal is away."""
    away = await Client.connect("127.0.0.1:1", lazy=True, data_converter=client.data_converter)
    async for each in door_of(replace(gateway, client=away)):
        yield each


@pytest.fixture
async def postgres_away(portal, postgres) -> AsyncIterator[None]:
    """The database server is stopped until the end of the test."""
    await postgres.stop()
    yield
    await postgres.start()


async def test_alive_and_ready(door):
    """Both servers are there, and the schema is this release's."""
    assert (await door.get("/livez")).json() == {"status": "ok"}
    ready = await door.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"database": "ok", "temporal": "ok"})


async def test_a_frozen_database_is_told_at_once(door, postgres):
    """A server that takes connections and says nothing: `/readyz` says so in time, again and again."""
    assert (await door.get("/readyz")).status_code == 200
    began = time.monotonic()
    with frozen(postgres.child.pid):
        for _ in range(2):
            ready = await door.get("/readyz")
            assert (ready.status_code, ready.json()["database"]) == (503, "away")
    assert time.monotonic() - began < 2 * PROBE_WITHIN.total_seconds() + 1
    async with asyncio.timeout(10):
        while (await door.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.05)


async def test_ready_while_temporal_is_away(lonely_door, portal):
    """It is said, and events are taken all the same."""
    ready = await lonely_door.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"database": "ok", "temporal": "away"})
    answer = await SigningPortal(lonely_door, portal.rows).send(EVENT)
    assert answer.status_code == 202, answer.text


async def test_ready_with_the_schema_of_a_later_release(door, portal):
    """Migrations come before the release that needs them, and the one at work goes on."""
    await portal.rows.execute(
        "INSERT INTO public.schema_migrations (room, number, name, sha256) "
        "VALUES ('kernel', 9999, 'kernel/9999_next.sql', '')"
    )
    ready = await door.get("/readyz")
    assert (ready.status_code, ready.json()["database"]) == (200, "ok")


async def test_not_ready_with_the_schema_of_an_earlier_release(door, portal):
    """A migration of this release is missing: no requests before it is applied."""
    await portal.rows.execute(
        "DELETE FROM public.schema_migrations WHERE number = "
        "(SELECT max(number) FROM public.schema_migrations)"
    )
    ready = await door.get("/readyz")
    assert (ready.status_code, ready.json()["database"]) == (503, "of-another-release")


async def test_without_the_database_senders_are_asked_to_come_again(door, portal, postgres_away):
    """Alive and not ready; a post is 503 with Retry-After and repeats nothing of what was sent."""
    assert (await door.get("/livez")).status_code == 200
    ready = await door.get("/readyz")
    assert (ready.status_code, ready.json()["database"]) == (503, "away")
    assert ready.headers["retry-after"]
    answer = await portal.send(EVENT)
    assert (answer.status_code, answer.json()["code"]) == (503, "database-unreachable")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert "canary" not in answer.text
    assert "A27-0001" not in answer.text


async def test_a_database_that_goes_between_two_events(door, portal, postgres):
    """The source is still known when the store fails: the same answer; afterwards the same event is taken."""
    assert (await portal.send(EVENT)).status_code == 202
    await postgres.stop()
    try:
        answer = await portal.send(EVENT | {"id": "second"})
        assert (answer.status_code, answer.json()["code"]) == (503, "inbox-unavailable")
    finally:
        await postgres.start()
    assert (await portal.send(EVENT | {"id": "second"})).status_code == 202
