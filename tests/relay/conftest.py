"""An institute without a relay, its inbox filled by hand, and relays that the test starts itself."""

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import asyncpg
import pytest
from temporalio.client import Client

from activities.kernel.database import open_pool
from activities.kernel.queries import queries
from schemas.admission.identifiers import PROCESS
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import event_type
from tests.conftest import Database
from tests.gateway.test_under_fire import applied, in_history
from tests.office import Case, Institute
from tests.workflows.conftest import notices, pool, vacant, worker_pool  # noqa: F401
from workers.relay.relay import CONNECTIONS, Fault, running_relay
from workers.worker import running_worker

# ruff: noqa: F811 - fixtures are imported and asked for by name

RELAY = "iehe-relay"
SOURCE = "urn:example:portal"


@dataclass
class Box:
    """The inbox as a test fills it and looks into it."""

    pool: asyncpg.Pool
    numbers: itertools.count = field(default_factory=lambda: itertools.count(1))

    def envelope(self, event_id: str) -> EventEnvelope:
        """A fact that changes nothing but the log, so that any number may come."""
        return EventEnvelope(
            id=event_id,
            source=SOURCE,
            type=event_type(PROCESS, "document-received"),
            data={"item": "transcript", "reference": event_id},
        )

    async def store(self, case_id: str) -> str:
        """Store the next event of a case; its id."""
        envelope = self.envelope(f"e{next(self.numbers)}")
        await self.pool.execute(
            queries("kernel/events")["enter"],
            *(SOURCE, envelope.id, envelope.type, PROCESS, case_id),
            envelope.model_dump_json(),
        )
        return envelope.id

    async def row(self, event_id: str) -> asyncpg.Record:
        row = await self.pool.fetchrow(queries("kernel/events")["event"], SOURCE, event_id)
        assert row is not None
        return row

    async def until(self, event_id: str, *, limit: float = 10.0, **values: str | None) -> asyncpg.Record:
        """The event's row as soon as it has these values."""
        async with asyncio.timeout(limit):
            while True:
                row = await self.row(event_id)
                if all(row[name] == value for name, value in values.items()):
                    return row
                await asyncio.sleep(0.01)

    async def all_delivered(self, *, limit: float = 20.0) -> None:
        async with asyncio.timeout(limit):
            while await self.states() != {"delivered"}:
                await asyncio.sleep(0.01)

    async def states(self) -> set[str]:
        return {row["state"] for row in await self.pool.fetch("SELECT DISTINCT state FROM iehe.events")}


async def check_story(institute: Institute, case: Case, told: list[str], limit: float = 15.0) -> list[str]:
    """The case's log has exactly these events, once, in order; the ids in its history, with repeats."""
    async with asyncio.timeout(limit):
        while len(await applied(institute, case)) < len(told):
            await asyncio.sleep(0.02)
    assert await applied(institute, case) == told
    signalled = await in_history(institute.client, case)
    assert list(dict.fromkeys(signalled)) == told
    return signalled


@pytest.fixture
async def institute(vacant, client, worker_pool, notices) -> AsyncIterator[Institute]:
    """At work, and nobody delivers."""
    async with running_worker(client, worker_pool, notices):
        yield vacant


@pytest.fixture
def box(pool) -> Box:
    return Box(pool)


@pytest.fixture
async def relay(database: Database, client: Client) -> AsyncIterator[Callable]:
    """Start a relay with connections of its own; it delivers until the end of the test."""
    async with AsyncExitStack() as stack:

        async def start(using: Client = client, fault: Fault | None = None) -> None:
            pool = await open_pool(database.url("worker"), size=CONNECTIONS, application=RELAY)
            stack.callback(pool.terminate)
            await stack.enter_async_context(running_relay(pool, using, fault=fault))

        yield start


@pytest.fixture
async def mortal_relay(temporal, database, ring) -> AsyncIterator[Callable]:
    """Run a relay process until it dies at a named point."""
    processes = []

    async def run(point: str) -> int:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.relay.mortal_relay"),
            *(temporal.address, database.url("worker"), point, str(ring.path)),
        )
        processes.append(process)
        async with asyncio.timeout(20):
            return await process.wait()

    yield run
    for process in processes:
        if process.returncode is None:
            process.kill()
            await process.wait()
