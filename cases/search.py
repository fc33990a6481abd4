"""Finding cases: by a part of their number, or by whom they are about, for who sees that of them.

Who sees that a case is there finds it by its number. Name, reading, e-mail and student number find only cases
of which whoever asks sees whom they are about; where a room keeps nothing of that in clear, the whole number
of the person does, by its keyed hash. What is confidential is noted as read before it is told.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from activities.kernel.room import Search
from cases.apart import Marks, party_key
from cases.list_questions import COUNTED, Question
from cases.lists import reading
from cases.registry import ROOMS
from cases.sight import CONFIDENTIAL, View, note_reads, process_of, view_of
from schemas.kernel.case import Actor
from schemas.kernel.texts import storable, tidy
from workflows.kernel.sight import Field

SQL: Final = queries("kernel/search")
LIMIT: Final = 50
"""Cases that are told; more are counted."""
LENGTH: Final = 200
_KEYED: Final = frozenset(name for name, room in ROOMS.items() if room.search is Search.PERSON)
_IN_CLEAR: Final = frozenset(name for name, room in ROOMS.items() if room.search is Search.TEXTS)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search has found.

    Args:
        rows: the first cases, each with the `name` of whom it is about where that is seen, in the order of
            readings; cases without a name after them, by their numbers.
        total: how many there are; no more than `COUNTED` of each room are counted.
    """

    rows: tuple[dict[str, Any], ...]
    total: int


async def search(
    pool: asyncpg.Pool, actor: Actor, text: str, marks: Marks | None, limit: int = LIMIT
) -> Found:
    """Find cases.

    Args:
        pool: connections of the office, that act for the actor.
        actor: who asks.
        text: what is looked for, as somebody has typed it.
        marks: the keys of cases; None: nobody is found by a keyed hash.
        limit: how many cases are told.
    """
    if not storable(text) or len(text) > LENGTH:
        return Found((), 0)
    form = await pool.fetchval(SQL["form"], text)
    if not form:
        return Found((), 0)
    question = search_question(actor, form, tidy(text), marks, limit)
    if not question.text:
        return Found((), 0)
    async with reading(pool) as connection:
        rows = [dict(row) for row in await connection.fetch(question.text, *question.values)]
    total = max((row.pop("total") for row in rows), default=0)
    for row in rows:
        row["labels"] = json.loads(row["labels"])
    secret = [row["case_id"] for row in rows if process_of(row["case_id"]) in CONFIDENTIAL]
    await note_reads(pool, secret, "search")
    return Found(tuple(rows), total)


def search_question(actor: Actor, form: str, typed: str, marks: Marks | None, limit: int) -> Question:
    """The statement of a search; without text where there is nothing that the actor sees."""
    ask = Question()
    seen, named = view_of(actor), view_of(actor, Field.PERSONAL)
    shared = {"form": ask(form), "most": str(COUNTED)}
    parts = [*_numbers(ask, seen, shared), *_texts(ask, named, shared)]
    if marks is not None:
        parts += _persons(ask, named, typed, marks)
    with_names = not _IN_CLEAR.isdisjoint({*named.whole, *named.processes})
    ask.text = SQL["found"].format(
        parts=" UNION ".join(parts),
        limit=ask(limit),
        name="s.name" if with_names else "NULL::text",
        names=SQL["names"] if with_names else "",
        order="s.sort_key" if with_names else 'NULL::text COLLATE "C"',
    )
    return ask if parts else Question()


def _numbers(ask: Question, seen: View, shared: dict[str, str]) -> Iterator[str]:
    for name in seen.whole:
        yield SQL["numbers_of_room"].format(**shared, **_range(ask, name))
    for name in sorted(set(seen.processes) - set(seen.whole)):
        whose = {"staff_id": ask(seen.staff_id), "roles": ask(_concerns(seen, name))}
        yield SQL["numbers_of_somebody"].format(**shared, **whose, **_range(ask, name))


def _texts(ask: Question, named: View, shared: dict[str, str]) -> Iterator[str]:
    whole = [ROOMS[name].process.room for name in named.whole if name in _IN_CLEAR]
    own = [
        ROOMS[name].process.room
        for name in sorted(set(named.processes) - set(named.whole))
        if name in _IN_CLEAR
    ]
    if whole:
        yield SQL["texts_of_rooms"].format(**shared, rooms=ask(whole))
    if own:
        yield SQL["texts_of_somebody"].format(**shared, rooms=ask(own), staff_id=ask(named.staff_id))


def _persons(ask: Question, named: View, typed: str, marks: Marks) -> Iterator[str]:
    for name in sorted(_KEYED & {*named.whole, *named.processes}):
        room = ROOMS[name].process.room
        yield SQL["of_person"].format(about=f"{room}_about", key=ask(party_key(marks, room, typed)))


def _range(ask: Question, process: str) -> dict[str, str]:
    """The ids of the cases of a process: they are one range."""
    room = ROOMS[process].process.room
    return {"first": ask(f"{room}/"), "last": ask(f"{room}0")}


def _concerns(view: View, process: str) -> list[str]:
    return [role for name, role in zip(view.processes, view.roles, strict=True) if name == process]
