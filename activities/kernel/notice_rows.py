"""Notices as rows: the letter one of them stands for, the list the office sees, and queueing one again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import asyncpg

from activities.kernel.mail_message import Letter
from activities.kernel.message_templates import (
    NotRenderedError,
    Office,
    Reader,
    Rendered,
    render,
    render_together,
)
from activities.kernel.queries import queries
from activities.kernel.room import Room
from schemas.kernel.transition import Delivery
from workflows.kernel.documents import FACTS

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
SQL: Final = queries("kernel/notices")


@dataclass(frozen=True)
class _Item:
    """What one notice says in a letter that tells several."""

    subject: str
    body: str
    why: str | None


def letter_of(
    rows: Sequence[Mapping[str, Any]],
    rooms: Mapping[str, Room],
    office: Office,
    date: datetime,
    link: str | None = None,
) -> Letter:
    """The letter of a row of the query `pending`, opened, or of several to one reader.

    `link`: where it is answered.

    Raises:
        NotRenderedError: no such message, or a fact of it is missing.
    """
    first = rows[0]
    room = rooms[first["process"]].process.room
    if first["digest_on"] is not None:
        counts = [_counts(row, rooms[row["process"]]) for row in rows]
        rendered = render_together("kernel", "digest", counts, _reader(first), office)
    elif len(rows) == 1:
        rendered = rendered_alone(first, rooms, office, link)
    else:
        each = [(row, rendered_alone(row, rooms, office)) for row in rows]
        items = [_Item(one.subject, one.body, row["why"]) for row, one in each]
        # each item says why it comes
        rendered = render_together(room, "overnight", items, replace(_reader(first), why=None), office)
    return Letter(
        notice_id=first["notice_id"],
        address=first["address"],
        language=first["language"],
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        date=date,
    )


def rendered_alone(
    row: Mapping[str, Any], rooms: Mapping[str, Room], office: Office, link: str | None = None
) -> Rendered:
    """What a notice of a case says by itself. Raises NotRenderedError."""
    room = rooms[row["process"]]
    if row["message"] not in room.every_message:
        raise NotRenderedError("unknown-message")
    told = room.every_message[row["message"]].facts
    facts = {**json.loads(row["facts"]), "case": row["case_id"]}
    own_words = row.get("own_words")
    if row.get("words") is not None and own_words is None:
        raise NotRenderedError("words-sealed")  # never without what the office has added
    return render(room.process.room, row["message"], told, facts, _reader(row), office, link, own_words)


def _reader(row: Mapping[str, Any]) -> Reader:
    # on one line, whatever was typed in: a line break would change the shape of the letter
    name = " ".join((row["name"] or "").split())
    subject = None if row["recipient_kind"] == "staff" else row["case_id"].partition("/")[2]
    return Reader(row["recipient_kind"], name, row["language"], subject, row["why"])


def _counts(row: Mapping[str, Any], room: Room) -> dict[str, Any]:
    process = room.process
    named = None if process.confidential else process.title[0 if row["language"] == "ja" else 1]
    return {**json.loads(row["facts"]), "title": named}


def is_answerable(row: asyncpg.Record, rooms: Mapping[str, Room]) -> bool:
    """Whether its reader gets a link: one of staff, of whom the fact `answer` asks a decision; anybody else
    who has a page of their own in the process, or of whom `documents` are asked.
    """
    facts = json.loads(row["facts"])
    if row["recipient_kind"] == "staff":
        return "answer" in facts
    room = rooms.get(row["process"])
    return FACTS in facts or (room is not None and row["recipient_kind"] in room.process.own_views)


async def requeue(connection: "Connection", notice_id: str, at: datetime | None = None) -> Delivery | None:
    """Queue a dead or unknown notice again, on a person's order, with the full time to try from `at`.

    Returns the delivery that will send it, to be carried out by `deliver`; None when there is no such
    notice or it is in another state. One that was unknown stays marked: it may arrive twice.
    """
    row = await connection.fetchrow(SQL["requeue"], notice_id, at or datetime.now(UTC))
    if row is None:
        return None
    return delivery_of(row, notice_id)


def delivery_of(row: Mapping[str, Any] | asyncpg.Record, by_hand: str) -> Delivery:
    """The delivery of one notice that a person has sent again."""
    return Delivery(
        case_id=row["case_id"] or "", version=row["version"], digest_on=row["digest_on"], by_hand=by_hand
    )
