"""A round on a database of its own."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from activities.kernel.database import open_pool
from tests.conftest import Database
from tests.round.bureau import Bureau, furnish


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
