"""The transition on a real database: whole or not at all, once, and by those who may."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from activities.admission.room import ROOM
from activities.kernel.case_log import FIRST, broken_at
from activities.kernel.database import Connection, open_pool, transact
from activities.kernel.written_steps import write_steps
from schemas.admission.roles import Role
from schemas.kernel.case import SYSTEM, Actor, ActorKind
from schemas.kernel.refusals import Refusal
from schemas.kernel.transition import (
    DeadlineChanged,
    NoticeRequested,
    TaskClosed,
    TaskOpened,
    Transition,
)

CASE = "admission/T-0001"
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


def step(version: int, name: str = "item-arrived", **changes: Any) -> Transition:
    values: dict[str, Any] = {
        "case_id": CASE,
        "process": "admission-review",
        "version": version,
        "step": name,
        "actor": SYSTEM,
        "at": NOW,
        "from_stage": "completeness",
        "stage": "completeness",
        "state": {"version": version},
    }
    return Transition(**(values | changes))


@pytest.fixture
async def worker(database) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database.url("worker"))
    yield pool
    await pool.close()


@pytest.fixture
async def owner(database) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database.url("owner"), size=2)
    yield pool
    await pool.close()


class Recorder:
    """Steps written as the activity writes them, without the rules that would have made them."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def __call__(self, transition: Transition) -> None:
        async def work(connection: Connection) -> None:
            row = await connection.fetchrow(
                "SELECT hash FROM iehe.cases WHERE case_id = $1 FOR UPDATE", transition.case_id
            )
            await write_steps(connection, ROOM, [transition], row["hash"] if row else FIRST)

        await transact(self._pool, work)


@pytest.fixture
def record(worker: asyncpg.Pool) -> Recorder:
    return Recorder(worker)


async def dump(pool: asyncpg.Pool) -> dict[str, list[tuple[Any, ...]]]:
    tables = ("cases", "case_log", "tasks", "deadlines", "notices", "events", "application_items")
    return {
        table: sorted((tuple(row) for row in await pool.fetch(f"SELECT * FROM iehe.{table}")), key=repr)  # noqa: S608
        for table in tables
    }


async def test_everything_of_a_step_is_written_together(record: Recorder, owner: asyncpg.Pool) -> None:
    """Case, log, task, deadline and notice of one step are all there."""
    await record(
        step(
            1,
            tasks_opened=(TaskOpened(key="t", kind="t", role=Role.ADMISSIONS_OFFICE, due_at=NOW),),
            deadlines=(DeadlineChanged(name="d", state="running", due_at=NOW),),
            notices=(NoticeRequested(message="items-missing", to="applicant"),),
        )
    )

    rows = await dump(owner)

    assert {table: len(found) for table, found in rows.items()} == {
        "cases": 1,
        "case_log": 1,
        "tasks": 1,
        "deadlines": 1,
        "notices": 1,
        "events": 0,
        "application_items": 0,
    }


async def test_failing_record_undoes_the_step(record: Recorder, owner: asyncpg.Pool) -> None:
    """When a record of the process is refused nothing of the step is written."""
    await record(step(1))
    before = await dump(owner)
    decision = {
        "kind": "decision",
        "decision": "withdrawn",
        "reason_id": "not-a-uuid",
        "takes_place": False,
        "beyond_places": False,
    }

    with pytest.raises(Refusal) as failed:
        await record(
            step(
                2,
                notices=(NoticeRequested(message="withdrawal-confirmed", to="applicant"),),
                records=(decision,),
            )
        )

    assert failed.value.code == "unknown-text"
    assert await dump(owner) == before


async def test_notice_for_a_role_goes_to_each_in_it(record: Recorder, owner: asyncpg.Pool) -> None:
    """One row for each member of a role; a role that nobody holds leaves a visible one."""
    await owner.execute(
        "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES "
        "('a', 'a', 'a@example.ac.jp', '{reviewer}'), ('b', 'b', 'b@example.ac.jp', '{reviewer}')"
    )

    await record(
        step(
            1,
            notices=(
                NoticeRequested(message="task-overdue", to="role:reviewer"),
                NoticeRequested(message="task-overdue", to="role:checker"),
            ),
        )
    )

    rows = await owner.fetch("SELECT recipient_id FROM iehe.notices ORDER BY 1")
    assert [row["recipient_id"] for row in rows] == ["-", "a", "b"]


