"""E10: the rota's gaps of the next 28 days are tasks, of no case, until they are filled."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from activities.kernel.database import open_pool
from activities.kernel.digest import SQL as DIGEST
from activities.kernel.scheduled import Tools
from activities.support.rota import GAPS_WORK
from cases import lists
from cases.homes import home_of
from cases.list_questions import TaskFilters
from schemas.kernel.case import Actor
from schemas.kernel.schedules import Occasion
from tests.support.builder import ROLES
from workers.schedules import works_in

SHIFT = (
    "INSERT INTO iehe.support_rota (place, staff_id, during, noted_by) "
    "VALUES ($1, $2, tstzrange($3, $4), 'test') RETURNING shift"
)


@pytest.fixture
async def pool(database, owner) -> AsyncIterator[asyncpg.Pool]:
    """The door, the rota has a gap in the second place, from tomorrow for a day."""
    now = datetime.now(UTC)
    await owner.execute("DELETE FROM iehe.support_rota")
    for place, name, begins, ends in (
        ("first", "duty-1", -1, 60),
        ("second", "duty-2", -1, 1),
        ("second", "duty-2", 2, 60),
    ):
        span = (now + timedelta(days=begins), now + timedelta(days=ends))
        await owner.execute(SHIFT, place, name, *span)
    pool = await open_pool(database.url("office"), size=2)
    yield pool
    await pool.close()


def seen_by(name: str) -> lists.View:
    return lists.view_of_tasks(Actor(id=name, roles=tuple(role.value for role in ROLES[name])))


async def listed(pool: asyncpg.Pool, name: str, **wanted: object) -> list[dict]:
    return (await lists.list_tasks(pool, seen_by(name), TaskFilters(**wanted), None, 50)).rows


async def test_e10_a_gap_of_the_rota_is_a_task_of_the_duty_officers_and_the_head(pool) -> None:
    """Due when it begins, named after where it begins, in their lists and counts and nobody else's."""
    for name in ROLES:
        rows, total = (
            await listed(pool, name),
            await lists.count_tasks(pool, seen_by(name), TaskFilters()),
        )
        mine = name.startswith(("duty", "head", "triage"))
        assert [row["kind"] for row in rows] == (["fill-gap"] if mine else []), name
        assert total.tasks == len(rows), name
    (task,) = await listed(pool, "duty-1", role="duty_officer")
    assert (task["case_id"], task["stage"], task["process"]) == (None, None, "support-case")
    assert task["task"].startswith("fill-gap:second:20")
    assert timedelta(hours=23) < task["due_at"] - datetime.now(UTC) < timedelta(hours=25)
    assert await listed(pool, "duty-1", role="counsellor") == []
    assert await listed(pool, "duty-1", overdue=True) == []
    assert len(await listed(pool, "duty-1", overdue=False)) == 1


async def test_e10_the_task_is_closed_when_the_gap_is_filled(pool, owner) -> None:
    """At once; and a shift that is taken away opens one."""
    (task,) = await listed(pool, "head-1")
    row = await owner.fetchrow("SELECT * FROM iehe.support_gaps(now(), 28)")
    shift = await owner.fetchval(SHIFT, "second", "duty-2", row["begins_at"], row["ends_at"])
    assert await listed(pool, "head-1") == []
    await owner.execute("DELETE FROM iehe.support_rota WHERE shift = $1", shift)
    (again,) = await listed(pool, "head-1")
    assert again["task"] == task["task"]
    closed = await owner.fetchval("SELECT count(*) FROM iehe.office_tasks WHERE closed_at IS NOT NULL")
    assert closed >= 1


async def test_e10_what_time_brings_is_looked_for_every_hour(pool, owner, database) -> None:
    """Nobody has changed the rota, and somebody is active no more; done twice it is done once."""
    assert works_in(home_of("support"))[GAPS_WORK.name] is GAPS_WORK
    assert GAPS_WORK.every_hour
    await owner.execute("UPDATE iehe.staff SET active = false WHERE staff_id = 'duty-1'")
    assert len(await listed(pool, "duty-2")) == 1
    worker = await open_pool(database.url("worker", "support"), size=1)
    occasion = Occasion(work=GAPS_WORK.name, scheduled_at=datetime.now(UTC), run="scheduled/rota-gaps")
    tools = Tools(pool=worker, client=None, rooms={})
    done = await GAPS_WORK.run(tools, occasion, None)
    assert done.counts == {"opened": 1}
    assert (await GAPS_WORK.run(tools, occasion, None)).counts == {}
    await worker.close()
    assert (await listed(pool, "duty-2", overdue=True))[0]["task"] == "fill-gap:first"


async def test_e10_a_gap_stands_in_the_mornings_digest(pool, owner, database) -> None:
    """Of the duty officers and the head, once each; triage sees it in the list and is not asked."""
    now = datetime.now(UTC)
    worker = await asyncpg.connect(database.url("worker", "support"))
    await worker.execute(DIGEST["make"], "support-case", "support", now.date(), now)
    await worker.close()
    told = await owner.fetch("SELECT recipient_id, facts ->> 'open' FROM iehe.notices ORDER BY 1")
    assert [tuple(row) for row in told] == [("duty-1", "1"), ("duty-2", "1"), ("head-1", "1")]


async def test_work_of_no_case_is_on_the_pages_of_a_list_once(pool, owner) -> None:
    """Page by page, each from the place of the last one."""
    for place in range(5):
        await owner.execute(
            "INSERT INTO iehe.office_tasks (process, key, kind, roles, opened_at, due_at)"
            " VALUES ('support-case', $1, 'fill-gap', '{duty_officer}', now(), now())",
            f"fill-gap:test:{place}",
        )
    seen, after = [], None
    while True:
        page = await lists.list_tasks(pool, seen_by("duty-1"), TaskFilters(), after, 2)
        seen += [row["task"] for row in page.rows]
        if page.next is None:
            break
        after = page.next
    assert len(seen) == len(set(seen)) == 6
