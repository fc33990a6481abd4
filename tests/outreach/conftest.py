"""A desk with the default policy, its people and the topics of a year."""

import json
from collections.abc import AsyncIterator

import asyncpg
import pytest

from activities.kernel.database import open_pool
from schemas.kernel.refusals import TEXTS
from schemas.outreach import refusals
from tests.conftest import Database
from tests.outreach.desk import Desk, furnish
from tests.workflows.outreach.builder import default_policy

TEXTS.update(refusals.TEXTS)


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    owner = await asyncpg.connect(database.url("owner"))
    await furnish(owner)
    body = {"routes": {"school": default_policy().model_dump(mode="json")}}
    await owner.execute(
        "INSERT INTO iehe.policies (process, version, valid_from, body, sha256, loaded_by)"
        " VALUES ('school-outreach', 'default-1', '2026-04-01', $1, '', 'test')",
        json.dumps(body),
    )
    pool = await open_pool(database.url("worker"))
    yield Desk(pool, owner)
    await pool.close()
    await owner.close()
