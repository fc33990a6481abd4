"""An exchange office with agreements, partners and people before running servers."""

import json
from collections.abc import AsyncIterator

import asyncpg
import httpx2
import pytest
from temporalio.client import Client

from activities.kernel.database import open_pool
from embedded.mail import MailCatcher
from encryption.ring import KeyRing
from gateway.app import create_app
from gateway.context import Gateway
from tests.conftest import Database
from tests.exchange.builder import ROLES
from tests.exchange.office import TERM, Institute, policy_of_today
from tests.exchange.partnership import Partnership, found, register
from tests.serving import serving
from workflows.exchange.process import EXCHANGE


async def furnish(connection: asyncpg.Connection) -> None:
    """Staff, a partner, the frames of a programme and of an agreement, and the policy."""
    people = ROLES | {"tutor-1": ("tutor",), "tutor-2": ("tutor",)}
    for name, roles in people.items():
        await connection.execute(
            "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES ($1, $2, $3, $4)",
            *(name, f"見本 {name}", f"{name}@univ.example.jp", [str(role) for role in roles]),
        )
    await connection.execute(
        "INSERT INTO iehe.exchange_partners (partner, name, mail) VALUES ('uni-a', '見本 University A', $1)",
        "coordinator@example.edu",
    )
    for measure, places in (("persons", 100), ("months", 1000)):
        await connection.execute(
            "SELECT iehe.set_frame($1, $2, now())",
            *(f"exchange/{TERM}:{measure}", json.dumps({"places": places, "measure": measure})),
        )
    for agreement, persons in (("a1", 20), ("tight", 1)):
        await connection.execute(
            "SELECT iehe.exchange_set_agreement($1, $2, 'uni-a', 'all', $3, $4)",
            *(TERM, agreement, persons, persons * 5),
        )
    policy = policy_of_today().model_dump(mode="json") | {
        "notices": {"quiet_until": "00:00", "quiet_from": "00:00"}
    }
    await connection.execute(
        "INSERT INTO iehe.policies (process, version, valid_from, body, sha256, loaded_by)"
        " VALUES ($1, 'default-1', '2026-04-01', $2, '', 'test')",
        *(EXCHANGE.name, json.dumps({"routes": {"incoming": policy}})),
    )


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.url("owner"))
    await furnish(connection)
    yield connection
    await connection.close()


@pytest.fixture
async def institute(
    client: Client, database: Database, owner: asyncpg.Connection, mail: MailCatcher, ring: KeyRing
) -> AsyncIterator[Institute]:
    async with serving(client, database, mail, ring) as (skipper, office):
        yield Institute(skipper, office, owner, None)


@pytest.fixture
async def partnership(database: Database, ring: KeyRing) -> AsyncIterator[Partnership]:
    """A partner whose system is up, and our door before it."""
    connection = await asyncpg.connect(database.url("owner"))
    server, secret = await found(connection, ring)
    pool = await open_pool(database.url("worker"), size=10)
    office = await open_pool(database.url("office"), size=4, for_people=True)
    away = await Client.connect("127.0.0.1:1", lazy=True)
    gateway = Gateway(office, away, ring, None, "http://door", "http://ui")
    transport = httpx2.ASGITransport(create_app(gateway))
    async with (
        server.serving(),
        httpx2.AsyncClient(transport=transport, base_url="http://door") as door,
    ):
        await register(connection, server, secret)
        yield Partnership(server, connection, pool, office, ring, door)
    await pool.close()
    await office.close()
    await connection.close()
