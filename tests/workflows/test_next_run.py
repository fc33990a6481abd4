"""Continue-as-new: a case goes on in its next run with everything that it knew."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from embedded.home import Home
from encryption.ring import KeyRing
from schemas.admission.commands import ConfirmEligibility, RecordEnrolment
from tests.office import Institute, actor
from tests.workflows.conftest import restless_server
from workers.temporal import encrypted, register_search_attributes


@pytest.fixture
async def client(server_home: Home, ring: KeyRing) -> AsyncIterator[Client]:
    """A server that suggests a new run after forty history events."""
    async with restless_server(server_home) as address:
        client = await Client.connect(address, data_converter=encrypted(ring, "default"))
        await register_search_attributes(client)
        yield client


async def runs(case) -> int:
    """How many runs the case has had."""
    query = f"WorkflowId = '{case.case_id}'"
    async with asyncio.timeout(10):
        while (count := (await case.institute.client.count_workflows(query)).count) < 2:
            await asyncio.sleep(0.05)
    return count


async def test_whole_life_over_several_runs(institute: Institute) -> None:
    """A case that starts new runs on its way reaches its end as if it had been one."""
    case = await institute.apply()

    await case.to_offered()
    await case.forward(days=5)
    await case.event("offer-answered", answer="accepted")
    await case.decide(RecordEnrolment, "office-1", result="enrolled")

    assert await case.result() == "enrolled"
    assert await runs(case) >= 2
    assert (await case.steps()).count("open") == 1
    messages = [(n["message"], n["recipient_id"], n["version"]) for n in await case.notices()]
    assert len(messages) == len(set(messages))


async def test_repeats_are_known_in_the_next_run(institute: Institute) -> None:
    """The same event and the same command of an earlier run change nothing in a later one."""
    case = await institute.apply()
    await case.until_stage("completeness")
    await case.send("fee-paid", event_id="pay-1")
    await case.complete()
    await case.decide(ConfirmEligibility, "office-1", eligible=True, command_id="c-1")
    for number in range(12):
        await case.event("document-received", item="transcript", reference=f"r{number}")
    assert await runs(case) >= 2

    before = await case.version()
    await case.send("fee-paid", event_id="pay-1")
    again = await case.handle.execute_update(
        "confirm-eligibility",
        ConfirmEligibility(command_id="c-1", actor=actor("office-1"), eligible=True),
    )
    await case.event("document-received", item="identity")

    assert again["repeated"]
    assert await case.version() == before + 1


async def test_storm_of_events_loses_none(institute: Institute) -> None:
    """Two hundred events while the case starts new runs: each is applied, once, in order."""
    case = await institute.apply()
    await case.until_stage("completeness")

    for number in range(200):
        await case.send("document-received", item="transcript", reference=f"r{number}")
    await case.until(lambda row: row["version"] == 201, limit=40)

    references = [entry["cause"] for entry in await case.log()][1:]
    assert len(references) == len(set(references)) == 200
    assert references == sorted(references, key=lambda cause: int(cause.removeprefix("test#e")))
    assert await runs(case) >= 2
