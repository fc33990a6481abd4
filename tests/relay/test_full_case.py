"""More events for one case than one run of its workflow may have: all are applied, once, in order."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from embedded.home import Home
from embedded.ports import free_port
from embedded.temporal import TemporalPorts, TemporalServer
from schemas.kernel.identifiers import EVENT_SIGNAL
from tests.gateway.test_under_fire import applied
from tests.workflows.test_next_run import runs
from workers.temporal import encrypted, register_search_attributes
from workers.worker import running_worker

MOST = 60
"""Signals that the server takes for one run; 10,000 outside of tests."""
SOON = 40
"""Signals after which the case goes on in another run; 400 outside of tests."""


@pytest.fixture(scope="module")
async def client(server_home: Home, ring) -> AsyncIterator[Client]:
    """A server with a lower limit, which never suggests a new run by itself."""
    server = TemporalServer(
        TemporalPorts(frontend=free_port(), http=free_port(), metrics=free_port()),
        folder=None,
        log=server_home.logs / "temporal-narrow.log",
        dynamic_config={
            "frontend.WorkflowTimeSkippingEnabled": "true",
            "history.maximumSignalsPerExecution": str(MOST),
        },
    )
    await server.start()
    client = await Client.connect(server.address, data_converter=encrypted(ring, "default"))
    await register_search_attributes(client)
    yield client
    await server.stop()


@pytest.fixture
async def idle_case(vacant, client, worker_pool, notices, mail, monkeypatch):
    """A case whose notices cannot be sent and whose worker stands still."""
    monkeypatch.setattr("workflows.kernel.case.SIGNALS_OF_A_RUN", SOON)
    await mail.stop()
    async with running_worker(client, worker_pool, notices):
        case = await vacant.apply()
        await case.until_stage("completeness")
    return case


async def fill(case, box) -> list[str]:
    """Signal the case, past the relay, until the server takes no more."""
    told = [box.envelope(f"direct-{number}") for number in range(MOST)]
    for envelope in told:
        await case.handle.signal(EVENT_SIGNAL, envelope)
    with pytest.raises(RPCError, match="exceeded workflow execution limit"):
        await case.handle.signal(EVENT_SIGNAL, box.envelope("one-more"))
    return [envelope.id for envelope in told]


async def test_a_full_case_goes_on_in_a_new_run_whatever_notices_are_pending(
    idle_case, vacant, client, worker_pool, notices, box
) -> None:
    """A case that may get no more signals applies those it has, and then takes others again."""
    told = await fill(idle_case, box)

    async with running_worker(client, worker_pool, notices):
        await idle_case.until(lambda row: row["version"] == 1 + MOST)
        assert await runs(idle_case) == 2
        pending = "SELECT count(*) FROM iehe.notices WHERE state IN ('queued', 'sending', 'failed')"
        assert await box.pool.fetchval(pending) > 0
        await idle_case.event("fee-paid")

    assert await applied(vacant, idle_case) == told


async def test_a_case_that_was_full_gets_the_events_that_waited_for_it(
    idle_case, vacant, client, worker_pool, notices, box, relay
) -> None:
    """Refused by Temporal the events stay, with the reason, and come as soon as there is room."""
    told = await fill(idle_case, box)
    await relay()
    waiting = [await box.store(idle_case.case_id) for _ in range(30)]
    await box.until(waiting[0], state="stored", reason="workflow-full")

    async with running_worker(client, worker_pool, notices):
        await box.all_delivered()
        async with asyncio.timeout(15):
            while len(await applied(vacant, idle_case)) < len(told + waiting):
                await asyncio.sleep(0.02)

    assert await applied(vacant, idle_case) == told + waiting


async def test_more_events_than_a_run_may_have_while_the_worker_stands_still(
    idle_case, vacant, client, worker_pool, notices, box, relay
) -> None:
    """Four times as many as one run may have, stored without a worker, are all applied when it is back."""
    told = [await box.store(idle_case.case_id) for _ in range(4 * MOST)]
    await relay()
    await box.until(told[0], state="delivered")

    async with running_worker(client, worker_pool, notices):
        await box.all_delivered(limit=40)
        await check_run_by_run(vacant, idle_case, told)


async def check_run_by_run(vacant, case, told: list[str]) -> None:
    async with asyncio.timeout(20):
        while len(await applied(vacant, case)) < len(told):
            await asyncio.sleep(0.02)
    assert await applied(vacant, case) == told
    assert await runs(case) >= len(told) // MOST