async def test_task_is_closed_and_opened_again(record: Recorder, owner: asyncpg.Pool) -> None:
    """A task that comes back is another row; the first keeps who closed it and how."""
    task = TaskOpened(key="t", kind="t", role=Role.ADMISSIONS_OFFICE, due_at=NOW)
    closer = Actor(id="office-1", kind=ActorKind.PERSON, roles=(Role.ADMISSIONS_OFFICE,))
    await record(step(1, tasks_opened=(task,)))
    await record(step(2, actor=closer, tasks_closed=(TaskClosed(key="t", how="done"),)))
    await record(step(3, tasks_opened=(task,)))

    rows = await owner.fetch("SELECT closed_by, closed_how FROM iehe.tasks ORDER BY opened_version")

    assert [tuple(row) for row in rows] == [("office-1", "done"), (None, None)]


class TestLog:
    async def test_chain_holds(self, record: Recorder, owner: asyncpg.Pool) -> None:
        """What was written reads back as an unbroken chain."""
        for version in range(1, 6):
            await record(step(version, details={"名": "値", "n": version}))

        assert broken_at(await entries(owner)) is None

    @pytest.mark.parametrize(
        "tampering",
        [
            "UPDATE iehe.case_log SET details = '{}' WHERE version = 3",
            "UPDATE iehe.case_log SET actor_id = 'other' WHERE version = 3",
            "UPDATE iehe.case_log SET at = at + interval '1 second' WHERE version = 3",
            "DELETE FROM iehe.case_log WHERE version = 3",
            "UPDATE iehe.case_log SET version = 9 WHERE version = 3",
        ],
    )
    async def test_tampering_is_found(
        self, record: Recorder, owner: asyncpg.Pool, postgres, database, tampering: str
    ) -> None:
        """Whoever gets around the triggers still breaks the chain."""
        for version in range(1, 6):
            await record(step(version, details={"n": version}))
        await owner.execute("ALTER TABLE iehe.case_log DISABLE TRIGGER USER")
        await owner.execute(tampering)

        assert broken_at(await entries(owner)) == 3

    @pytest.mark.parametrize("role", ["worker", "office", "auditor", "owner"])
    @pytest.mark.parametrize(
        "statement",
        ["UPDATE iehe.case_log SET step = 'x'", "DELETE FROM iehe.case_log", "TRUNCATE iehe.case_log"],
    )
    async def test_log_cannot_be_changed(self, record: Recorder, database, role: str, statement: str) -> None:
        """No role, not even the owner of the tables, changes or removes an entry."""
        await record(step(1))
        connection = await asyncpg.connect(database.url(role))
        try:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        finally:
            await connection.close()


async def entries(pool: asyncpg.Pool) -> list[dict[str, Any]]:
    rows = await pool.fetch("SELECT * FROM iehe.case_log ORDER BY version")
    return [{**row, "details": json.loads(row["details"])} for row in rows]


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("worker", "UPDATE iehe.people SET person_id = person_id"),
        ("worker", "DELETE FROM iehe.cases"),
        ("worker", "INSERT INTO iehe.policies SELECT * FROM iehe.policies"),
        ("office", "UPDATE iehe.cases SET stage = 'enrolled'"),
        ("office", "INSERT INTO iehe.case_log SELECT * FROM iehe.case_log"),
        ("office", "UPDATE iehe.decisions SET decision = 'offered'"),
        ("office", "UPDATE iehe.policies SET body = '{}'"),
        ("auditor", "SELECT * FROM iehe.people"),
        ("auditor", "SELECT * FROM iehe.texts"),
        ("auditor", "UPDATE iehe.cases SET stage = 'x'"),
    ],
)
async def test_roles_have_no_more_than_they_need(database, role: str, statement: str) -> None:
    """Nothing but a workflow's worker changes a case; auditors see no person; nobody edits a policy."""
    connection = await asyncpg.connect(database.url(role))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_message_by_two_channels_is_two_notices(worker, owner) -> None:
    """Each has an id and a fate of its own; the mail keeps the id that it has alone."""
    notices = tuple(
        NoticeRequested(message="page", to="staff:sato", channel=channel, urgent=channel != "mail")
        for channel in ("mail", "webhook:pager")
    )
    async with worker.acquire() as connection:
        await write_steps(connection, ROOM, [step(1, notices=notices)], FIRST)
    rows = await owner.fetch("SELECT notice_id, channel, urgent FROM iehe.notices ORDER BY channel")
    assert [(row["channel"], row["urgent"]) for row in rows] == [("mail", False), ("webhook:pager", True)]
    alone = await owner.fetchval("SELECT iehe.notice_id($1, 1, 'page', 'staff:sato')", CASE)
    assert rows[0]["notice_id"] == alone != rows[1]["notice_id"]


