"""Who works in which unit and who is on duty, as every door lists and changes it; each change is logged."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg

from activities.kernel.database import Connection, change
from activities.support.rota import SQL
from cases.administration import note
from schemas.kernel.people import STAFF_ID_PATTERN
from schemas.kernel.refusals import Refusal
from schemas.support.stages import Unit

Rows = list[dict[str, Any]]
_STAFF_ID: Final = re.compile(STAFF_ID_PATTERN)


async def members(pool: asyncpg.Pool, unit: str | None) -> Rows:
    """Who works in which unit, or in one of them; leads first."""
    return [dict(row) for row in await pool.fetch(SQL["members"], unit)]


async def add_member(pool: asyncpg.Pool, by: str, unit: str, staff_id: str, *, lead: bool) -> None:
    """Let somebody work in a unit.

    Raises:
        Refusal: no such unit, or no active member of staff.
    """
    await _change_member(pool, by, "add_member", unit, staff_id, lead)


async def remove_member(pool: asyncpg.Pool, by: str, unit: str, staff_id: str) -> None:
    """Let somebody work in a unit no more.

    Raises:
        Refusal: they are not of the unit.
    """
    await _change_member(pool, by, "remove_member", unit, staff_id)


async def _change_member(
    pool: asyncpg.Pool, by: str, query: str, unit: str, staff_id: str, *more: bool
) -> None:
    if unit not in set(Unit) or not _STAFF_ID.fullmatch(staff_id):
        raise Refusal("no-such-member")

    async def work(connection: Connection) -> None:
        if await connection.fetchval(SQL[query], unit, staff_id, *more) is None:
            raise Refusal("no-such-member")
        await note(connection, by, query.replace("_", "-"), f"{unit}/{staff_id}")

    await change(pool, work)


async def shifts(pool: asyncpg.Pool, days: int) -> Rows:
    """The shifts of so many days ahead, with what is offered to whom."""
    return [dict(row) for row in await pool.fetch(SQL["rota"], days)]


async def gaps(pool: asyncpg.Pool, days: int) -> Rows:
    """The times of so many days ahead in which nobody has a place."""
    return [dict(row) for row in await pool.fetch(SQL["gaps"], days)]


async def plan_shift(
    pool: asyncpg.Pool, by: str, place: str, staff_id: str, begins: datetime, ends: datetime
) -> int:
    """Put somebody on duty; the number of the shift.

    Raises:
        Refusal: no active duty officer, or not reached by two tested channels; somebody is there already, or
            they are on duty in the other place at that time.
    """

    async def work(connection: Connection) -> int:
        shift = await connection.fetchval(SQL["plan"], place, staff_id, begins, ends, by)
        await note(connection, by, "plan-shift", str(shift), staff_id=staff_id, place=place)
        return int(shift)

    return await change(pool, work)


async def planned_as(
    pool: asyncpg.Pool, place: str, staff_id: str, begins: datetime, ends: datetime
) -> int | None:
    """The number of this very shift, where it is planned already."""
    number: int | None = await pool.fetchval(SQL["planned_as"], place, staff_id, begins, ends)
    return number


async def plan_shifts(pool: asyncpg.Pool, by: str, new: Sequence[tuple[Any, ...]], subject: str) -> None:
    """Plan the shifts of a file, all of them or none; `subject` is what the log calls it."""

    async def work(connection: Connection) -> None:
        for shift in new:
            await connection.fetchval(SQL["plan"], *shift, by)
        if new:
            await note(connection, by, "import-rota", subject, new=len(new))

    await change(pool, work)


async def move_shift(pool: asyncpg.Pool, by: str, shift: int, begins: datetime, ends: datetime) -> None:
    """Give a shift another time; what was agreed about it moves with it.

    Raises:
        Refusal: there is none, or somebody is on duty at that time already.
    """

    async def work(connection: Connection) -> None:
        if not await connection.fetchval(SQL["move"], shift, begins, ends):
            raise Refusal("no-such-shift", shift=shift)
        await note(connection, by, "move-shift", str(shift), begins=begins, ends=ends)

    await change(pool, work)


async def remove_shift(pool: asyncpg.Pool, by: str, shift: int) -> str:
    """Take a shift away, and return whose it was.

    Raises:
        Refusal: there is none.
    """

    async def work(connection: Connection) -> str:
        was = await connection.fetchval(SQL["remove"], shift)
        if was is None:
            raise Refusal("no-such-shift", shift=shift)
        await note(connection, by, "remove-shift", str(shift), staff_id=was)
        return str(was)

    return await change(pool, work)


async def offer_shift(pool: asyncpg.Pool, shift: int, giver: str, taker: str) -> None:
    """Offer a shift of one's own to a colleague; it stays one's own until they accept.

    Raises:
        Refusal: it is not the giver's, is offered already, or the taker may not be on duty.
    """

    async def work(connection: Connection) -> None:
        await connection.fetchval(SQL["offer"], shift, giver, taker)

    await change(pool, work)


async def answer_swap(pool: asyncpg.Pool, shift: int, by: str, said: str) -> str:
    """Say `accepted`, `declined`, `withdrawn` or `given-back`; the other person's staff id.

    Raises:
        Refusal: nothing of the kind was offered, or they are on duty at that time already.
    """

    async def work(connection: Connection) -> str:
        return str(await connection.fetchval(SQL["answer"], shift, by, said))

    return await change(pool, work)
