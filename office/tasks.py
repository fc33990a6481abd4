"""The start page: what is to be done, by when, grouped; each view of it is an address."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from cases import lists
from cases.cursors import cursor_of
from cases.list_questions import COUNTED, DEAD_LETTER, TaskFilters
from cases.overview import AGES, age_bounds, midnight
from cases.registry import PROCESSES
from cases.sight import process_of
from gateway.listing import Cursor, digits, place
from gateway.request_parsing import query_of
from office.changes import mark_of
from office.context import office_of
from office.pages import Reader, page, reader_of
from office.print_head import print_head
from office.words import Tongue, step_of
from schemas.kernel.case import Actor
from schemas.kernel.japan import TOKYO

LIMIT: Final = 50
Whose = Literal["mine", "role", "all"]
Group = Literal["overdue", "today", "week", "later"]
_GROUPS: Final = {"overdue": "Overdue", "today": "Due today", "week": "Due within a week", "later": "Later"}


class TasksQuery(BaseModel):
    """Which tasks are shown."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    whose: Whose = "all"
    process: str | None = None
    due: Group | None = None
    day: Annotated[date, Field(ge=date(1950, 1, 1), le=date(2150, 1, 1))] | None = None
    """Due on this day."""
    age: Annotated[int, BeforeValidator(digits), Field(ge=0, le=len(AGES))] | None = None
    """By how long they have been open: between which days of `AGES`."""
    cursor: Cursor | None = None
    said: str | None = None
    of: str | None = None


def wanted_of(actor: Actor, query: TasksQuery, now: datetime) -> TaskFilters:
    """The tasks of a view."""
    first, last = _bounds(now)[query.due] if query.due is not None else (None, None)
    if query.day is not None:
        day = midnight(query.day), midnight(query.day + timedelta(days=1))
        first, last = max(first or day[0], day[0]), min(last or day[1], day[1])
    since, before = age_bounds(now)[query.age] if query.age is not None else (None, None)
    return TaskFilters(
        assignee=actor.id if query.whose == "mine" else None,
        of_roles=tuple(actor.roles) if query.whose == "role" else None,
        process=query.process if query.process in PROCESSES else None,
        due_from=first,
        due_before=last,
        opened_from=since,
        opened_before=before,
    )


def _bounds(now: datetime) -> dict[str, tuple[datetime | None, datetime | None]]:
    """From when, and before when, a task of each group is due; days are those of Japan."""
    tomorrow = datetime.combine(now.astimezone(TOKYO).date() + timedelta(days=1), time(), TOKYO)
    week = tomorrow + timedelta(days=6)
    return {"overdue": (None, now), "today": (now, tomorrow), "week": (tomorrow, week), "later": (week, None)}


async def show(request: Request) -> Response:
    """Tasks of a view, what is due first before, with a count for each group."""
    reader = await reader_of(request)
    query, now, pool = query_of(request, TasksQuery), datetime.now(UTC), office_of(request).gateway.pool
    view = lists.view_of_tasks(reader.actor)
    after = place(query.cursor, tuple[datetime, str, str])
    found = await lists.list_tasks(pool, view, wanted_of(reader.actor, query, now), after, LIMIT)
    bounds = _bounds(now)
    asked = [wanted_of(reader.actor, query.model_copy(update={"due": name}), now) for name in _GROUPS]
    totals = await lists.count_each(pool, view, asked)
    groups = []
    for (name, title), total in zip(_GROUPS.items(), totals, strict=True):
        first, last = bounds[name]
        rows = [
            _row(reader, each)
            for each in found.rows
            if (first is None or each["due_at"] >= first) and (last is None or each["due_at"] < last)
        ]
        count = f"{COUNTED:,}+" if total.more else f"{total.tasks:,}"
        groups.append({"name": name, "title": title, "rows": rows, "count": count})
    processes = [name for name in PROCESSES if name in {*view.whole, *view.processes}]
    return page(
        request,
        reader,
        "tasks.html",
        mark=await mark_of(request, reader.actor),
        query=query,
        groups=groups,
        processes=[(name, reader.tongue.pair(PROCESSES[name].title)) for name in processes],
        following=cursor_of(found.next) if found.next else None,
        shown=len(found.rows),
        head=print_head(reader.tongue, _filters(reader.tongue, query)),
        exportable=bool(view.whole),
    )


def _filters(t: Tongue, query: TasksQuery) -> list[tuple[str, str | None]]:
    process = PROCESSES.get(query.process or "")
    whose = {"mine": t("mine"), "role": t("of my roles, nobody's yet"), "all": t("all that I see")}
    return [
        (t("Whose"), whose[query.whose]),
        (t("Process"), t.pair(process.title) if process is not None else None),
        (t("Due"), t(_GROUPS[query.due]) if query.due else t.day(query.day)),
    ]


def _row(reader: Reader, row: dict[str, Any]) -> dict[str, Any]:
    t, process = reader.tongue, PROCESSES[row["process"]]
    kind = t("A message that cannot be delivered") if row["kind"] == DEAD_LETTER else task_words(reader, row)
    return {
        "title": kind,
        "href": href_of(row),
        "case_id": row["case_id"],
        "process": t.pair(process.title),
        "stage": t.stage(row["process"], row["stage"]) if row["stage"] else row.get("reason") or "",
        "of": reader.who(row["assignee"]) if row["assignee"] else t.word(process.room, row["role"]),
        "mine": row["assignee"] == reader.actor.id,
        "due": t.moment(row["due_at"]),
        "overdue": row["overdue"],
    }


def task_words(reader: Reader, row: dict[str, Any]) -> str:
    """What a task is, in words."""
    process = PROCESSES[row.get("process") or process_of(row["case_id"]) or ""]
    return step_of(reader.tongue, process, row["kind"])


def href_of(row: dict[str, Any]) -> str:
    """Where a task is done: on the page of its case, or where what came in is looked at, or on a board."""
    if row["kind"] == DEAD_LETTER:
        return f"/inbox/event?{urlencode({'source': row['source'], 'id': row['event_id']})}"
    if row["case_id"]:
        return f"/cases/{row['case_id']}?{urlencode({'task': row['task']})}"
    if row["task"].startswith("fact:"):
        return "/inbox"
    return f"/boards/{PROCESSES[row['process']].room}"


async def following(request: Request, reader: Reader, case_id: str, task: str | None = None) -> str | None:
    """The address of the first task after the one that was done: one's own, or of one's roles."""
    pool, view = office_of(request).gateway.pool, lists.view_of_tasks(reader.actor)
    for whose in ("mine", "role"):
        wanted = wanted_of(reader.actor, TasksQuery(whose=whose), datetime.now(UTC))
        found = await lists.list_tasks(pool, view, wanted, None, LIMIT)
        for row in found.rows:
            if (
                row["case_id"]
                and row["kind"] != DEAD_LETTER
                and (row["case_id"], row["task"]) != (case_id, task)
            ):
                return href_of(row)
    return None


async def neighbours(request: Request, reader: Reader, case_id: str) -> tuple[str | None, str | None]:
    """The cases before and after one in the list of open tasks that a reader sees."""
    pool, view = office_of(request).gateway.pool, lists.view_of_tasks(reader.actor)
    return await lists.neighbours(pool, view, case_id)
