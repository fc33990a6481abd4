"""What the exchange office looks at: agreements, the pipeline, boards of tracks, the list for immigration."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import asyncpg

from activities.exchange.policies import policy_on
from activities.kernel.database import Connection, change
from activities.kernel.queries import queries
from cases.administration import note
from schemas.exchange.files import AgreementRow
from schemas.exchange.stages import Track
from schemas.kernel.case import Actor
from schemas.kernel.refusals import Refusal
from schemas.kernel.schedules import local_day
from workflows.exchange.dates import Term
from workflows.exchange.process import EXCHANGE

SQL: Final = queries("exchange/views")
Rows = list[dict[str, Any]]


async def agreements(pool: asyncpg.Pool, term: str | None) -> Rows:
    """The agreements of a term, or of all, with what of each is given; decimal amounts as text."""
    numbers = ("months", "persons_given", "months_given")
    return [
        dict(row) | {name: None if row[name] is None else f"{row[name].normalize():f}" for name in numbers}
        for row in await pool.fetch(SQL["agreements"], term)
    ]


async def load_agreements(
    pool: asyncpg.Pool, by: str, rows: Sequence[AgreementRow], subject: str
) -> dict[str, int]:
    """Set agreements with their frames, all or none; how many are new, changed, the same as before.

    Raises:
        Refusal: more than a row says is given out already.
    """
    told = {"new": 0, "changed": 0, "same": 0}

    async def work(connection: Connection) -> None:
        told.update(await _fates(connection, rows))
        said = json.dumps([row.model_dump(mode="json") for row in rows])
        await connection.execute(SQL["load_agreements"], said)
        if told["new"] or told["changed"]:
            await note(connection, by, "load-agreements", subject, **told)

    await change(pool, work)
    return told


async def agreement_fates(pool: asyncpg.Pool, rows: Sequence[AgreementRow]) -> dict[str, int]:
    """How many of the rows are new, changed, the same as what is on record."""
    async with pool.acquire() as connection:
        return await _fates(connection, rows)


async def _fates(connection: Any, rows: Sequence[AgreementRow]) -> dict[str, int]:
    known = {
        (row["term"], row["agreement"], row["faculty"]): (row["partner"], row["persons"], row["months"])
        for row in await connection.fetch(SQL["agreements"], None)
    }
    told = {"new": 0, "changed": 0, "same": 0}
    for row in rows:
        before = known.get((row.term, row.agreement, row.faculty))
        same = before == (row.partner, row.persons, row.months)
        told["new" if before is None else "same" if same else "changed"] += 1
    return told


async def pipeline(pool: asyncpg.Pool, term: str | None) -> Rows:
    """How many students of each home university stand where."""
    return [dict(row) for row in await pool.fetch(SQL["pipeline"], term)]


async def board(pool: asyncpg.Pool, track: str, term: str | None) -> Rows:
    """Who stands where on a track, since when; `days`: of the certificate, to the orientation of the term.

    Raises:
        Refusal: there is no such track.
    """
    if track not in EXCHANGE.tracks:
        raise Refusal("track-unknown", track=track, known=", ".join(EXCHANGE.tracks))
    today = local_day(datetime.now(UTC))
    policy = await policy_on(pool, today)
    told = []
    for row in await pool.fetch(SQL["board"], track, term):
        orientation = Term(row["term"], policy).orientation
        days = (orientation - today).days if track == Track.COE else None
        told.append(dict(row) | {"days": days})
    return told


async def immigration_list(pool: asyncpg.Pool, by: Actor, as_of: date) -> Rows:
    """Who is here on a day, as immigration is told (X16); personal, so the read is logged."""

    async def work(connection: Connection) -> Rows:
        rows = [dict(row) for row in await connection.fetch(SQL["immigration_list"], as_of)]
        await note(connection, by.id, "immigration-list", f"{as_of}", rows=len(rows))
        return rows

    return await change(pool, work)


async def list_reported(pool: asyncpg.Pool, by: Actor, as_of: date) -> bool:
    """The list as of a day was handed in: its task is done. False: there is none open."""

    async def work(connection: Connection) -> bool:
        done = bool(await connection.fetchval(SQL["list_reported"], as_of))
        if done:
            await note(connection, by.id, "immigration-list-reported", f"{as_of}")
        return done

    return await change(pool, work)
