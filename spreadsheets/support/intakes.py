"""The files that support takes, for every door: each is checked whole, and taken whole or not at all."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import asyncpg

from activities.support.rota import SQL as ROTA_SQL
from cases.apart import Marks
from cases.closures import calendars_of, note_closures
from cases.support.alerts import Absence, tell_alerts
from cases.support.duty import plan_shifts
from cases.support.register import names_of_staff, take_over
from schemas.kernel.case import Actor
from schemas.kernel.schedules import local_day
from spreadsheets.closures import check_closures_file
from spreadsheets.intakes import Counts, Intake
from spreadsheets.rows import Checked
from spreadsheets.support.alerts import check_alerts_file
from spreadsheets.support.register import check_register_file
from spreadsheets.support.rota import Shift, check_rota_file
from workflows.support.process import SUPPORT


async def _rows(_pool: asyncpg.Pool, checked: Checked[Any]) -> Counts:
    return {"rows": checked.total}


async def _check_alerts(_pool: asyncpg.Pool, file: Path) -> Checked[Any]:
    return await asyncio.to_thread(check_alerts_file, file)


async def _take_alerts(
    pool: asyncpg.Pool, marks: Marks, by: Actor, checked: Checked[Any], subject: str
) -> Counts:
    rows = [Absence(row.data.person, row.data.course, row.data.absences) for row in checked.rows]
    return await tell_alerts(pool, marks, by.id, rows, subject)


async def _check_closures(pool: asyncpg.Pool, file: Path) -> Checked[Any]:
    return await asyncio.to_thread(check_closures_file, file, await calendars_of(pool, SUPPORT))


async def _take_closures(
    pool: asyncpg.Pool, _marks: Marks, by: Actor, checked: Checked[Any], subject: str
) -> Counts:
    new = await note_closures(pool, SUPPORT, [row.data.closure for row in checked.rows], by.id, subject)
    return {"new": new, "same": checked.total - new}


async def _planned(pool: asyncpg.Pool) -> set[Shift]:
    rows = await pool.fetch(ROTA_SQL["planned"])
    return {Shift(row["place"], row["staff_id"], row["begins_at"], row["ends_at"]) for row in rows}


async def _check_rota(pool: asyncpg.Pool, file: Path) -> Checked[Any]:
    officers = {row["staff_id"]: row["reached"] for row in await pool.fetch(ROTA_SQL["officers"])}
    return await asyncio.to_thread(check_rota_file, file, officers, await _planned(pool))


async def _shifts(pool: asyncpg.Pool, checked: Checked[Any]) -> tuple[list[Shift], Counts]:
    """Those that are not planned yet, and how many are and are not."""
    planned = await _planned(pool)
    shifts = [shift for row in checked.rows for shift in row.data.shifts]
    new = [shift for shift in shifts if shift not in planned]
    return new, {"new": len(new), "same": len(shifts) - len(new)}


async def _would_plan(pool: asyncpg.Pool, checked: Checked[Any]) -> Counts:
    return (await _shifts(pool, checked))[1]


async def _take_rota(
    pool: asyncpg.Pool, _marks: Marks, by: Actor, checked: Checked[Any], subject: str
) -> Counts:
    new, counts = await _shifts(pool, checked)
    await plan_shifts(pool, by.id, new, subject)
    return counts


async def _check_register(pool: asyncpg.Pool, file: Path) -> Checked[Any]:
    staff = await names_of_staff(pool)
    return await asyncio.to_thread(check_register_file, file, staff, local_day(datetime.now(UTC)))


async def _concerns(_pool: asyncpg.Pool, checked: Checked[Any]) -> Counts:
    return {"rows": len(checked.rows), "open": sum(row.data.ended is None for row in checked.rows)}


async def _take_register(
    pool: asyncpg.Pool, marks: Marks, by: Actor, checked: Checked[Any], subject: str
) -> Counts:
    return await take_over(pool, marks, by.id, [row.data for row in checked.rows], subject)


ALERTS: Final = Intake("import-alerts", _check_alerts, _rows, _take_alerts)
CLOSURES: Final = Intake("change-closures", _check_closures, _rows, _take_closures)
ROTA: Final = Intake("change-rota", _check_rota, _would_plan, _take_rota)
REGISTER: Final = Intake("import-register", _check_register, _concerns, _take_register)
