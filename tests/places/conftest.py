"""A process that lends seats, on a database of its own."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from activities.kernel.database import open_pool
from tests.conftest import Database
from tests.places.lending import Lending


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.url("owner"))
    yield connection
    await connection.close()


@pytest.fixture
async def worker_pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database.url("worker"), size=10)
    yield pool
    await pool.close()


@pytest.fixture
async def lending(worker_pool: asyncpg.Pool, owner: asyncpg.Connection) -> Lending:
    made = Lending(worker_pool, owner)
    await made.furnish()
    return made
