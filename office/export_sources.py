"""What is handed out of each list: columns, and rows page by page, of processes that are seen whole."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
from pydantic import BaseModel

from activities.kernel.queries import queries
from cases import lists
from cases.administration import READ_LOG, roles_for
from cases.audit import list_audit
from cases.lists import Page
from cases.people import people, roles_seen
from cases.registry import PROCESSES
from cases.sight import View, view_of, whole_processes
from office import audit, case_list, tasks
from office import people as people_page
from office.pages import Reader
from office.table_writers import Cell
from office.words import Tongue
from schemas.kernel.case import Actor
from workflows.kernel.sight import Field

PAGE: Final = 1000
"""Rows that are asked for at a time."""
Rows = AsyncIterator[list[list[Cell]]]
NAMES: Final = queries("kernel/search")["names_of"]


@dataclass(frozen=True)
class Source:
    """A list that can be handed out.

    Args:
        query: its filters, as its page has them.
        may: whether somebody may have it.
        columns: the heads of its columns; with the names of persons or without.
        rows: its rows in that order.
    """

    query: type[BaseModel]
    may: Callable[[Actor], bool]
    columns: Callable[[Tongue, Any, bool], list[str]]
    rows: Callable[[asyncpg.Pool, Reader, Any, bool], Rows]


def sees_whole(actor: Actor) -> bool:
    """Whether somebody sees all the work of a process."""
    return bool(whole_processes(actor))


def _whole(view: View, actor: Actor) -> View:
    work = tuple(name for name in view.whole if name in whole_processes(actor))
    return replace(view, whole=work, processes=(), roles=(), held=())


async def _pages(ask: Callable[[Any], Any]) -> AsyncIterator[Page]:
    after = None
    while True:
        found: Page = await ask(after)
        yield found
        after = found.next
        if after is None:
            return


async def _cases(pool: asyncpg.Pool, reader: Reader, query: Any, names: bool) -> Rows:
    t, view = reader.tongue, _whole(view_of(reader.actor), reader.actor)
    named = set(view_of(reader.actor, Field.PERSONAL).whole) if names else set()
    wanted = case_list.wanted_of(query)
    async for found in _pages(lambda after: lists.list_cases(pool, view, wanted, after and after[0], PAGE)):
        ids = [row["case_id"] for row in found.rows if row["process"] in named]
        known = {row["case_id"]: row["name"] for row in await pool.fetch(NAMES, ids)} if ids else {}
        yield [
            [
                row["case_id"],
                *([known.get(row["case_id"], "")] if names else []),
                t.pair(PROCESSES[row["process"]].title),
                t.stage(row["process"], row["stage"]),
                t.word(PROCESSES[row["process"]].room, row["waiting_for"]) if row["waiting_for"] else "",
                t.moment(row["due_at"]),
                t("overdue") if row["overdue"] else "",
                t.word(PROCESSES[row["process"]].room, row["outcome"]) if row["outcome"] else "",
                t.moment(row["opened_at"]),
                t.moment(row["closed_at"]),
                t.value(PROCESSES[row["process"]].room, row["labels"]),
            ]
            for row in found.rows
        ]


async def _tasks(pool: asyncpg.Pool, reader: Reader, query: Any, names: bool) -> Rows:  # noqa: ARG001
    t, view = reader.tongue, _whole(lists.view_of_tasks(reader.actor), reader.actor)
    wanted = tasks.wanted_of(reader.actor, query, datetime.now(UTC))
    async for found in _pages(lambda after: lists.list_tasks(pool, view, wanted, after, PAGE)):
        yield [
            [
                t.moment(row["due_at"]),
                t("overdue") if row["overdue"] else "",
                tasks.task_words(reader, row),
                row["case_id"] or "",
                t.pair(PROCESSES[row["process"]].title),
                t.stage(row["process"], row["stage"]) if row["stage"] else "",
                t.word(PROCESSES[row["process"]].room, row["role"]),
                row["assignee"] or "",
                t.moment(row["opened_at"]),
            ]
            for row in found.rows
        ]


async def _audit(pool: asyncpg.Pool, reader: Reader, query: Any, names: bool) -> Rows:  # noqa: ARG001
    wanted, columns = audit.wanted_of(query), audit.columns_of(reader.tongue, query.what)
    async for found in _pages(lambda after: list_audit(pool, reader.actor, query.what, wanted, after, PAGE)):
        told = [audit.row_of(reader.tongue, query.what, row) for row in found.rows]
        yield [[row[name] for name in columns] for row in told]


async def _people(pool: asyncpg.Pool, reader: Reader, query: Any, names: bool) -> Rows:
    found = await people(pool, reader.actor, people_page.wanted_roles(reader, query))
    told = [people_page.row_of(reader.tongue, row) for row in found]
    yield [
        [
            row["staff_id"],
            *([row["name"]] if names else []),
            row["roles"],
            row["open_tasks"],
            row["overdue"],
            row["load_cap"],
            row["away"],
            row["stands_in"] or "",
        ]
        for row in told
    ]


def _case_columns(t: Tongue, _query: Any, names: bool) -> list[str]:
    return [
        t("Case"),
        *([t("Name")] if names else []),
        *(t("Process"), t("Stage"), t("Waits for"), t("Due"), t("Overdue"), t("Outcome")),
        *(t("Opened"), t("Closed"), t("Filed under")),
    ]


def _task_columns(t: Tongue, _query: Any, _names: bool) -> list[str]:
    return [
        *(t("Due"), t("Overdue"), t("Task"), t("Case"), t("Process"), t("Stage"), t("Role"), t("Person")),
        t("Opened"),
    ]


def _people_columns(t: Tongue, _query: Any, names: bool) -> list[str]:
    return [
        t("Person"),
        *([t("Name")] if names else []),
        *(t("Roles"), t("Open tasks"), t("of them overdue"), t("At most"), t("Away until"), t("Stands in")),
    ]


SOURCES: Final[Mapping[str, Source]] = {
    "cases": Source(
        case_list.CasesQuery,
        sees_whole,
        _case_columns,
        _cases,
    ),
    "tasks": Source(tasks.TasksQuery, sees_whole, _task_columns, _tasks),
    "audit": Source(
        audit.AuditQuery,
        lambda actor: not roles_for(READ_LOG).isdisjoint(actor.roles),
        lambda t, query, _names: list(audit.columns_of(t, query.what).values()),
        _audit,
    ),
    "people": Source(
        people_page.PeopleQuery,
        lambda actor: sees_whole(actor) and bool(roles_seen(actor)),
        _people_columns,
        _people,
    ),
}
