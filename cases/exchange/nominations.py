"""Nominations that a file brings: new ones start cases, changed ones tell theirs, people join who is one."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Final

import asyncpg

from activities.exchange.policies import policy_on
from activities.kernel.acting import THE_HOST, acting_for
from activities.kernel.database import Connection, change
from activities.kernel.queries import queries
from cases import facts
from cases.administration import note
from cases.apart import Marks, person_key
from cases.forms import store_form
from schemas.exchange.files import NominationRow
from schemas.exchange.nomination import Nomination, Student
from schemas.kernel.case import Actor, EventEnvelope
from schemas.kernel.identifiers import event_type
from schemas.kernel.schedules import local_day
from workflows.exchange.comparing import (
    COMPARED,
    Asked,
    Known,
    Offered,
    Order,
    changes,
    folded,
    vanished,
)
from workflows.exchange.dates import Term
from workflows.exchange.process import EXCHANGE

SQL: Final = queries("exchange/views")
SOURCE: Final = "file:nominations"
_CODE: Final = 16
Told = Callable[[int], None]


async def asked_of(
    pool: asyncpg.Pool,
    *,
    order: Order | None = None,
    swapped: bool = False,
    fixed: Mapping[str, str | None] = MappingProxyType({}),
) -> Asked:
    """What a file of nominations is checked by now."""
    now = datetime.now(UTC)
    policy = await policy_on(pool, local_day(now))
    terms = dict[str, Term]()

    def term_of(code: str) -> Term:
        return terms.setdefault(code, Term(code, policy))

    offered = defaultdict[tuple[str, str], list[asyncpg.Record]](list)
    for row in await pool.fetch(SQL["agreements"], None):
        offered[row["term"], row["agreement"]].append(row)
    agreements = {
        named: Offered(rows[0]["partner"], frozenset(row["faculty"] for row in rows))
        for named, rows in offered.items()
    }
    given = {name: value for name, value in fixed.items() if value}
    return Asked(now, agreements, await _known(pool), term_of, order, swapped, given)


async def _known(pool: asyncpg.Pool) -> tuple[Known, ...]:
    fields = [name for name in Known._fields if name != "values"]
    return tuple(
        Known(**{name: row[name] for name in fields}, values={name: row[name] for name in COMPARED})
        for row in await pool.fetch(SQL["known"])
    )


def fates(rows: Sequence[NominationRow], asked: Asked) -> dict[str, int]:
    """How many rows are new, changed, the same as in the last file; and how many of it are missing here."""
    known = asked.by_key
    told = {"new": 0, "changed": 0, "same": 0, "vanished": len(vanished(list(rows), asked))}
    for row in rows:
        told[_fate(row, known.get((row.term, row.partner, row.number)))] += 1
    return told


def _fate(row: NominationRow, known: Known | None) -> str:
    if known is None:
        return "new"
    return "changed" if changes(row, known) else "same"


async def take_nominations(
    pool: asyncpg.Pool,
    marks: Marks,
    by: Actor,
    rows: Sequence[NominationRow],
    asked: Asked,
    subject: str,
    told: Told,
) -> dict[str, int]:
    """Store what is new and tell cases what has changed, each in a transaction of its own; nothing twice.

    Stopped in the middle and run again it goes on: what is stored is compared as the same. Cases are
    started by the relay. `told` is called with the rows that are done.

    Raises:
        Refusal: a row is not taken by the database; those before it stay.
    """
    known, counts = asked.by_key, fates(rows, asked)
    for done, row in enumerate(rows, 1):
        before = known.get((row.term, row.partner, row.number))
        if before is None:
            await _begin(pool, marks, by, row)
        elif fields := changes(row, before):
            await _change(pool, row, before, fields)
        told(done)
    counts["perhaps_one_person"] = await _suggest(pool, rows, asked, marks)
    if counts["new"] or counts["changed"]:
        await note(pool, by.id, "import-nominations", subject, **counts)
    return counts


def case_of(marks: Marks, row: NominationRow) -> str:
    """The subject of the case of a row: the term, and a code that tells nothing of the number."""
    code = person_key(marks, EXCHANGE.room, f"{row.partner}|{row.number}")
    return f"{row.term}-{code[:_CODE].upper()}"


async def _begin(pool: asyncpg.Pool, marks: Marks, by: Actor, row: NominationRow) -> None:
    subject = case_of(marks, row)
    form = Nomination(
        term=row.term,
        partner=row.partner,
        mobility=f"file:{subject}",
        agreement=row.agreement,
        faculty=row.faculty,
        student=Student(
            **row.model_dump(include={"family", "given", "born", "nationality", "number", "mail", "language"})
        ),
        first=row.first,
        last=row.last,
        months=row.months,
        needs_coe=row.needs_coe,
    )
    await store_form(pool, EXCHANGE, form, actor=by, key=f"nominations-{subject}", number=subject)


async def _change(pool: asyncpg.Pool, row: NominationRow, before: Known, fields: list[str]) -> None:
    revision = before.revision + 1
    envelope = EventEnvelope(
        id=f"{before.case_id}-{revision}",
        source=SOURCE,
        type=event_type(EXCHANGE.name, "mobility-changed"),
        received_at=datetime.now(UTC),
        data={"revision": revision, "fields": [each.replace("_", "-") for each in fields]},
    )
    case = {"process": EXCHANGE.name, "case_id": before.case_id}
    said = row.model_dump(mode="json", exclude_unset=True)

    async def work(connection: Connection) -> None:
        await connection.execute(SQL["change"], before.case_id, json.dumps(said), revision)
        await facts.enter(connection, case, envelope)

    with acting_for(THE_HOST):
        await change(pool, work)


async def _suggest(pool: asyncpg.Pool, rows: Sequence[NominationRow], asked: Asked, marks: Marks) -> int:
    """Ask a person about each pair that may be one: the same birth and a similar name, or the same number."""
    people = defaultdict[tuple[date, str], set[str]](set)
    numbers = defaultdict[tuple[str, str], set[str]](set)
    for each in asked.known:
        if each.values["born"] is not None:
            name = folded(each.values["family"] or "", each.values["given"] or "")
            people[each.values["born"], name].add(each.case_id)
            numbers[each.partner, each.number].add(each.case_id)
    known, made = asked.by_key, set[tuple[str, str]]()
    own = {
        id(row): before.case_id
        if (before := known.get((row.term, row.partner, row.number))) is not None
        else EXCHANGE.case_id(case_of(marks, row))
        for row in rows
    }
    for row in rows:
        people[row.born, folded(row.family, row.given)].add(own[id(row)])
        numbers[row.partner, row.number].add(own[id(row)])
    for row in rows:
        mine = own[id(row)]
        alike = people[row.born, folded(row.family, row.given)] | numbers[row.partner, row.number]
        made |= {(min(mine, other), max(mine, other)) for other in alike if other != mine}
    new = [await pool.fetchval(SQL["suggest_match"], *pair) for pair in sorted(made)]
    return sum(new)


async def matches(pool: asyncpg.Pool, by: Actor, *, decided: bool) -> list[dict[str, Any]]:
    """The pairs that may be one person; personal, so the read is logged."""
    rows = [dict(row) for row in await pool.fetch(SQL["matches"], decided)]
    await note(pool, by.id, "read-matches", EXCHANGE.room, rows=len(rows))
    return rows


async def decide_match(pool: asyncpg.Pool, by: Actor, one: str, other: str, *, same: bool) -> bool:
    """Say whether two mobilities are of one person, who then has one number; False: it was said before.

    Raises:
        Refusal: nobody has suggested it, it was decided the other way, or both have numbers already.
    """

    async def work(connection: Connection) -> bool:
        made: bool = await connection.fetchval(SQL["decide_match"], one, other, same, by.id)
        if made:
            await note(connection, by.id, "decide-match", one, other=other, same=same)
        return made

    return await change(pool, work)
