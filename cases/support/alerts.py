"""Absences that the learning system has counted: each refers a student or reaches their open case, once."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby
from typing import Final, NamedTuple

import asyncpg

from activities.kernel.acting import THE_HOST, acting_for
from activities.kernel.database import Connection
from activities.kernel.queries import queries
from cases import facts
from cases.administration import note
from cases.apart import Marks, keep, keyed, person_key
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import event_type
from workflows.support.process import SUPPORT

SOURCE: Final = "file:early-alerts"
SQL: Final = queries("support/alerts")


class Absence(NamedTuple):
    """How often a student, by the number, has been absent from a course."""

    person: str
    course: str
    absences: int


async def tell_alerts(
    pool: asyncpg.Pool, marks: Marks, by: str, rows: Sequence[Absence], subject: str
) -> dict[str, int]:
    """Tell the open case of each student, or refer them, all or none; nothing twice.

    Args:
        pool: connections of the office role.
        marks: the keys of cases and of who they are about.
        by: staff id of who brings them.
        rows: the absences.
        subject: what the log calls the file.

    Returns:
        How many students were `referred`, how many alerts were `told`, how many are the `same` as before.
    """
    told = {"referred": 0, "told": 0, "same": 0}
    # whoever brings the file sees nothing of the cases that it reaches
    with acting_for(THE_HOST):
        async with pool.acquire() as connection, connection.transaction():
            for person, theirs in groupby(sorted(rows), key=lambda row: row.person):
                for name, count in (await _tell(connection, marks, person, list(theirs))).items():
                    told[name] += count
            if told["referred"] or told["told"]:
                await note(connection, by, "import-alerts", subject, **told)
    return told


async def _tell(connection: Connection, marks: Marks, person: str, rows: Sequence[Absence]) -> dict[str, int]:
    """All of one student, in a transaction of the caller's: what was not told yet."""
    key = person_key(marks, SUPPORT.room, person)
    by_id = {_id(key, row): row for row in rows}
    known = {row["id"] for row in await connection.fetch(SQL["known"], SOURCE, list(by_id))}
    new = {each: row for each, row in by_id.items() if each not in known}
    if not new:
        return {"same": len(known)}
    case_id = await connection.fetchval(SQL["open_case"], key)
    refers = case_id is None
    if refers:
        case_id = SUPPORT.case_id(keyed(marks, SUPPORT.room, SOURCE, next(iter(new))))
    case = {"process": SUPPORT.name, "case_id": case_id}
    for envelope in _envelopes(person, new, refers=refers):
        stored, words = facts.apart(marks, case, envelope)
        await facts.enter(connection, case, stored)
        await keep(connection, marks, words)
    return {"referred": int(refers), "told": len(new) - refers, "same": len(known)}


def _id(key: str, row: Absence) -> str:
    """The same row has the same id, which tells of nobody."""
    return f"alert-{sha256(f'{key}|{row.course}|{row.absences}'.encode()).hexdigest()[:32]}"


def _envelopes(person: str, rows: Mapping[str, Absence], *, refers: bool) -> Iterator[EventEnvelope]:
    for number, (alert, row) in enumerate(rows.items()):
        first = refers and number == 0
        words = (
            f"科目 {row.course} の欠席が {row.absences} 回 / absent {row.absences} times from {row.course}"
        )
        data = (
            {"way": "early-alert", "person": person, "words": words}
            if first
            else {"course": row.course, "code": f"absences-{row.absences}"}
        )
        yield EventEnvelope(
            id=alert,
            source=SOURCE,
            type=event_type(SUPPORT.name, "referral-received" if first else "early-alert"),
            received_at=datetime.now(UTC),
            data=data,
        )
