"""Houses and students before real servers: they know each other by links and by the ledger alone."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from temporalio.client import Client

from embedded.mail import MailCatcher
from encryption.case_keys import CaseKeys
from encryption.ring import KeyRing
from tests.conftest import Database
from tests.dormitory.houses import Houses, build
from tests.exchange import conftest as students
from tests.exchange.office import BEGINS, LAST, Institute
from tests.serving import serving


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.url("owner"))
    await students.furnish(connection)
    await build(connection)
    yield connection
    await connection.close()


@pytest.fixture
async def both(
    client: Client, database: Database, owner: asyncpg.Connection, mail: MailCatcher, ring: KeyRing
) -> AsyncIterator[tuple[Institute, Houses]]:
    async with serving(client, database, mail, ring) as (skipper, office):
        yield Institute(skipper, office, owner, None), Houses(skipper, office, owner, CaseKeys(ring))


async def held(owner: asyncpg.Connection, state: str, count: int) -> None:
    """Wait until so many beds are in a state."""
    asked = "SELECT count(*) FROM iehe.places WHERE place LIKE 'dormitory/%' AND state = $1"
    async with asyncio.timeout(15):
        while await owner.fetchval(asked, state) != count:
            await asyncio.sleep(0.01)


async def test_a_student_asks_a_house_is_offered_a_bed_and_takes_it(
    both: tuple[Institute, Houses],
) -> None:
    """By links there and back; who withdraws frees it in the same step, and the next one has it at once.

    What was stated of a person is in no history.
    """
    institute, houses = both
    run = await houses.open()
    await run.forward(days=52)
    mobilities = [await institute.nominate(mobility=f"m-{number}") for number in range(3)]
    for mobility in mobilities:
        await mobility.coming()
        stated = {"mobility": mobility.handle.id, "gender": "woman", "needs": ["family"]}
        await run.event("person-stated", person=stated)
        await mobility.event(
            "dormitory-requested",
            house=run.name,
            types=["single"],
            first=BEGINS.isoformat(),
            until=LAST.isoformat(),
        )
    await run.until("(SELECT count(*) FROM iehe.dormitory_requests) = 3")
    await run.forward(days=2)
    for mobility in mobilities:
        await mobility.forward(days=4)
    await run.offered()
    await held(houses.owner, "offered", 2)
    for mobility in mobilities:
        await mobility.until("state -> 'tracks' ->> 'dormitory' IN ('offered', 'waitlisted')")
    lucky = await houses.owner.fetch("SELECT case_id FROM iehe.cases WHERE state ->> 'offer' IS NOT NULL")
    chosen = [each for each in mobilities if each.handle.id in {row["case_id"] for row in lucky}]
    (waits,) = [each for each in mobilities if each not in chosen]
    for mobility in chosen:
        await mobility.event("offer-answered", offer="bed", answer="yes")
        await mobility.until("state -> 'tracks' ->> 'dormitory' = 'confirmed'")
    await held(houses.owner, "taken", 2)
    # nobody hears of what lies ahead of their own clock
    await run.forward(days=2)
    await waits.forward(days=3)
    await chosen[0].event("student-withdrew", reason="family")
    await waits.until("state -> 'tracks' ->> 'dormitory' = 'offered'")
    await run.until_stage("offering")
    codec = houses.skipper.client.data_converter.payload_codec
    assert codec is not None
    payloads = [
        payload
        async for event in run.handle.fetch_history_events()
        for payload in event.workflow_execution_signaled_event_attributes.input.payloads
    ]
    said = b"".join(payload.data for payload in await codec.decode(payloads))
    assert b"person" in said
    assert b"woman" not in said
    assert b"family" not in said
    refused = "SELECT details FROM iehe.case_log WHERE step = 'refuse-event'"
    assert not await houses.owner.fetch(refused)
