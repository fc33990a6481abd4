"""Overview: how a process stands, as bars that each lead to the list of what they count."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import asyncpg
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cases import overview
from cases.people import people
from cases.registry import PROCESSES
from cases.sight import whole_processes
from cases.words import process_words
from gateway.listing import Word
from gateway.request_parsing import query_of
from office.charts import Bar, Chart, Part
from office.context import office_of
from office.pages import Reader, page, reader_of
from office.print_head import print_head
from workflows.kernel.process import Process

PEOPLE: int = 30
"""Members of staff whose load is drawn: those who have most."""


class OverviewQuery(BaseModel):
    """Of which process, and for what its cases are filed under."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    process: str | None = None
    label: Word | None = None
    said: Word | None = None


async def show(request: Request) -> Response:
    """One process after the other, for who sees all its cases."""
    reader, query = await reader_of(request), query_of(request, OverviewQuery)
    seen, pool, now = overview.overseen(reader.actor), office_of(request).gateway.pool, datetime.now(UTC)
    if not seen:
        raise HTTPException(404)
    process = PROCESSES[query.process if query.process in seen else seen[0]]
    t, charts = reader.tongue, [await _stages(pool, reader, process)]
    values: list[str] = []
    chosen = None
    if process.name in whole_processes(reader.actor):
        charts += [
            await _due(pool, reader, process, now),
            await _load(pool, reader, process),
            await _ages(pool, reader, process, now),
        ]
        if process.labels:
            known, latest = await overview.values_of(pool, process.labels[0])
            values, chosen = list(known), query.label if query.label in known else latest
        if chosen is not None:
            charts.append(await _reached(pool, reader, process, chosen))
    return page(
        request,
        reader,
        "overview.html",
        process=process.name,
        title=t.pair(process.title),
        processes=[(name, t.pair(PROCESSES[name].title)) for name in seen],
        charts=charts,
        values=values,
        chosen=chosen,
        label=_label(reader, process) if process.labels else "",
        head=print_head(t, [(t("Process"), t.pair(process.title)), (t("Filed under"), chosen)]),
    )


def _href(path: str, **query: Any) -> str:
    return f"{path}?{urlencode({name: each for name, each in query.items() if each})}"


def _label(reader: Reader, process: Process[Any]) -> str:
    english, japanese = process_words()[process.room]["labels"][process.labels[0]]
    return str(japanese if reader.tongue.language == "ja" else english)


async def _stages(pool: asyncpg.Pool, reader: Reader, process: Process[Any]) -> Chart:
    t = reader.tongue
    _, found = await overview.open_cases(pool, reader.actor, process)
    hidden = any(count is None for each in found.values() for count in each.values())
    bars = []
    for stage, split in found.items():
        list_of = {"process": process.name, "stage": stage, "state": "open"}
        parts = [
            Part(
                ("", "other")[place % 2],
                t.word(process.room, who) if who else t("in all"),
                count,
                None if hidden else _href("/cases", **list_of, waiting_for=who),
            )
            for place, (who, count) in enumerate(sorted(split.items()))
        ]
        href = None if hidden else _href("/cases", **list_of)
        bars.append(Bar(t.stage(process.name, stage), tuple(parts) or (Part("", t("in all"), 0),), href))
    return Chart("stages", t("Open cases by stage, and by whom they wait for"), t("Stage"), tuple(bars))


async def _due(pool: asyncpg.Pool, reader: Reader, process: Process[Any], now: datetime) -> Chart:
    t = reader.tongue
    late, days = await overview.due_tasks(pool, process, now)
    overdue = _href("/", process=process.name, due="overdue")
    bars = [Bar(t("Overdue"), (Part("late", t("overdue"), late, overdue),), overdue)]
    for day, count in days.items():
        href = _href("/", process=process.name, day=day.isoformat())
        bars.append(Bar(t.day(day), (Part("", t("due"), count, href),), href))
    title = t("Tasks that are due in the next {days} days", days=overview.DAYS)
    return Chart("due", title, t("Day"), tuple(bars))


async def _load(pool: asyncpg.Pool, reader: Reader, process: Process[Any]) -> Chart:
    t = reader.tongue
    rows = await people(pool, reader.actor, tuple(process.roles), rooms=(process.room,))
    most = sorted(rows, key=lambda row: (-row["open_tasks"], row["staff_id"]))[:PEOPLE]
    bars = tuple(
        Bar(
            reader.who(row["staff_id"]),
            (
                Part("", t("in time"), row["open_tasks"] - row["overdue"], f"/people/{row['staff_id']}"),
                Part("late", t("overdue"), row["overdue"], f"/people/{row['staff_id']}"),
            ),
            f"/people/{row['staff_id']}",
            row["load_cap"],
        )
        for row in most
    )
    legend = (("", t("in time")), ("late", t("overdue")))
    return Chart("load", t("Open tasks by person"), t("Person"), bars, legend)


async def _ages(pool: asyncpg.Pool, reader: Reader, process: Process[Any], now: datetime) -> Chart:
    t, found = reader.tongue, await overview.task_ages(pool, process, now)
    words = [
        t("up to 1 day"),
        *(
            t("{first} to {last} days", first=first, last=last)
            for first, last in zip(overview.AGES, overview.AGES[1:], strict=False)
        ),
        t("more than {days} days", days=overview.AGES[-1]),
    ]
    bars = []
    for age, (label, count) in enumerate(zip(words, found, strict=True)):
        href = _href("/", process=process.name, age=str(age))
        bars.append(Bar(label, (Part("", t("open"), count, href),), href))
    return Chart("ages", t("Open tasks by how long they have been open"), t("Open for"), tuple(bars))


async def _reached(pool: asyncpg.Pool, reader: Reader, process: Process[Any], value: str) -> Chart:
    t, label = reader.tongue, process.labels[0]
    before = overview.year_before(value)
    now, then = await overview.reached(pool, label, value), {}
    if before is not None:
        then = dict(await overview.reached(pool, label, before))
    bars = []
    for stage in process.lifecycle.stages:
        if not now.get(stage) and not then.get(stage):
            continue
        at = {"process": process.name, "state": "all", "reached": stage}
        of_now = _href("/cases", **at, label=f"{label}:{value}")
        name = t.stage(process.name, stage)
        bars.append(Bar(name, (Part("", value, now.get(stage, 0), of_now),)))
        if then:
            of_then = _href("/cases", **at, label=f"{label}:{before}")
            bars.append(Bar(name, (Part("other", before or "", then.get(stage, 0), of_then),)))
    legend = (("", value), *((("other", before or ""),) if then else ()))
    title = t("How many cases have been at each stage: {value}", value=value)
    return Chart("reached", title, t("Stage"), tuple(bars), legend)
