"""A desk with the default policy, its people and the topics of a year; and schools before running servers."""

import contextlib
import json
from collections.abc import AsyncIterator

import asyncpg
import pytest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.kernel.database import open_pool
from activities.kernel.mail_channel import MailChannel
from activities.kernel.mailer import Mailer, SmtpSettings
from activities.kernel.notices import NoticeActivities
from cases.registry import ROOMS
from embedded.mail import MailCatcher
from encryption.answer_links import token_of
from encryption.ring import KeyRing
from tests.conftest import Database
from tests.outreach.desk import Desk, furnish
from tests.outreach.schools import Schools
from tests.workflows.outreach.builder import default_policy
from workers.relay.relay import CONNECTIONS, running_relay
from workers.worker import running_worker
from workflows.outreach.process import OUTREACH


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.url("owner"))
    await furnish(connection)
    policy = default_policy().model_dump(mode="json") | {
        "notices": {"quiet_until": "00:00", "quiet_from": "00:00"}
    }
    await connection.execute(
        "INSERT INTO iehe.policies (process, version, valid_from, body, sha256, loaded_by)"
        " VALUES ($1, 'default-1', '2026-04-01', $2, '', 'test')",
        *(OUTREACH.name, json.dumps({"routes": {"school": policy}})),
    )
    yield connection
    await connection.close()


@pytest.fixture
async def worker_pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database.url("worker"), size=10)
    yield pool
    await pool.close()


@pytest.fixture
def desk(worker_pool: asyncpg.Pool, owner: asyncpg.Connection) -> Desk:
    return Desk(worker_pool, owner)


@pytest.fixture
async def schools(
    client: Client,
    database: Database,
    worker_pool: asyncpg.Pool,
    owner: asyncpg.Connection,
    mail: MailCatcher,
    ring: KeyRing,
) -> AsyncIterator[Schools]:
    settings = SmtpSettings(host="127.0.0.1", port=mail.port, tls="none", sender="connection@example.ac.jp")
    link = lambda notice_id: f"http://gateway/answers/{token_of(ring, notice_id)}"  # noqa: E731
    notices = NoticeActivities(worker_pool, ROOMS, {"mail": MailChannel(ROOMS, Mailer(settings), link)})
    skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
    office = await open_pool(database.url("office"), size=2)
    relay = await open_pool(database.url("worker"), size=CONNECTIONS)
    async with running_worker(client, worker_pool, notices), running_relay(relay, skipper.client):
        yield Schools(skipper, office, owner, None)
    await office.close()
    await relay.close()
    # what is left running would otherwise go to the next test's worker
    async for each in client.list_workflows("ExecutionStatus = 'Running'"):
        with contextlib.suppress(RPCError):
            await client.get_workflow_handle(each.id).terminate("end of the test")
