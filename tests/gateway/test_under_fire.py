"""Killed by -9 under load, with Temporal away: whatever was answered 2xx is applied once, in order."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from embedded.home import make_folder
from embedded.ports import free_port
from embedded.temporal import TemporalPorts, TemporalServer
from schemas.kernel.case import EventEnvelope
from tests.cli.program import of_homes
from tests.gateway.stand import SOURCE, Portal, Stand, event
from tests.office import DEFAULT_STAFF, Case, Institute, person
from tests.workflows.conftest import notices, pool, vacant, worker_pool
from workers.policies import load_defaults
from workers.temporal import encrypted, register_search_attributes
from workers.worker import running_worker

__all__ = ["notices", "pool", "vacant", "worker_pool"]
FULL = os.environ.get("IEHE_TESTS") == "full"
TYPES = ("jp.ac.iehe.admission-review.*",)
CASES = 10
ROUNDS = 40 if FULL else 12
"""Events of one case."""
KILLS = 12 if FULL else 2
"""Of the gateway, and of the relay."""
AWAY = 60.0 if FULL else 4.0
"""Seconds without Temporal."""


@pytest.fixture
async def stand(database, temporal, ring, tmp_path) -> AsyncIterator[Stand]:
    stand = Stand(environment_of(database, temporal.address, ring.path), tmp_path)
    yield stand
    await stand.close()


@pytest.fixture
async def institute(vacant: Institute, client, worker_pool, notices) -> AsyncIterator[Institute]:
    """A worker, and no relay but the one that is killed."""
    async with running_worker(client, worker_pool, notices):
        yield vacant


def environment_of(database, address: str, ring) -> dict[str, str]:
    return {
        "IEHE_ENVIRONMENT": "staging",
        "IEHE_DATABASE_URL": database.url("worker"),
        "IEHE_OFFICE_DATABASE_URL": database.url("office"),
        "IEHE_OWNER_DATABASE_URL": database.url("owner"),
        "IEHE_KEY_RING": str(ring),
        "IEHE_GATEWAY_PORT": str(free_port()),
        "TEMPORAL_ADDRESS": address,
        **of_homes(database),
    }


async def portal_of(stand: Stand) -> Portal:
    secret = await stand.source(*TYPES)
    portal = Portal(f"http://127.0.0.1:{stand.environment['IEHE_GATEWAY_PORT']}", secret)
    stand.closing.append(portal.client.aclose)
    return portal


async def report_facts(portal: Portal, case: Case) -> list[str]:
    """One system's story about one case, each fact after the answer to the one before; some sent twice."""
    sent = []
    for number in range(ROUNDS):
        fact = "document-revoked" if number % 2 else "document-received"
        told = event(f"{case.row.application_no}-{number}", fact, case.row.application_no, item="transcript")
        sent.append(str(told["id"]))
        await asyncio.gather(*(portal.send(told) for _ in range(2 if number % 5 == 0 else 1)))
    return sent


async def applied(institute: Institute, case: Case, source: str = SOURCE) -> list[str]:
    """The portal's events in the order in which the case took them."""
    rows = await institute.pool.fetch(
        "SELECT cause FROM iehe.case_log WHERE case_id = $1 AND starts_with(cause, $2) ORDER BY version",
        case.case_id,
        f"{source}#",
    )
    return [row["cause"].partition("#")[2] for row in rows]


async def in_history(client: Client, case: Case) -> list[str]:
    """The ids of the events in the workflow's history, in its order, with repeats."""
    found = []
    async for each in case.handle.fetch_history_events():
        if each.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
            payloads = each.workflow_execution_signaled_event_attributes.input.payloads
            (envelope,) = await client.data_converter.decode(payloads, [EventEnvelope])
            found.append(envelope.id)
    return found


async def everything_ended(institute: Institute, eventually, limit: float = 60.0) -> None:
    async def none_left() -> bool:
        left: int = await institute.pool.fetchval("SELECT count(*) FROM iehe.events WHERE state = 'stored'")
        return left == 0

    await eventually(none_left, limit)


async def check(
    institute: Institute, client: Client, stories: dict[str, list[str]], cases: list[Case]
) -> None:
    """What the sender remembers, the inbox, the logs and the histories tell one story."""
    states = {
        row["id"]: row["state"]
        for row in await institute.pool.fetch("SELECT id, state FROM iehe.events WHERE source = $1", SOURCE)
    }
    assert states == {each: "delivered" for story in stories.values() for each in story}
    for case in cases:
        story = stories[case.case_id]
        async with asyncio.timeout(30):
            while len(await applied(institute, case)) < len(story):
                await asyncio.sleep(0.05)
        assert await applied(institute, case) == story
        assert list(dict.fromkeys(await in_history(client, case))) == story


@pytest.mark.timeout(600 if FULL else 120)
async def test_gateway_and_relay_killed_under_load(institute, client, stand, eventually):
    """Every event answered 2xx is applied exactly once and in order, however often both processes die."""
    portal = await portal_of(stand)
    cases = [await institute.apply(person()) for _ in range(CASES)]
    running = {name: await stand.start(name) for name in ("gateway", "relay")}
    told = {case.case_id: asyncio.create_task(report_facts(portal, case)) for case in cases}
    for number in range(2 * KILLS):
        name = ("gateway", "relay")[number % 2]
        await asyncio.sleep(0.3)
        await stand.kill(running[name])
        running[name] = await stand.start(name)
    stories = {case_id: await task for case_id, task in told.items()}
    await everything_ended(institute, eventually)
    await check(institute, client, stories, cases)


@pytest.mark.timeout(300 if FULL else 120)
async def test_temporal_away_under_load(database, ring, pool, worker_pool, notices, eventually, tmp_path):
    """While Temporal is away no event is refused; when it is back all are delivered, in order per subject."""
    folder = tmp_path / "temporal"
    make_folder(folder, 0o700)
    ports = TemporalPorts(frontend=free_port(), http=free_port(), metrics=free_port())
    skipping = {"frontend.WorkflowTimeSkippingEnabled": "true"}
    server = TemporalServer(ports, folder=folder, log=tmp_path / "temporal.log", dynamic_config=skipping)
    await server.start()
    stand = Stand(environment_of(database, server.address, ring.path), tmp_path)
    try:
        await away(stand, server, ring, pool, worker_pool, notices, eventually)
    finally:
        await stand.close()
        await server.stop()


async def away(stand, server, ring, pool, worker_pool, notices, eventually):
    client = await Client.connect(server.address, data_converter=encrypted(ring, "default"))
    await register_search_attributes(client)
    async with pool.acquire() as connection:
        await load_defaults(connection, "admission")
    institute = Institute(client, pool)
    await institute.employ(*DEFAULT_STAFF)
    portal = await portal_of(stand)
    async with running_worker(client, worker_pool, notices):
        cases = [await institute.apply(person()) for _ in range(CASES)]
        for name in ("gateway", "relay"):
            await stand.start(name)
        await server.stop()
        told = {case.case_id: asyncio.create_task(report_facts(portal, case)) for case in cases}
        await asyncio.sleep(AWAY)
        stories = {case_id: await task for case_id, task in told.items()}
        assert all(answer in {200, 202} for log in portal.answers.values() for answer in log)
        assert await pool.fetchval("SELECT count(*) FROM iehe.events WHERE state = 'stored'") > 0
        await server.start()
        await everything_ended(institute, eventually)
        await check(institute, client, stories, cases)
