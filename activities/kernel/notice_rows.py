"""Notices as rows: the letter one of them stands for, the list the office sees, and queueing one again."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import asyncpg

from activities.kernel.mail_message import Letter
from activities.kernel.message_templates import Office, Reader, render
from activities.kernel.queries import queries
from schemas.kernel.transition import Delivery

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
SQL: Final = queries("kernel/notices")


def letter_to(row: asyncpg.Record, office: Office, date: datetime) -> Letter:
    """The letter of a row of the query `addressed`. Raises NotRenderedError."""
    facts = row["facts"] if isinstance(row["facts"], dict) else json.loads(row["facts"])
    reader = Reader(row["recipient_kind"], _name(row), row["language"], row["application_no"])
    rendered = render(row["process"], row["message"], {**facts, "case": row["case_id"]}, reader, office)
    return Letter(
        notice_id=row["notice_id"],
        address=row["address"],
        language=reader.language,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        date=date,
    )


def _name(row: asyncpg.Record) -> str:
    parts = [row["name"]]
    if row["recipient_kind"] == "applicant":
        parts = [row["family_name"], row["given_name"]]
        if row["language"] != "ja":
            parts.reverse()
    # on one line, whatever was typed in: a line break would change the shape of the letter
    return " ".join(" ".join(parts).split())


async def list_notices(
    connection: "Connection", case_id: str | None = None, state: str | None = None, limit: int = 100
) -> list[asyncpg.Record]:
    """Notices, newest first, of one case or all, in one state or any; never with an address."""
    return await connection.fetch(SQL["listed"], case_id, state, limit)


async def requeue(connection: "Connection", notice_id: str, at: datetime | None = None) -> Delivery | None:
    """Queue a dead or unknown notice again, on a person's order, with the full time to try from `at`.

    Returns the delivery that will send it, to be carried out by `deliver`; None when there is no such
    notice or it is in another state. One that was unknown stays marked: it may arrive twice.
    """
    row = await connection.fetchrow(SQL["requeue"], notice_id, at or datetime.now(UTC))
    return None if row is None else Delivery(case_id=row["case_id"], version=row["version"])
