"""Whether the gateway lives, whether events can be stored, and where a stored event stands."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from temporalio.client import Client

from gateway.app import create_app
from gateway.context import Gateway
from tests.gateway.conftest import TYPE, URI, SigningPortal
from tests.gateway.office import settings_for
from tests.office import DEFAULT_STAFF, Institute
from workers.staff_tokens import issue_token, staff_tokens

EVENT = {
    "specversion": "1.0",
    "id": "doc/2027:1",
    "source": URI,
    "type": TYPE + "document-received",
    "subject": "A27-0001",
    "data": {"item": "transcript", "reference": "canary-1"},
}


async def door_of(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as http:
        yield http


@pytest.fixture
async def lonely_door(gateway, client) -> AsyncIterator[httpx.AsyncClient]:
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


async def test_ready_while_temporal_is_away(lonely_door, portal):
    """It is said, and events are taken all the same."""
    ready = await lonely_door.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"database": "ok", "temporal": "away"})
    answer = await SigningPortal(lonely_door, portal.rows).send(EVENT)
    assert answer.status_code == 202, answer.text


async def test_ready_with_the_schema_of_a_later_release(door, portal):
    """Migrations come before the release that needs them, and the one at work goes on."""
    await portal.rows.execute(
        "INSERT INTO public.schema_migrations (number, name, sha256) VALUES (9999, '9999_next.sql', '')"
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
    assert (answer.status_code, answer.json()["code"]) == (503, "inbox-unavailable")
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


@pytest.fixture
async def office_door(gateway, client, portal, tmp_path) -> AsyncIterator[httpx.AsyncClient]:
    """The door where staff are known."""
    await Institute(client, portal.rows).employ(*DEFAULT_STAFF)
    async for each in door_of(replace(gateway, staff=staff_tokens(settings_for(tmp_path)))):
        yield each


async def test_where_an_event_stands(office_door, portal, tmp_path):
    """For the office, without what it says; others get 403, a stranger 401, an unknown id 404."""
    stored = await SigningPortal(office_door, portal.rows).send(EVENT)
    assert stored.status_code == 202, stored.text

    async def look(path: str, by: str) -> httpx.Response:
        token = issue_token(settings_for(tmp_path), by, 1)[0]
        return await office_door.get(path, headers={"Authorization": f"Bearer {token}"})

    path = stored.headers["location"]
    told = await look(path, "office-1")
    assert told.status_code == 200, told.text
    assert told.json() | {"stored_at": "then"} == {
        "source": "portal",
        "id": EVENT["id"],
        "type": EVENT["type"],
        "process": "admission-review",
        "case_id": "admission/A27-0001",
        "state": "stored",
        "reason": None,
        "attempts": 0,
        "stored_at": "then",
        "ended_at": None,
    }
    assert "canary" not in told.text
    assert (await look(path, "reviewer-1")).status_code == 403
    assert (await office_door.get(path)).status_code == 401
    for other in ("/events/portal/none", "/events/nobody/doc/2027:1", "/events/portal/%00"):
        assert (await look(other, "office-1")).status_code == 404
