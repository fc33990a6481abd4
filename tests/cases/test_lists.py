"""The lists of every door: whose cases they are, where a page goes on, what is counted."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from cases import list_questions, lists
from cases.cursors import UnknownCursorError, cursor_of, place_of
from cases.list_questions import CaseFilters, TaskFilters
from cases.lists import view_of_tasks
from cases.sight import View, view_of, whole_processes
from schemas.admission.commands import DeclineReview
from schemas.admission.roles import Role
from schemas.kernel.case import Actor
from tests.office import Institute, actor
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401
from workflows.admission.process import ADMISSION_REVIEW

# ruff: noqa: F811 - fixtures are imported and asked for by name

PROCESS = ADMISSION_REVIEW.name
NOW = datetime(2026, 11, 1, tzinfo=UTC)


async def cases_of(institute: Institute, who: Actor, **wanted: object) -> list[str]:
    page = await lists.list_cases(institute.pool, view_of(who), CaseFilters(**wanted), None, 50)
    return [row["case_id"] for row in page.rows]


async def test_a_reviewer_sees_the_cases_of_their_reviews(institute: Institute) -> None:
    """From the invitation on, and not any more after declining it; the new reviewer instead."""
    case = await institute.apply()
    first, *others = await case.to_review()
    assert await cases_of(institute, actor(first)) == [case.case_id]
    await case.decide(DeclineReview, first, reason="time")
    assert await cases_of(institute, actor(first)) == []
    seeing = [n for n in range(1, 7) if await cases_of(institute, actor(f"reviewer-{n}"))]
    assert {f"reviewer-{n}" for n in seeing} > set(others)
    assert await cases_of(institute, actor(others[0]), stage="committee") == []


async def test_a_member_sees_the_cases_of_their_committees(institute: Institute) -> None:
    """From the appointment of the committee on, by the same filters as the office, which sees all."""
    case, other = await institute.apply(), await institute.apply()
    for reviewer in await case.to_review():
        assert await cases_of(institute, actor("member-1")) == []
        await case.score(reviewer)
    await case.until_task("vote:chair-1")
    await other.until_stage("completeness")
    for member in ("member-1", "chair-1"):
        assert await cases_of(institute, actor(member)) == [case.case_id]
    assert await cases_of(institute, actor("member-1"), is_open=False) == []
    assert await cases_of(institute, actor("office-1")) == sorted((case.case_id, other.case_id))
    assert await cases_of(institute, actor("office-1"), labels={"round_id": "2027-general"}) == []
    page = await lists.list_cases(institute.pool, view_of(actor("chair-1")), CaseFilters(), None, 50)
    assert [tuple(row["labels"]) for row in page.rows] == [ADMISSION_REVIEW.labels]


async def test_whom_a_case_concerns_is_what_its_records_say(institute: Institute) -> None:
    """The rows beside the records are those that the records would be read for, at every step to the end."""
    case = await institute.apply()
    for reviewer in await case.to_review():
        await case.score(reviewer)
        noted = await institute.pool.fetch(
            "SELECT staff_id, case_id, role FROM iehe.case_people ORDER BY role, staff_id"
        )
        told = await institute.pool.fetch(
            "SELECT m ->> 'member' AS staff_id, case_id, 'committee_member' AS role "
            "FROM iehe.cases, jsonb_array_elements(state -> 'committee') m "
            "UNION ALL SELECT reviewer, case_id, 'reviewer' FROM iehe.reviews "
            "WHERE state IN ('invited', 'accepted', 'scored') ORDER BY role, staff_id"
        )
        assert [*map(tuple, noted)] == [*map(tuple, told)] != []


async def test_ones_own_cases_close_as_the_cases_do(pool) -> None:
    """Who is added before or after the end, and when the case is open again."""
    case_id, member = await store_case(pool), Actor(id="m-1", roles=(Role.COMMITTEE_MEMBER,))
    note = "INSERT INTO iehe.case_people (staff_id, case_id, role) VALUES ($1, $2, 'committee_member')"
    end = "UPDATE iehe.cases SET closed_at = $2 WHERE case_id = $1"

    async def listed(*, is_open: bool) -> list[str]:
        wanted = CaseFilters(is_open=is_open)
        page = await lists.list_cases(pool, view_of(member), wanted, None, 50)
        return [row["case_id"] for row in page.rows]

    await pool.execute(note, "m-1", case_id)
    assert (await listed(is_open=True), await listed(is_open=False)) == ([case_id], [])
    await pool.execute(end, case_id, NOW)
    await pool.execute(note, "m-2", case_id)
    assert (await listed(is_open=True), await listed(is_open=False)) == ([], [case_id])
    assert await pool.fetchval("SELECT bool_and(closed) FROM iehe.case_people")
    await pool.execute(end, case_id, None)
    assert (await listed(is_open=True), await listed(is_open=False)) == ([case_id], [])


async def test_nobody_sees_what_no_table_gives_them(institute: Institute) -> None:
    """Without a role in a process there is no list of it, and no count."""
    await (await institute.apply()).until_stage("completeness")
    nobody = Actor(id="office-1", roles=())
    assert await cases_of(institute, nobody) == []
    page = await lists.list_tasks(institute.pool, view_of_tasks(nobody), TaskFilters(), None, 50)
    total = await lists.count_tasks(institute.pool, view_of_tasks(nobody), TaskFilters())
    assert (page.rows, total.tasks, total.more) == ([], 0, False)
    assert (await lists.list_notices(institute.pool, whole_processes(nobody))).rows == []
    assert (await lists.list_events(institute.pool, whole_processes(nobody))).rows == []


async def store_case(pool: asyncpg.Pool, case_id: str = "admission/A1") -> str:
    await pool.execute(
        "INSERT INTO iehe.cases (case_id, process, version, stage, stage_since, opened_at, state) "
        "VALUES ($1, $2, 1, 'completeness', now(), now(), '{}')",
        *(case_id, PROCESS),
    )
    return case_id


async def store_tasks(pool: asyncpg.Pool, case_id: str, count: int) -> None:
    await pool.executemany(
        "INSERT INTO iehe.tasks (case_id, key, opened_version, kind, role, assignee, opened_at, due_at) "
        "VALUES ($1, $2, 1, 'look', 'reviewer', 'reviewer-1', now(), $3)",
        # several are due at once, and nothing but the key tells them apart
        [(case_id, f"look:{n}", NOW + timedelta(days=n // 3)) for n in range(count)],
    )


@pytest.fixture
def office() -> View:
    return view_of_tasks(Actor(id="office-1", roles=(Role.ADMISSIONS_OFFICE,)))


async def test_pages_of_tasks_are_all_of_them(pool, office) -> None:
    """Page by page, dead letters in their place among the tasks: each comes once, in order."""
    await store_tasks(pool, await store_case(pool), 10)
    await pool.executemany(
        "INSERT INTO iehe.events (source, id, type, process, case_id, envelope, state, ended_at) "
        "VALUES ('urn:x', $1, 't', $2, 'admission/NONE', '{}', 'dead', $3)",
        [(f"e{n}", PROCESS, NOW + timedelta(days=n // 2)) for n in range(6)],
    )
    found: list[tuple[datetime, str, str]] = []
    after, pages = None, 0
    while pages == 0 or after is not None:
        page = await lists.list_tasks(pool, office, TaskFilters(), after, 3)
        found += [(row["due_at"], row["case_id"], row["task"]) for row in page.rows]
        after = page.next and place_of(cursor_of(page.next), tuple[datetime, str, str])
        pages += 1
    assert found == sorted(set(found))
    assert (len(found), pages) == (16, 6)


async def test_tasks_are_counted_up_to_a_limit(pool, office, monkeypatch) -> None:
    """What is more than the limit is told as more, and dead letters are among all."""
    for module in (lists, list_questions):
        monkeypatch.setattr(module, "COUNTED", 7)
    await store_tasks(pool, await store_case(pool), 7)
    total = await lists.count_tasks(pool, office, TaskFilters())
    assert (total.tasks, total.dead_letters, total.more) == (7, 0, False)
    await pool.execute(
        "INSERT INTO iehe.events (source, id, type, process, case_id, envelope, state, ended_at) "
        "VALUES ('urn:x', 'e', 't', $1, 'admission/NONE', '{}', 'dead', now())",
        PROCESS,
    )
    total = await lists.count_tasks(pool, office, TaskFilters())
    assert (total.tasks, total.dead_letters, total.more) == (7, 1, True)
    assert (await lists.count_tasks(pool, office, TaskFilters(role="reviewer"))).more is False


async def test_notices_newest_first(pool) -> None:
    """Of a case, in a state, from a place on; never an address."""
    case_id = await store_case(pool)
    await pool.executemany(
        "INSERT INTO iehe.notices (notice_id, case_id, version, process, message, recipient_kind, "
        "recipient_id, facts, state, queued_at) "
        "VALUES ($1, $2, 1, $3, 'rejected', 'staff', 'x', '{}', $4, $5)",
        [
            (f"n{n}", case_id, PROCESS, "dead" if n % 2 else "accepted", NOW + timedelta(minutes=n // 2))
            for n in range(6)
        ],
    )

    async def listed(**wanted: object) -> list[str]:
        return [row["notice_id"] for row in (await lists.list_notices(pool, [PROCESS], **wanted)).rows]

    assert await listed() == ["n5", "n4", "n3", "n2", "n1", "n0"]
    assert await listed(state="dead", case_id=case_id) == ["n5", "n3", "n1"]
    page = await lists.list_notices(pool, [PROCESS], limit=2)
    assert page.next == (NOW + timedelta(minutes=2), "n4")
    assert await listed(after=page.next) == ["n3", "n2", "n1", "n0"]
    assert await listed(case_id="admission/other") == []
    assert not any("@" in str(value) for row in page.rows for value in row.values())


async def test_events_by_what_became_of_them(pool) -> None:
    """Each state has its events and no others, whether the relay has seen yet what the case made of them."""
    case_id = await store_case(pool)
    stored = {"new": None, "put-off": "waiting-for-case"}
    delivered = {
        "under-way": None,
        "applied": "take",
        "refused": "refuse-event",
        "refused-unseen": "refuse-event",
    }
    for name, reason in stored.items():
        await _store_event(pool, name, f"admission/{name}", "stored", reason)
    for name, step in delivered.items():
        await _store_event(pool, name, case_id, "delivered", None, taken=name in ("applied", "refused"))
        if step:
            await pool.execute(
                "INSERT INTO iehe.case_log (case_id, version, at, step, from_stage, stage, actor_kind, "
                "actor_id, cause, details, prev_hash, hash) "
                "VALUES ($1, $2, now(), $3, '', '', 'system', 'x', 'urn:x#' || $4, '{}', '', '')",
                *(case_id, list(delivered).index(name) + 1, step, name),
            )
    await pool.execute("UPDATE iehe.events SET refused = true WHERE id = 'refused'")
    for state in ("dead", "dropped"):
        await _store_event(pool, state, case_id, state, None)

    async def listed(state: str | None, **wanted: object) -> set[str]:
        page = await lists.list_events(pool, [PROCESS], state=state, **wanted)
        assert [row["seq"] for row in page.rows] == sorted((row["seq"] for row in page.rows), reverse=True)
        assert len(page.rows) == len({row["id"] for row in page.rows})
        return {row["id"] for row in page.rows}

    assert {state: await listed(state) for state in list_questions.EVENT_STATES} == {
        "stored": {"new", "put-off"},
        "waiting": {"put-off", "under-way"},
        "delivered": set(delivered),
        "applied": {"applied"},
        "refused": {"refused", "refused-unseen"},
        "dead": {"dead"},
        "dropped": {"dropped"},
    }
    assert await listed(None, case_id=case_id) == {*delivered, "dead", "dropped"}
    assert await listed("stored", source="urn:other") == set()
    page = await lists.list_events(pool, [PROCESS], limit=2)
    assert page.next is not None
    assert len(await listed(None, after=page.next[0])) == 6


async def _store_event(
    pool: asyncpg.Pool, name: str, case_id: str, state: str, reason: str | None, *, taken: bool = False
) -> None:
    await pool.execute(
        "INSERT INTO iehe.events (source, id, type, process, case_id, envelope, state, reason, taken, "
        "ended_at) VALUES ('urn:x', $1, 't', $2, $3, '{}', $4, $5, $6, now())",
        *(name, PROCESS, case_id, state, reason, taken),
    )


@pytest.mark.parametrize("place", [["x"], [None], ["x\0"], ["1800-01-01T00:00:00Z"], [1], []])
def test_a_made_up_place_is_refused(place) -> None:
    """Only what a list of this kind could have handed out is asked of the database."""
    with pytest.raises(UnknownCursorError):
        place_of(cursor_of(place), tuple[datetime, str] if place != ["x\0"] else tuple[str])


def test_a_place_comes_back_as_it_was() -> None:
    """A moment with its time zone, and texts of any characters."""
    place = (NOW, f"admission/{uuid4()}", "dead-letter:urn:x#予約 1")
    assert place_of(cursor_of(place), tuple[datetime, str, str]) == place
