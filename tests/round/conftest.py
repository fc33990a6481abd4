"""A round on a database of its own."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from temporalio.client import Client

from activities.kernel.database import open_pool
from embedded.mail import MailCatcher
from encryption.case_keys import CaseKeys
from encryption.ring import KeyRing
from tests.conftest import Database
from tests.round.bureau import Bureau, furnish
from tests.round.rounds import Rounds
from tests.serving import serving


@pytest.fixture
def policy() -> dict[str, object]:
    """Changes of the policy; a test that needs some has its own."""
    return {}


@pytest.fixture
async def owner(database: Database, policy: dict[str, object]) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.url("owner"))
    await furnish(connection, **policy)
    yield connection
    await connection.close()


@pytest.fixture
async def worker_pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database.url("worker"), size=8)
    yield pool
    await pool.close()


@pytest.fixture
async def office_pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database.url("office"), size=2)
    yield pool
    await pool.close()


@pytest.fixture
def bureau(worker_pool: asyncpg.Pool, office_pool: asyncpg.Pool, owner: asyncpg.Connection) -> Bureau:
    return Bureau(worker_pool, office_pool, owner)


@pytest.fixture
async def rounds(
    client: Client, database: Database, owner: asyncpg.Connection, mail: MailCatcher, ring: KeyRing
) -> AsyncIterator[Rounds]:
    """On servers; `owner` is then one with staff."""
    async with serving(client, database, mail, ring) as (skipper, office):
        yield Rounds(skipper, office, owner, CaseKeys(ring))
