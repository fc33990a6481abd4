"""A desk that checks files, and a case on a database of its own that batches are of."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from activities.kernel.database import open_pool
from tests.batches.board import CASE, Board
from tests.batches.mappings import Desk
from tests.conftest import Database

OPENED = """
INSERT INTO iehe.cases (case_id, process, version, stage, stage_since, opened_at, state)
VALUES ($1, 'admission-review', 1, 's', now(), now(), '{}')
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.url("owner"))
    await connection.execute(OPENED, CASE)
    yield connection
    await connection.close()


@pytest.fixture
async def worker_pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database.url("worker"), size=4)
    yield pool
    await pool.close()


@pytest.fixture
async def office_pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database.url("office"), size=4)
    yield pool
    await pool.close()


@pytest.fixture
def board(
    owner: asyncpg.Connection, worker_pool: asyncpg.Pool, office_pool: asyncpg.Pool, desk: Desk
) -> Board:
    return Board(owner, worker_pool, office_pool, desk)
