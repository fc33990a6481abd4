"""A database with the default policies, commands that use it, and a look into it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from tests.cli.program import Program, elsewhere, proven
from workers.policies import load_defaults


@pytest.fixture
async def connect(database) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    """Run a statement as the owner of the test's database; rows as tuples."""
    connection = await asyncpg.connect(database.url("owner"))

    async def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await connection.fetch(statement, *values)]

    yield run
    await connection.close()


@pytest.fixture
async def office(database, temporal, client, tmp_path) -> Program:
    """Commands of `CHIEF`, who is all the staff, on servers that run already with policies and rounds."""
    connection = await asyncpg.connect(database.url("owner"))
    await load_defaults(connection, "admission")
    await connection.close()
    return await proven(database, elsewhere(database, temporal, tmp_path / "home"))
