"""Notices as rows: the letter one of them stands for, the list the office sees, and queueing one again."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import asyncpg

from activities.kernel.mail_message import Letter
from activities.kernel.message_templates import NotRenderedError, Office, Reader, render
from activities.kernel.queries import queries
from activities.kernel.room import Room
from schemas.kernel.transition import Delivery

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
SQL: Final = queries("kernel/notices")


def letter_to(
    row: Mapping[str, Any], room: Room, office: Office, date: datetime, link: str | None = None
) -> Letter:
    """The letter of a row of the query `addressed`, opened; `link` is where it is answered.

    Raises:
        NotRenderedError: no such message, or a fact of it is missing.
    """
    if row["message"] not in room.messages:
        raise NotRenderedError("unknown-message")
    # on one line, whatever was typed in: a line break would change the shape of the letter
    name = " ".join((row["name"] or "").split())
    subject = None if row["recipient_kind"] == "staff" else row["case_id"].partition("/")[2]
    reader = Reader(row["recipient_kind"], name, row["language"], subject)
    told = room.messages[row["message"]].facts
    facts = {**json.loads(row["facts"]), "case": row["case_id"]}
    rendered = render(room.process.room, row["message"], told, facts, reader, office, link)
    return Letter(
        notice_id=row["notice_id"],
        address=row["address"],
        language=reader.language,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        date=date,
    )


def is_answerable(row: asyncpg.Record) -> bool:
    """Whether the reader is one of staff who answers by a link: the fact `answer` names the decision."""
    return row["recipient_kind"] == "staff" and "answer" in json.loads(row["facts"])


async def requeue(connection: "Connection", notice_id: str, at: datetime | None = None) -> Delivery | None:
    """Queue a dead or unknown notice again, on a person's order, with the full time to try from `at`.

    Returns the delivery that will send it, to be carried out by `deliver`; None when there is no such
    notice or it is in another state. One that was unknown stays marked: it may arrive twice.
    """
    row = await connection.fetchrow(SQL["requeue"], notice_id, at or datetime.now(UTC))
    if row is None:
        return None
    return Delivery(case_id=row["case_id"], version=row["version"], by_hand=notice_id)
