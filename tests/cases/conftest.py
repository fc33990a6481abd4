"""What the tests of cases share."""

from collections.abc import AsyncIterator

import pytest

from activities.kernel.database import open_pool
from encryption.case_keys import CaseKeys
from tests.activities.conftest import database_name, world
from tests.activities.letters import World
from tests.cases.notice_desk import PEOPLE, NoticeDesk
from tests.conftest import rings_in

__all__ = ["database_name", "world"]


@pytest.fixture
async def desk(world: World, postgres, database_name) -> AsyncIterator[NoticeDesk]:
    for each in PEOPLE:
        await world.owner.execute(
            "INSERT INTO iehe.staff (staff_id, name, email, roles)"
            " VALUES ($1, $1, $1 || '@example.ac.jp', $2)",
            *(each.id, list(each.roles)),
        )
    pool = await open_pool(postgres.url("office", database_name), size=4, for_people=True)
    yield NoticeDesk(world, pool, CaseKeys(rings_in(postgres.home)))
    await pool.close()
