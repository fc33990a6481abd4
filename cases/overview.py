"""How a process stands, in counts: of its open cases, its tasks, and of a label against a year before.

Where somebody sees that cases are there and not what is done in them, small counts of a confidential process
are hidden, as in what is published of it.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from cases.sight import CONFIDENTIAL, view_of, whole_processes
from cases.suppression import published
from schemas.kernel.case import Actor
from schemas.kernel.japan import TOKYO
from workflows.kernel.process import Process

SQL: Final = queries("kernel/overview")
DAYS: Final = 14
AGES: Final = (1, 3, 7, 14, 30)
"""Days between which tasks are counted by their age."""


def overseen(actor: Actor) -> tuple[str, ...]:
    """The processes of which an actor sees every case, in the order of the registry."""
    return view_of(actor).whole


async def open_cases(
    pool: asyncpg.Pool, actor: Actor, process: Process[Any]
) -> tuple[int | None, dict[str, dict[str, int | None]]]:
    """Open cases by stage, in the order of the table, and in each by whom they wait for (empty: nobody).

    None is what is hidden. Who does not see the work of a confidential process is told no split.
    """
    rows = await pool.fetch(SQL["stages"], process.room)
    found: dict[str, dict[str, int]] = {stage: {} for stage in process.lifecycle.open_stages}
    for row in rows:
        found.setdefault(row["stage"], {})[row["waiting_for"]] = row["cases"]
    if process.name in CONFIDENTIAL and process.name not in whole_processes(actor):
        total, tables = published({"stage": {stage: sum(each.values()) for stage, each in found.items()}})
        return total, {stage: {"": count} for stage, count in tables["stage"].items()}
    shown: dict[str, dict[str, int | None]] = {stage: {**each} for stage, each in found.items()}
    return sum(row["cases"] for row in rows), shown


def midnight(day: date) -> datetime:
    """When a day begins."""
    return datetime.combine(day, time(), TOKYO)


async def due_tasks(pool: asyncpg.Pool, process: Process[Any], now: datetime) -> tuple[int, dict[date, int]]:
    """Open tasks that are overdue, and those that are due today and on each of the days after it."""
    today = now.astimezone(TOKYO).date()
    days = [today + timedelta(days=n) for n in range(DAYS)]
    rows = await pool.fetch(SQL["due"], process.room, now, midnight(days[-1] + timedelta(days=1)))
    found = {row["day"]: row["tasks"] for row in rows}
    return found.get(None, 0), {day: found.get(day, 0) for day in days}


def age_bounds(now: datetime) -> tuple[tuple[datetime | None, datetime | None], ...]:
    """From when, and before when, tasks of each age were opened: the youngest first."""
    moments = [now - timedelta(days=days) for days in AGES]
    return tuple(zip([*moments, None], [None, *moments], strict=True))


async def task_ages(pool: asyncpg.Pool, process: Process[Any], now: datetime) -> list[int]:
    """Open tasks by age, between the days of `AGES`: the youngest first."""
    rows = await pool.fetch(SQL["ages"], process.room, [now - timedelta(days=days) for days in AGES])
    found = {row["age"]: row["tasks"] for row in rows}
    return [found.get(age, 0) for age in range(len(AGES) + 1)]


def year_before(value: str) -> str | None:
    """The same of a year before: the first number in it less one; None where it has none."""
    number = re.search(r"\d+", value)
    if number is None or int(number[0]) == 0:
        return None
    return f"{value[: number.start()]}{int(number[0]) - 1:0{len(number[0])}}{value[number.end() :]}"


async def reached(pool: asyncpg.Pool, label: str, value: str) -> Mapping[str, int]:
    """How many cases that are filed so have been at each stage."""
    return {row["stage"]: row["cases"] for row in await pool.fetch(SQL["reached"], label, value)}


async def values_of(pool: asyncpg.Pool, label: str) -> tuple[Sequence[str], str | None]:
    """What cases are filed under, and which of them is the newest case's."""
    rows = await pool.fetch(queries("kernel/office")["label_values"], label)
    return [row["value"] for row in rows], await pool.fetchval(SQL["latest_label"], label)
