"""The register of past counselling that the office kept before (相談台帳), as it is taken over."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Final

import asyncpg

from activities.kernel.acting import THE_HOST, acting_for
from activities.kernel.database import Connection, change
from activities.kernel.queries import queries
from activities.support.register import taken_over
from cases import facts
from cases.administration import note
from cases.apart import Marks, keep, keyed, person_key
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import event_type
from schemas.kernel.japan import TOKYO
from schemas.kernel.policies import PolicyRef
from schemas.kernel.refusals import Refusal
from schemas.support.referral import Referral
from schemas.support.register import RegisterRow
from schemas.support.stages import Way
from workflows.support.process import SUPPORT

SOURCE: Final = "file:register"
SQL: Final = queries("support/register")


async def names_of_staff(pool: asyncpg.Pool) -> dict[str, str]:
    """The members of staff by id, whom a register calls by their names."""
    return {row["staff_id"]: row["name"] for row in await pool.fetch(SQL["staff"])}


async def take_over(
    pool: asyncpg.Pool, marks: Marks, by: str, rows: Sequence[RegisterRow], subject: str
) -> dict[str, int]:
    """Keep the concerns that have ended and refer the open ones, all or none; nothing twice.

    Args:
        pool: connections of the office role.
        marks: the keys of cases and of who they are about.
        by: staff id of who brings them.
        rows: the concerns.
        subject: what the log calls the file.

    Returns:
        How many were `kept`, how many `referred`, how many are the `same` as before.

    Raises:
        Refusal: there is no policy yet.
    """
    staff = await names_of_staff(pool)

    async def work(connection: Connection) -> dict[str, int]:
        told = {"kept": 0, "referred": 0, "same": 0}
        policy = await connection.fetchrow(SQL["policy"])
        if policy is None:
            raise Refusal("policy-unknown", policy=SUPPORT.name)
        for row in rows:
            told[await _take(connection, marks, PolicyRef(**policy), row, staff)] += 1
        if told["kept"] or told["referred"]:
            await note(connection, by, "import-register", subject, **told)
        return told

    # whoever brings the file need not see what is in it
    with acting_for(THE_HOST):
        return await change(pool, work)


async def _take(
    connection: Connection, marks: Marks, policy_ref: PolicyRef, row: RegisterRow, staff: Mapping[str, str]
) -> str:
    """One row, in a transaction of the caller's: `kept`, `referred`, or the `same` as before."""
    person = person_key(marks, SUPPORT.room, row.person)
    own = sha256(f"{person}|{row.received}|{row.kind}".encode()).hexdigest()[:32]
    subject = keyed(marks, SUPPORT.room, SOURCE, own)
    case = {"process": SUPPORT.name, "case_id": SUPPORT.case_id(subject)}
    if await connection.fetch(SQL["known"], [case["case_id"]]):
        return "same"
    stored, words = facts.apart(marks, case, _envelope(own, row, staff))
    if row.ended is None:
        await facts.enter(connection, case, stored)
    else:
        owner = row.owner if row.owner in staff else None
        written = taken_over(
            case["case_id"],
            stored.cause,
            policy_ref,
            (_morning(row.received), _morning(row.ended)),
            (row.unit, owner, row.concerned),
        )
        await connection.execute(SQL["take_over"], subject, json.dumps(stored.data), row.left, *written)
    await keep(connection, marks, words)
    return "referred" if row.ended is None else "kept"


def _envelope(own: str, row: RegisterRow, staff: Mapping[str, str]) -> EventEnvelope:
    referral = Referral(
        way=Way.REGISTER,
        person=row.person,
        unit=row.unit,
        words="\n".join(_words(row, staff)),
        received_on=row.received,
        concerned=row.concerned,
    )
    return EventEnvelope(
        id=own,
        source=SOURCE,
        type=event_type(SUPPORT.name, "referral-received"),
        received_at=datetime.now(UTC),
        data=referral.model_dump(mode="json", exclude_defaults=True),
    )


def _words(row: RegisterRow, staff: Mapping[str, str]) -> Iterator[str]:
    """What says whom it was about, of what kind it was and how it ended is personal: it is words."""
    # a counsellor of those days who is not on the staff any more is nobody's id
    counsellor = row.owner if row.owner not in staff else None
    said = (
        ("氏名 / name", row.name),
        ("種別 / kind", row.kind),
        ("担当者 / counsellor", counsellor),
        ("結果 / outcome", row.outcome),
    )
    yield from (f"{title}: {each}" for title, each in said if each)
    if row.note:
        yield row.note


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(), TOKYO)
