"""The lists of every door: of cases, tasks, notices and events, a page at a time, for who may see them."""

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import asyncpg

from activities.kernel.notice_times import is_held_long
from cases import list_questions as ask
from cases.list_questions import COUNTED, CaseFilters, Question, TaskFilters
from cases.sight import View, note_reads, view_of
from schemas.kernel.case import Actor
from workflows.kernel.sight import Field

PLANNED: Final = "; ".join(
    f"SET LOCAL {setting}"
    for setting in (
        "plan_cache_mode = force_custom_plan",
        "jit = off",
        "max_parallel_workers_per_gather = 0",
        "enable_bitmapscan = off",
    )
)
"""Planned for its values: a page of a stage with three cases is read otherwise than of one with a million.

Without bitmaps, which would read all that is left of a list for its last pages."""


_NONE: Final[Mapping[str, int]] = {"tasks": 0, "dead_letters": 0}


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries of a list; `next` is the place of the last one when more follow."""

    rows: list[dict[str, Any]]
    next: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class Total:
    """How many tasks there are, dead letters among them; `more` of them than `COUNTED` are not counted."""

    tasks: int
    dead_letters: int
    more: bool


def view_of_tasks(actor: Actor) -> View:
    """The tasks that an actor sees: all of the processes whose work they see, in the others their own."""
    seen, work = view_of(actor), view_of(actor, Field.WORK)
    own = (set(seen.processes) | set(seen.whole)) - set(work.whole)
    return replace(seen, whole=work.whole, processes=tuple(sorted(own)))


async def list_cases(
    pool: asyncpg.Pool, view: View, wanted: CaseFilters, after: str | None, limit: int
) -> Page:
    """Cases by their id, with their `labels` beside what the engine knows of each."""
    rows = await _ask(pool, ask.cases_question(view, wanted, after, limit + 1))
    for row in rows:
        row["labels"] = json.loads(row["labels"])
    return _page(rows, limit, ("case_id",))


async def list_tasks(
    pool: asyncpg.Pool, view: View, wanted: TaskFilters, after: tuple[datetime, str, str] | None, limit: int
) -> Page:
    """Open tasks by when they are due: of processes seen whole with what cannot be delivered, else one's own.

    A dead letter has no stage, and `source`, `event_id` and `reason` beside what every task has. What is
    of no case has neither case nor stage.
    """
    rows = await _ask(pool, ask.tasks_question(view, wanted, after, limit + 1))
    page = _page(rows, limit, ("due_at", "case_id", "task"))
    for row in page.rows:
        row["case_id"] = row["case_id"] or None
    return page


async def count_tasks(pool: asyncpg.Pool, view: View, wanted: TaskFilters) -> Total:
    """How many tasks a list would have on all its pages."""
    return (await count_each(pool, view, [wanted]))[0]


async def count_each(pool: asyncpg.Pool, view: View, wanted: Sequence[TaskFilters]) -> list[Total]:
    """The same for several lists, on one connection."""
    questions = [ask.total_question(view, each) for each in wanted]
    async with reading(pool) as connection:
        rows = [
            await connection.fetchrow(each.text, *each.values) if each.text else _NONE for each in questions
        ]
    return [_total(row) for row in rows]


def _total(row: Mapping[str, int]) -> Total:
    tasks, dead = row["tasks"], row["dead_letters"]
    return Total(min(tasks, COUNTED), min(dead, COUNTED), more=tasks > COUNTED)


async def neighbours(pool: asyncpg.Pool, view: View, case_id: str) -> tuple[str | None, str | None]:
    """The cases before and after one in the list of tasks; none where it has no open task that is seen.

    A case stands at the place of the first of its tasks. What is of no case, or cannot be delivered, is none.
    """
    rows = await _ask(pool, ask.neighbours_question(view, case_id))
    found: dict[bool, str] = {row["after"]: row["case_id"] for row in rows}
    return found.get(False), found.get(True)


async def list_notices(
    pool: asyncpg.Pool,
    processes: Collection[str],
    *,
    case_id: str | None = None,
    state: str | None = None,
    held: bool = False,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> Page:
    """Notices of some processes, newest first; never an address.

    `held`: only those that a person holds; each is `held_long` once that is longer than the host's default.
    """
    rows = await _ask(pool, ask.notices_question(processes, case_id, state, after, limit + 1, held=held))
    for row in rows:
        row["held_long"] = is_held_long(row["held_since"])
    return _page(rows, limit, ("queued_at", "notice_id"))


async def list_events(
    pool: asyncpg.Pool,
    processes: Collection[str],
    *,
    state: str | None = None,
    source: str | None = None,
    case_id: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> Page:
    """Events of some processes, newest first, with what became of them (`EVENT_STATES`); never their data."""
    rows = await _ask(pool, ask.events_question(processes, state, source, case_id, after, limit + 1))
    return _page(rows, limit, ("seq",))


def _page(rows: list[dict[str, Any]], limit: int, place: Sequence[str]) -> Page:
    following = tuple(rows[limit - 1][name] for name in place) if len(rows) > limit else None
    return Page(rows[:limit], following)


@asynccontextmanager
async def reading(pool: asyncpg.Pool) -> AsyncIterator[Any]:
    """A connection for questions whose plan depends on their values."""
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        await connection.execute(PLANNED)
        yield connection


async def _ask(pool: asyncpg.Pool, question: Question) -> list[dict[str, Any]]:
    if not question.text:
        return []
    async with reading(pool) as connection:
        rows = [dict(row) for row in await connection.fetch(question.text, *question.values)]
    await note_reads(pool, [row["case_id"] for row in rows if row.get("case_id")], "list")
    return rows
