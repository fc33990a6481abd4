"""Record the histories of runs that the replay test holds fixed, as `tests/replay/record.py` does.

Not collected with the tests: `make record-histories` names this file.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import asyncpg
import pytest
from temporalio.client import Client

from embedded.mail import MailCatcher
from encryption.case_keys import CaseKeys
from encryption.ring import KeyRing
from schemas.dormitory import commands
from schemas.kernel.case import CompleteTask
from tests.conftest import Database
from tests.dormitory.houses import Houses, Run, build
from tests.exchange.office import BEGINS, LAST, TERM
from tests.replay.recorded import client, keep, missing  # noqa: F401 - a fixture
from tests.serving import serving
from workflows.dormitory.process import DORMITORY, EXCHANGE

# ruff: noqa: F811 - fixtures are imported and asked for by name


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.url("owner"))
    await build(connection)
    yield connection
    await connection.close()


@pytest.fixture
async def houses(
    client: Client, database: Database, owner: asyncpg.Connection, mail: MailCatcher, ring: KeyRing
) -> AsyncIterator[Houses]:
    async with serving(client, database, mail, ring) as (skipper, office):
        yield Houses(skipper, office, owner, CaseKeys(ring))


async def asked(run: Run, count: int) -> list[str]:
    """Students ask, as their cases tell it."""
    cases = [f"exchange/{TERM}-S{number:04}" for number in range(count)]
    for case in cases:
        data = {"case": case, "house": run.name, "term": TERM, "types": ["single"], "quota": "none"}
        data |= {"faculty": "law", "accepted": True}
        days = {"first": BEGINS.isoformat(), "until": LAST.isoformat()}
        await run.house.told(f"{EXCHANGE}.bed-requested", case, data | days)
    await run.until(f"(SELECT count(*) FROM iehe.dormitory_requests) = {count}")  # noqa: S608 - its own count
    return cases


async def closed(houses: Houses) -> Run:
    """Nobody answers: each offer lapses to the next, until the term is over."""
    run = await houses.open()
    await asked(run, 3)
    await run.forward(days=54)
    await run.offered()
    await run.forward(days=260)
    await run.until("closed_at IS NOT NULL")
    await run.handle.result()
    return run


async def closed_without_a_list(houses: Houses) -> Run:
    """Nobody asked and nobody drew."""
    run = await houses.open()
    await run.forward(days=330)
    await run.until("closed_at IS NOT NULL")
    # the houses have no head here: the letter that reached nobody is a task
    for task in await run.open_tasks():
        await run.decide(CompleteTask, "house-1", task=task)
    await run.handle.result()
    return run


async def running_drawn_again(houses: Houses) -> Run:
    """What somebody states undoes the list and its confirmation."""
    run = await houses.open()
    first, _ = await asked(run, 2)
    await run.forward(days=54)
    await run.decide(commands.Draw, "house-1", seed="kyoto-2027")
    await run.event("person-stated", person={"mobility": first, "gender": "woman"})
    await run.until_stage("collecting")
    await run.offered()
    return run


async def running_closed_room(houses: Houses) -> Run:
    """Who is offered a bed of a room that is closed is offered another."""
    run = await houses.open()
    await asked(run, 1)
    await run.forward(days=54)
    await run.offered()
    await run.decide(commands.CloseRoom, "house-1", room="101", first=BEGINS, until=LAST, reason="repair")
    return run


SCENARIOS: Final[dict[str, Callable[[Houses], Awaitable[Run]]]] = {
    scenario.__name__: scenario
    for scenario in (closed, closed_without_a_list, running_drawn_again, running_closed_room)
}


@pytest.mark.parametrize("name", missing(DORMITORY.name, SCENARIOS))
async def test_record(name: str, houses: Houses) -> None:
    """Play a scenario that has no history yet and keep its."""
    run = await SCENARIOS[name](houses)
    keep(DORMITORY.name, name, await run.handle.fetch_history())
