"""A counselling office with its staff, units and rota before running servers."""

import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

import asyncpg
import pytest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.kernel.database import open_pool
from activities.kernel.mail_channel import MailChannel
from activities.kernel.mailer import Mailer, SmtpSettings
from activities.kernel.notices import NoticeActivities
from cases.homes import home_of
from cases.registry import ROOMS
from embedded.mail import MailCatcher
from encryption.case_keys import opened
from tests.conftest import Database
from tests.support.builder import ROLES, default_policy
from tests.support.office import Office
from tests.words import vault_of
from workers.relay.relay import CONNECTIONS, running_relay
from workers.worker import running_worker
from workflows.support.process import SUPPORT


async def furnish(connection: asyncpg.Connection) -> None:
    """Staff, units, the rota of some years, and the default policy without quiet hours."""
    for name, roles in ROLES.items():
        await connection.execute(
            "INSERT INTO iehe.staff (staff_id, name, email, language, roles) VALUES ($1, $2, $3, 'ja', $4)",
            *(name, f"見本 {name}", f"{name}@example.ac.jp", [role.value for role in roles]),
        )
    members = [
        ("counselling", "counsellor-1", False),
        ("counselling", "counsellor-2", False),
        ("counselling", "lead-1", True),
        ("health", "nurse-1", False),
        ("harassment", "officer-1", False),
        ("harassment", "officer-2", False),
    ]
    await connection.executemany("INSERT INTO iehe.support_members VALUES ($1, $2, $3)", members)
    for place, name in (("first", "duty-1"), ("second", "duty-2")):
        await connection.execute(
            "INSERT INTO iehe.support_rota (place, staff_id, during, noted_by) "
            "VALUES ($1, $2, tstzrange('2026-01-01', '2036-01-01'), 'test')",
            *(place, name),
        )
    policy = default_policy().model_dump(mode="json") | {
        "notices": {"quiet_until": "00:00", "quiet_from": "00:00"}
    }
    await connection.execute(
        "INSERT INTO iehe.policies (process, version, valid_from, body, sha256, loaded_by)"
        " VALUES ($1, 'default-1', '2026-04-01', $2, '', 'test')",
        *(SUPPORT.name, json.dumps({"routes": {"student": policy}})),
    )


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.url("owner"))
    await furnish(connection)
    yield connection
    await connection.close()


@pytest.fixture
async def office(
    client: Client, database: Database, owner: asyncpg.Connection, mail: MailCatcher
) -> AsyncIterator[Office]:
    settings = SmtpSettings(host="127.0.0.1", port=mail.port, tls="none", sender="support@example.ac.jp")
    keys = vault_of(client)
    channel = MailChannel(ROOMS, Mailer(settings), opened=partial(opened, keys))
    skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
    home = home_of("support")
    worker = await open_pool(database.url("worker", home.name), size=10)
    door = await open_pool(database.url("office"), size=2)
    relay = await open_pool(database.url("worker", home.name), size=CONNECTIONS)
    notices = NoticeActivities(
        worker, ROOMS, {"mail": channel}, clock=lambda: datetime.now(UTC) + office.ahead
    )

    @asynccontextmanager
    async def processes() -> AsyncIterator[None]:
        async with (
            running_worker(client, worker, notices, home=home),
            running_relay(relay, skipper.client, marks=keys),
        ):
            yield

    office = Office(skipper, door, owner, keys, mail, processes)
    await office.open()
    yield office
    await office.close()
    for pool in (worker, door, relay):
        await pool.close()
    # what is left running would otherwise go to the next test's worker
    async for each in client.list_workflows("ExecutionStatus = 'Running'"):
        with contextlib.suppress(RPCError):
            await client.get_workflow_handle(each.id).terminate("end of the test")
