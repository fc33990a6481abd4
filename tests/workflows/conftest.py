"""A running institute for each test: its own database, the session's Temporal server, a worker, mail."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator

import asyncpg
import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from activities.kernel.database import open_pool
from activities.kernel.mail_channel import MailChannel
from activities.kernel.mailer import Mailer, SmtpSettings
from activities.kernel.notices import NoticeActivities
from cases.registry import ROOMS
from embedded.home import Home
from embedded.mail import MailCatcher
from embedded.ports import free_port
from embedded.temporal import TemporalPorts, TemporalServer
from encryption.ring import KeyRing
from tests.conftest import Database
from tests.office import DEFAULT_STAFF, Institute
from workers.policies import load_defaults
from workers.relay.relay import CONNECTIONS, running_relay
from workers.worker import running_worker
from workflows.kernel.known_policies import POLICIES


@pytest.fixture
async def pool(database) -> AsyncIterator[asyncpg.Pool]:
    """Connections that may do everything: the test looks at what the system did."""
    pool = await open_pool(database.url("owner"), size=5)
    yield pool
    await pool.close()


@pytest.fixture
async def worker_pool(database) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database.url("worker"), size=10)
    yield pool
    await pool.close()


@pytest.fixture
def notices(worker_pool: asyncpg.Pool, mail: MailCatcher) -> NoticeActivities:
    settings = SmtpSettings(host="127.0.0.1", port=mail.port, tls="none", sender="admissions@example.ac.jp")
    return NoticeActivities(worker_pool, ROOMS, {"mail": MailChannel(ROOMS, Mailer(settings))})


@pytest.fixture
async def vacant(client: Client, pool: asyncpg.Pool) -> AsyncIterator[Institute]:
    """Policies, rounds and staff are there; no worker runs."""
    async with pool.acquire() as connection:
        await load_defaults(connection, "admission")
        await relax(connection, {"notices": {"quiet_from": "00:00", "quiet_until": "00:00"}})
    institute = Institute(client, pool)
    await institute.employ(*DEFAULT_STAFF)
    yield institute
    # what is left running would otherwise go to the next test's worker
    async for each in client.list_workflows("ExecutionStatus = 'Running'"):
        with contextlib.suppress(RPCError):
            await client.get_workflow_handle(each.id).terminate("end of the test")


@pytest.fixture
async def mortal_worker(temporal, database, mail: MailCatcher, ring: KeyRing):
    """Start a worker process that dies at a named point."""
    processes = []

    async def start(point: str) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.workflows.mortal_worker",
            temporal.address,
            database.url("worker"),
            str(mail.port),
            point,
            str(ring.path),
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.returncode is None:
            process.kill()
            await process.wait()


@contextlib.asynccontextmanager
async def restless_server(home: Home) -> AsyncIterator[str]:
    """The address of a server that suggests a new run after forty history events."""
    server = TemporalServer(
        TemporalPorts(frontend=free_port(), http=free_port(), metrics=free_port()),
        folder=None,
        log=home.logs / "temporal-restless.log",
        dynamic_config={
            "frontend.WorkflowTimeSkippingEnabled": "true",
            "limit.historyCount.suggestContinueAsNew": "40",
        },
    )
    await server.start()
    try:
        yield server.address
    finally:
        await server.stop()


async def relax(connection: asyncpg.Connection, changes: dict) -> None:
    """Change the default policy for a test."""
    body = json.loads(await connection.fetchval("SELECT body FROM iehe.policies"))
    for route in body["routes"].values():
        for key, value in changes.items():
            route[key] = {**route[key], **value} if isinstance(value, dict) else value
    await connection.execute("UPDATE iehe.policies SET body = $1", json.dumps(body))
    POLICIES._known.clear()


@pytest.fixture
async def institute(
    vacant: Institute,
    client: Client,
    worker_pool: asyncpg.Pool,
    database: Database,
    notices: NoticeActivities,
) -> AsyncIterator[Institute]:
    relay_pool = await open_pool(database.url("worker"), size=CONNECTIONS, application="iehe-relay")
    async with running_worker(client, worker_pool, notices), running_relay(relay_pool, client):
        yield vacant
    await relay_pool.close()
