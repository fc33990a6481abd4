"""Temporal is away: the inbox keeps all, nothing dies of it, and order holds when it is back."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from embedded.home import make_folder
from embedded.ports import free_port
from embedded.temporal import TemporalPorts, TemporalServer
from tests.relay.conftest import check_story
from workers.relay.signalling import Outcome
from workers.temporal import encrypted, register_search_attributes


@pytest.fixture
async def server(tmp_path) -> AsyncIterator[TemporalServer]:
    """A server that keeps what it has while it is stopped."""
    folder = tmp_path / "temporal"
    make_folder(folder, 0o700)
    ports = TemporalPorts(frontend=free_port(), http=free_port(), metrics=free_port())
    server = TemporalServer(
        ports,
        folder=folder,
        log=tmp_path / "temporal.log",
        dynamic_config={"frontend.WorkflowTimeSkippingEnabled": "true"},
    )
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client(server, ring) -> Client:
    client = await Client.connect(server.address, data_converter=encrypted(ring, "default"))
    await register_search_attributes(client)
    return client


async def test_delivered_when_it_is_back(institute, box, relay, server) -> None:
    """Events of three cases, stored before and during the outage, are all delivered in order."""
    cases = [await institute.apply() for _ in range(3)]
    for case in cases:
        await case.until_stage("completeness")
    await relay()
    told = {case.case_id: [await box.store(case.case_id)] for case in cases}
    await box.all_delivered()

    await server.stop()
    for _ in range(5):
        for case in cases:
            told[case.case_id].append(await box.store(case.case_id))
    tried = told[cases[0].case_id][1]
    row = await box.until(tried, reason="temporal-unavailable", state="stored", limit=20)
    assert row["attempts"] > 0
    await server.start()

    await box.all_delivered(limit=30)
    for case in cases:
        await check_story(institute, case, told[case.case_id])


async def test_away_for_one_case(institute, box, relay, monkeypatch) -> None:
    """Temporal answers for all cases but the one that is longest due: the others are delivered meanwhile."""
    silent = "admission/SILENT-1"

    async def answer(_client: Client, case_id: str, _envelope: str) -> tuple[Outcome, str]:
        return (Outcome.AWAY, "temporal-internal") if case_id == silent else (Outcome.DELIVERED, "")

    monkeypatch.setattr("workers.relay.delivery_batch.signal", answer)
    stuck = await box.store(silent)
    await relay()
    await box.until(stuck, reason="temporal-internal")
    others = [await box.store(f"admission/OTHER-{number}") for number in range(40)]

    for event_id in others:
        await box.until(event_id, state="delivered", limit=20)
    row = await box.row(stuck)
    assert (row["state"], row["reason"]) == ("stored", "temporal-internal")


async def test_an_outage_is_only_probed(institute, box, relay, monkeypatch) -> None:
    """While nobody is answered for, one case at a time is tried, also when all have been put off."""
    tried = []

    async def answer(_client: Client, case_id: str, _envelope: str) -> tuple[Outcome, str]:
        tried.append(case_id)
        return Outcome.AWAY, "temporal-unavailable"

    monkeypatch.setattr("workers.relay.delivery_batch.signal", answer)
    for number in range(3):
        await box.store(f"admission/OTHER-{number}")
    await relay()

    await asyncio.sleep(4)

    assert set(tried) == {f"admission/OTHER-{number}" for number in range(3)}
    assert len(tried) < 12, tried