DAY = date(2026, 11, 24)


def page(**said: Any) -> NoticeRequested:
    return NoticeRequested(**{"message": "page", "to": "staff:sato", "once_on": DAY} | said)


async def test_e02_a_message_is_told_once_a_day_and_the_second_is_seen(worker, owner) -> None:
    """The next one on that day is written and suppressed; another day, channel, person or kind is another."""
    others = (
        page(to="staff:ito"),
        page(to="staff:suzuki", channel="webhook"),
        page(message="other"),
        page(message="often", once_on=None),
    )
    steps = [step(number, notices=(page(), *others)) for number in (1, 2)]
    steps.append(step(3, notices=(page(once_on=DAY + timedelta(days=1)),)))
    async with worker.acquire() as connection:
        await write_steps(connection, ROOM, steps, FIRST)
    rows = await owner.fetch(
        "SELECT message, version, state, reason FROM iehe.notices ORDER BY message, version"
    )
    assert {(row["state"], row["reason"]) for row in rows if row["version"] == 1} == {("queued", None)}
    second = {row["message"]: (row["state"], row["reason"]) for row in rows if row["version"] == 2}
    assert second == {
        "page": ("suppressed", "told-today"),
        "other": ("suppressed", "told-today"),
        "often": ("queued", None),
    }
    assert [(row["state"], row["version"]) for row in rows if row["version"] > 2] == [("queued", 3)]
    assert len(rows) == 11


async def test_e02_what_was_not_wanted_does_not_use_up_the_day(worker, owner) -> None:
    """A first one that nobody got, because it was suppressed, leaves the day to the next."""
    async with worker.acquire() as connection:
        now = await write_steps(connection, ROOM, [step(1, notices=(page(),))], FIRST)
        await owner.execute("UPDATE iehe.notices SET state = 'suppressed'")
        await write_steps(connection, ROOM, [step(2, notices=(page(),))], now.hash)
    states = await owner.fetch("SELECT state FROM iehe.notices ORDER BY version")
    assert [row["state"] for row in states] == ["suppressed", "queued"]


async def test_no_race_makes_two_of_a_day(worker, owner) -> None:
    """The database itself holds a second one that is not suppressed for impossible."""
    async with worker.acquire() as connection:
        await write_steps(connection, ROOM, [step(1, notices=(page(),))], FIRST)
    with pytest.raises(asyncpg.UniqueViolationError):
        await owner.execute(
            "INSERT INTO iehe.notices (notice_id, case_id, version, process, message, recipient_kind, "
            "recipient_id, facts, queued_at, once_on) SELECT 'n', case_id, 2, process, message, "
            "recipient_kind, recipient_id, facts, queued_at, once_on FROM iehe.notices"
        )


async def test_what_a_step_says_of_why_stands_for_who_is_named_alone(worker, owner) -> None:
    """Who is asked by a rung is told so; who is found by a role keeps that reason."""
    await owner.execute(
        "INSERT INTO iehe.staff (staff_id, name, email, roles) "
        "VALUES ('a', 'a', 'a@example.ac.jp', '{reviewer}')"
    )
    notices = (
        NoticeRequested(message="one", to="staff:a", why="rung"),
        NoticeRequested(message="two", to="role:reviewer", why="rung"),
        NoticeRequested(message="three", to="staff:a"),
        NoticeRequested(message="four", to="applicant", why="rung"),
    )
    async with worker.acquire() as connection:
        await write_steps(connection, ROOM, [step(1, notices=notices)], FIRST)
    rows = await owner.fetch("SELECT message, why FROM iehe.notices")
    assert dict(rows) == {"one": "rung", "two": "role", "three": "named", "four": None}
