"""Pages of readers who are no staff: their words, what is told from them, and the link sent again."""

import asyncio
import hashlib
import json
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg

from activities.kernel.acting import THE_HOST, acting_for
from activities.kernel.notice_rows import delivery_of
from activities.kernel.queries import queries
from activities.kernel.room import OWN_PAGE
from activities.kernel.wording import day, when
from cases import facts
from cases.administration import note
from cases.registry import PROCESSES
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import event_type
from schemas.kernel.refusals import Refusal
from schemas.kernel.transition import Delivery
from workflows.kernel.own_view import Act

SQL: Final = queries("kernel/answers")
_ROOMS: Final = Path(__file__).parents[1] / "schemas"
_TRIES: Final = 30
_PAUSE: Final = 0.1
"""Seconds between two looks at what a case has made of a fact: after three in all the page says so."""
Words = tuple[str, str]
"""Japanese and English."""


@cache
def page_words(room: str) -> Mapping[str, Mapping[str, Any]]:
    """The words of the pages of a room, by kind (`stands`, `todos`, `why` …) and code."""
    return tomllib.loads((_ROOMS / room / "own_view.toml").read_text(encoding="utf-8"))


def words_of(room: str, kind: str, code: str) -> Words:
    """The words of a code.

    Raises:
        KeyError: it has none.
    """
    ja, en = page_words(room)[kind][code]
    return ja, en


def told(room: str, kind: str, value: str | datetime | date) -> Words:
    """A value as the page tells it: a moment, a day, or the words of its code, else itself."""
    if isinstance(value, datetime):
        return when(value.isoformat(), "ja"), when(value.isoformat(), "en")
    if isinstance(value, date):
        return day(value.isoformat(), "ja"), day(value.isoformat(), "en")
    known = page_words(room).get(kind, {}).get(value)
    return (known[0], known[1]) if known else (value, value)


class Said(NamedTuple):
    """What a reader has said: the form as it was filled in, and the checked data of the fact."""

    form: Mapping[str, str]
    data: Mapping[str, Any]


class Outcome(NamedTuple):
    """What became of a fact that was told from a page; `state`: taken, refused, known or waiting."""

    state: str
    refusal: Refusal | None = None


async def tell(
    pool: asyncpg.Pool, case: asyncpg.Record, reader: str, act: Act, said: Said, seen: int
) -> Outcome:
    """Put a fact that a reader tells into the inbox of their case, once, and wait a little for its answer.

    Args:
        pool: connections of the office.
        case: its row.
        reader: the kind of reader who tells it.
        act: what they do.
        said: the form, and what the fact says by it.
        seen: the version of the case whose page they had before them: sent twice from there it is one fact.

    Raises:
        Refusal: the rules do not allow it now, and nothing is stored.
    """
    envelope = _envelope(case, reader, act, said, seen)
    with acting_for(THE_HOST):  # the link proves who tells it
        if (entry := await facts.taken(pool, case["case_id"], envelope)) is not None:
            return _outcome(entry, again=True)
        refusal = await facts.tried(pool, case, envelope)
        if refusal is not None:
            raise refusal
        await facts.store(pool, case, envelope)
        for _ in range(_TRIES):
            if (entry := await facts.taken(pool, case["case_id"], envelope)) is not None:
                return _outcome(entry)
            await asyncio.sleep(_PAUSE)
    return Outcome("waiting")


async def told_before(
    pool: asyncpg.Pool, case: asyncpg.Record, reader: str, act: str, given: Mapping[str, str], seen: int
) -> Outcome | None:
    """What became of the same form when it was sent before; None: it was not."""
    with acting_for(THE_HOST):
        row = await pool.fetchrow(
            queries("kernel/events")["event"], _source(reader), _id(case, act, given, seen)
        )
        if row is None:
            return None
        entry = await pool.fetchrow(facts.LOG_OF_CAUSE, case["case_id"], f"{row['source']}#{row['id']}")
    return Outcome("waiting") if entry is None else _outcome(entry, again=True)


def _outcome(entry: asyncpg.Record, *, again: bool = False) -> Outcome:
    if entry["step"] == "refuse-event":
        return Outcome("refused", Refusal(json.loads(entry["details"])["code"]))
    return Outcome("known" if again else "taken")


def _source(reader: str) -> str:
    return f"page:{reader}"


def _id(case: Mapping[str, Any] | asyncpg.Record, act: str, given: Mapping[str, str], seen: int) -> str:
    said = json.dumps([case["case_id"], act, seen, sorted(given.items())])
    return hashlib.sha256(said.encode()).hexdigest()[:40]


def _envelope(case: asyncpg.Record, reader: str, act: Act, said: Said, seen: int) -> EventEnvelope:
    return EventEnvelope(
        id=_id(case, act.name, said.form, seen),
        source=_source(reader),
        type=event_type(case["process"], act.fact),
        received_at=datetime.now(UTC),
        data=dict(said.data),
    )


async def send_link(pool: asyncpg.Pool, case: asyncpg.Record, reader: str, by: str) -> Delivery:
    """Queue a letter with the link to their page for a reader who has lost it, and log who had it sent.

    Returns the delivery that will send it.

    Raises:
        Refusal: such readers have no page in this process.
    """
    known = PROCESSES[case["process"]].own_views
    if reader not in known:
        raise Refusal("no-own-page", reader=reader, known=", ".join(known) or "-")
    with acting_for(THE_HOST):
        async with pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(SQL["queue_own_page"], case["case_id"], reader, OWN_PAGE)
            if row is None:
                raise Refusal("no-such-case")
            await note(connection, by, "send-link", case["case_id"], reader=reader)
    sent = {"case_id": case["case_id"], "version": row["version"], "digest_on": None}
    return delivery_of(sent, row["notice_id"])
