"""A process with lists of results, on a database of its own."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from activities.kernel.database import open_pool
from tests.conftest import Database
from tests.results.grading import Grading


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.url("owner"))
    yield connection
    await connection.close()


@pytest.fixture
async def worker_pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database.url("worker"), size=5)
    yield pool
    await pool.close()


@pytest.fixture
async def office_pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database.url("office"), size=2)
    yield pool
    await pool.close()


@pytest.fixture
async def grading(worker_pool: asyncpg.Pool, owner: asyncpg.Connection) -> Grading:
    made = Grading(worker_pool, owner)
    await made.furnish()
    return made
