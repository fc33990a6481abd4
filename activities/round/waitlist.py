"""The waitlist of a round as its steps find it, and the printable proof that nobody was skipped (R6)."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final

import asyncpg

from activities.kernel.database import Connection
from activities.kernel.queries import queries
from activities.kernel.room import Lookup
from schemas.round.waitlist import ELSEWHERE, WaitlistFound

SQL: Final = queries("round/waitlist")


async def _waitlist(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Entries that are not over, free places, who enrolled elsewhere; the frames are locked until the end."""
    of_round = terms["case_id"]
    await connection.execute(SQL["lock"], of_round)
    head = await connection.fetchrow(SQL["head"], of_round, ELSEWHERE)
    entries = await connection.fetch(SQL["entries"], of_round, ELSEWHERE)
    holders = await connection.fetch(SQL["holders_elsewhere"], of_round, ELSEWHERE, terms["most"])
    found = {
        "promote_from": head["promote_from"],
        "listed_at": head["listed_at"],
        "free": {row["frame"]: row["free"] for row in await connection.fetch(SQL["free"], of_round)},
        "entries": [dict(row) | {"place": json.loads(row["place"] or "null")} for row in entries],
        "holders_elsewhere": [dict(row) for row in holders],
    }
    return WaitlistFound.model_validate(found).model_dump(mode="json")


async def _to_queue(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Waitlisted lines that are out and no entries yet."""
    return [dict(row) for row in await connection.fetch(SQL["to_queue"], terms["case_id"], terms["most"])]


async def _to_tell_over(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Entries whose cases have not heard that nobody waits any more."""
    return [dict(row) for row in await connection.fetch(SQL["to_tell_over"], terms["case_id"], terms["most"])]


async def _open(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """How many wait or are called."""
    return await connection.fetchval(SQL["open_entries"], terms["case_id"])


WAITLIST_LOOKUPS: Final[Mapping[str, Lookup]] = {
    "waitlist": _waitlist,
    "waitlist-to-queue": _to_queue,
    "waitlist-to-tell-over": _to_tell_over,
    "waitlist-open": _open,
}


async def proof(pool: asyncpg.Pool, case_id: str) -> list[dict[str, Any]]:
    """Every entry of a round's waitlist, by frame and rank, with all that was done about it.

    Each has `programme`, `frame`, `waits_at`, `number`, `entry`, `state`, `since`, `called_at`, `reply_by`,
    `ended_at`, `offered_until` (moments or None), `evidence` (why it was passed over, or how it was placed),
    `contacts` (`at`, `outcome`, `called_back`, `caller`) and `changes` (`at`, `from`, `to`, `evidence`), both
    in their order. It is personal. An offer that was taken is `accepted` from that moment on.
    """
    return [
        dict(row) | {name: json.loads(row[name]) for name in ("evidence", "contacts", "changes")}
        for row in await pool.fetch(SQL["proof"], case_id)
    ]


def skipped(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """Entries of a proof before which somebody behind them was called, without evidence of why.

    In each frame whoever was called comes after others who were called by then, or who waited no more by
    then, with evidence.
    """
    found = []
    for _, of_frame in groupby(lines, key=lambda line: line["frame"]):
        in_order = list(of_frame)
        for place, line in enumerate(in_order):
            later = [each["called_at"] for each in in_order[place + 1 :] if each["called_at"] is not None]
            if later and not _served(line, min(later)):
                found.append(line["entry"])
    return found


def _served(line: Mapping[str, Any], moment: datetime) -> bool:
    """Whether an entry was called by a moment, or waited no more by then with evidence."""
    if line["called_at"] is not None and line["called_at"] <= moment:
        return True
    return line["ended_at"] is not None and line["ended_at"] <= moment and "code" in line["evidence"]


def is_prefix(lines: Sequence[Mapping[str, Any]]) -> bool:
    """Whether those who were called are a prefix of the waitlist less those gone, with evidence (I2)."""
    return not skipped(lines)
