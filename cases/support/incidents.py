"""Incidents behind several cases (S16), as every door lists and changes them; each change is logged."""

from typing import Any, Final

import asyncpg

from activities.kernel.database import Connection, change
from activities.kernel.queries import queries
from cases.administration import note
from cases.sight import fields_of
from schemas.kernel.case import Actor
from schemas.kernel.identifiers import CODE
from schemas.kernel.refusals import Refusal

SQL: Final = queries("support/incidents")
Rows = list[dict[str, Any]]


async def open_incident(pool: asyncpg.Pool, by: str, label: str) -> int:
    """Note that several cases come from one event; a label that is open is the same incident.

    Raises:
        Refusal: the label is no code.
    """
    if not CODE.fullmatch(label):
        raise Refusal("incident-label", label=label)

    async def work(connection: Connection) -> int:
        number = await connection.fetchval(SQL["open"], label, by)
        if number is None:
            return int(await connection.fetchval(SQL["open_of"], label))
        await note(connection, by, "open-incident", str(number))
        return int(number)

    return await change(pool, work)


async def add_case(pool: asyncpg.Pool, by: str, incident: int, case_id: str) -> None:
    """Add a case to an open incident; nothing of the case changes. Who sees it is asked before.

    Raises:
        Refusal: no such open incident.
    """
    await _change(pool, "add", by, incident, case_id)


async def close_incident(pool: asyncpg.Pool, by: str, incident: int) -> None:
    """Close an incident; each of its cases goes on by itself.

    Raises:
        Refusal: no such open incident.
    """
    await _change(pool, "close", by, incident)


async def _change(pool: asyncpg.Pool, query: str, by: str, incident: int, *more: str) -> None:
    async def work(connection: Connection) -> None:
        if await connection.fetchval(SQL[query], incident, *more, by) is None:
            raise Refusal("no-such-incident", incident=incident)
        await note(connection, by, f"{query}-incident", str(incident))

    await change(pool, work)


async def incidents(pool: asyncpg.Pool, actor: Actor) -> Rows:
    """The incidents, each with how many of its `cases` the actor may open."""
    rows = [dict(row) for row in await pool.fetch(SQL["incidents"], None)]
    seen = await _seen(pool, None, actor)
    for row in rows:
        row["cases"] = sum(each["incident"] == row["incident"] for each in seen)
    return rows


async def cases_of(pool: asyncpg.Pool, incident: int, actor: Actor) -> Rows:
    """The cases of an incident that the actor may open.

    Raises:
        Refusal: no such incident.
    """
    if not await pool.fetch(SQL["incidents"], incident):
        raise Refusal("no-such-incident", incident=incident)
    return await _seen(pool, incident, actor)


async def _seen(pool: asyncpg.Pool, incident: int | None, actor: Actor) -> Rows:
    """Cases that are neither shown nor counted are not there for who may not open them."""
    rows = [dict(row) for row in await pool.fetch(SQL["cases"], incident, actor.id)]
    return [row for row in rows if await fields_of(pool, row["case_id"], actor)]
