"""Small processes on real servers: cases that tell each other facts, with a relay that can be stopped."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import asyncpg
import pytest
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.kernel.database import open_pool
from activities.kernel.mail_channel import MailChannel
from activities.kernel.mailer import Mailer, SmtpSettings
from activities.kernel.notices import NoticeActivities
from activities.kernel.room import Room
from cases import registry
from cases.decisions import ask
from cases.starting import start_case
from schemas.kernel.case import Actor
from tests.conftest import Database
from tests.links import processes
from tests.links.processes import Tell
from workers import temporal as temporal_settings
from workers import worker as workers
from workers.preparation import store_homes, store_links
from workers.relay.relay import CONNECTIONS, running_relay
from workers.worker import running_worker


@contextlib.contextmanager
def only(rooms: Mapping[str, Room]) -> Iterator[None]:
    """These rooms are the only ones, everywhere; afterwards the others stand in their order again."""
    processes_of = {name: room.process for name, room in rooms.items()}
    with (
        patch.dict(registry.ROOMS, rooms, clear=True),  # type: ignore[arg-type]
        patch.dict(registry.PROCESSES, processes_of, clear=True),  # type: ignore[arg-type]
    ):
        yield


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The small processes are the only ones, everywhere."""
    monkeypatch.setattr(workers, "WORKFLOWS", processes.WORKFLOWS)
    monkeypatch.setattr(temporal_settings, "OWN_PACKAGES", (*temporal_settings.OWN_PACKAGES, "tests"))
    with only(processes.ROOMS):
        yield


@dataclass
class Places:
    """Cases of the small processes."""

    skipper: TimeSkipper
    client: Client
    pool: asyncpg.Pool
    relay_pool: asyncpg.Pool
    database: Database

    async def open(self, room: str, *, hears: str | None = None, subject: str | None = None) -> str:
        """Open a case; its id."""
        case_id = f"{room}/{subject or uuid4().hex[:12].upper()}"
        await self.pool.execute(
            "INSERT INTO iehe.test_slips VALUES ($1, $2) ON CONFLICT DO NOTHING", case_id, hears
        )
        await self.pool.execute("INSERT INTO iehe.case_starts (case_id) VALUES ($1)", case_id)
        await start_case(self.client, case_id)
        await self.until(lambda: self.stage(case_id), "open")
        return case_id

    async def decide(self, case_id: str, name: str, **fields: Any) -> dict[str, Any]:
        """Decide something as the office of the case's process."""
        process = next(each for each in registry.PROCESSES.values() if case_id.startswith(f"{each.room}/"))
        actor = Actor(id="clerk-1", roles=(process.office,))
        command = process.commands[name](command_id=fields.pop("id", uuid4().hex), actor=actor, **fields)
        receipt = await ask(self.client.get_workflow_handle(case_id), command)
        return receipt.model_dump()

    async def tell(self, case_id: str, fact: str, code: str, **fields: Any) -> None:
        """Have a case tell a fact."""
        await self.decide(case_id, Tell.step, fact=fact, code=code, **fields)

    async def refused(self, case_id: str, fact: str, code: str, **fields: Any) -> str:
        """The code by which telling a fact is refused."""
        with pytest.raises(WorkflowUpdateFailedError) as error:
            await self.tell(case_id, fact, code, **fields)
        return str(error.value.cause.details[0])

    async def end(self, case_id: str) -> None:
        """By a decision, after which the run is over: on a busy machine that is all the server answers."""
        try:
            await self.decide(case_id, "end")
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND or await self.stage(case_id) != "ended":
                raise
        await self.client.get_workflow_handle(case_id).result()

    async def stage(self, case_id: str) -> str | None:
        return await self.pool.fetchval("SELECT stage FROM iehe.cases WHERE case_id = $1", case_id)

    async def state(self, case_id: str) -> dict[str, Any]:
        return json.loads(
            await self.pool.fetchval("SELECT state FROM iehe.cases WHERE case_id = $1", case_id) or "{}"
        )

    async def heard(self, case_id: str) -> list[str]:
        return (await self.state(case_id)).get("heard", [])

    async def steps(self, case_id: str) -> list[str]:
        return [
            row["step"]
            for row in await self.pool.fetch(
                "SELECT step FROM iehe.case_log WHERE case_id = $1 ORDER BY version", case_id
            )
        ]

    async def deliveries(self, process: str | None = None) -> list[tuple[int, str, str | None]]:
        """Revision, state and reason of each delivery, in order."""
        rows = await self.pool.fetch(
            "SELECT revision, state, reason FROM iehe.fact_deliveries WHERE $1::text IS NULL OR process = $1 "
            "ORDER BY seq",
            process,
        )
        return [tuple(row) for row in rows]

    async def reaches(self) -> list[tuple[str, str]]:
        rows = await self.pool.fetch("SELECT case_id, how FROM iehe.fact_reaches ORDER BY at, case_id")
        return [tuple(row) for row in rows]

    async def office_tasks(self) -> list[tuple[str, str]]:
        rows = await self.pool.fetch(
            "SELECT process, kind FROM iehe.office_tasks WHERE closed_at IS NULL ORDER BY task"
        )
        return [tuple(row) for row in rows]

    async def until(self, question: Any, expected: Any, limit: float = 15.0) -> None:
        """Ask until the answer is as expected."""
        found = None
        try:
            async with asyncio.timeout(limit):
                while (found := await question()) != expected:
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{found} instead of {expected}") from None

    async def skip(self, case_id: str, **span: int) -> None:
        """Move the time of everything."""
        await self.skipper.fast_forward(self.client.get_workflow_handle(case_id), timedelta(**span))

    @contextlib.asynccontextmanager
    async def relay(self) -> AsyncIterator[None]:
        async with running_relay(self.relay_pool, self.client):
            yield

    async def age(self, days: int) -> None:
        """Let everything about facts have happened so many days earlier."""
        await self.pool.execute(
            "UPDATE iehe.fact_deliveries SET told_at = told_at - make_interval(days => $1), "
            "since = since - make_interval(days => $1), "
            "next_try_at = next_try_at - make_interval(days => $1)",
            days,
        )
        await self.pool.execute("UPDATE iehe.facts SET told_at = told_at - make_interval(days => $1)", days)


@pytest.fixture
async def places(client: Client, database: Database, tmp_path) -> AsyncIterator[Places]:
    pool = await open_pool(database.url("owner"), size=5)
    await pool.execute(processes.SQL)
    async with pool.acquire() as connection:
        await store_homes(connection)
        await store_links(connection)
    worker_pool = await open_pool(database.url("worker"), size=10)
    relay_pool = await open_pool(database.url("worker"), size=CONNECTIONS)
    smtp = SmtpSettings(host="127.0.0.1", port=1, tls="none", sender="a@example.ac.jp")
    notices = NoticeActivities(
        worker_pool, registry.ROOMS, {"mail": MailChannel(registry.ROOMS, Mailer(smtp))}
    )
    skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
    async with running_worker(client, worker_pool, notices, rooms=registry.ROOMS):
        yield Places(skipper, skipper.client, pool, relay_pool, database)
    for each in (pool, worker_pool, relay_pool):
        await each.close()
    async for each in client.list_workflows("ExecutionStatus = 'Running'"):
        with contextlib.suppress(RPCError):
            await client.get_workflow_handle(each.id).terminate("end of the test")
