"""The inbox: an event is stored once, on the disk, before its sender is told so."""

import asyncio
import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import asyncpg
import structlog

from activities.database import is_transient
from activities.sql import queries
from gateway.cloudevents import Arrival
from gateway.problems import Fault, Problem, pointer, unavailable

ATTEMPTS: Final = 4
CONNECTION_SECONDS: Final = 3.0
_AGAIN: Final = frozenset({"40001", "40P01"})
"""Serialization failure, deadlock: two senders of the same batches; over at once."""

log = structlog.get_logger()


class Inbox:
    """Storing events of one source; all of a batch or none."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def store(self, source: str, arrivals: Sequence[Arrival]) -> list[bool]:
        """Store what is not there yet.

        Returns:
            For each event whether it was stored now; False: it had been, with the same content.

        Raises:
            Problem: 409 when an id is known with another content; 503 when the database is away. Nothing
                has been stored then, or a repeat finds it stored.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._pool.acquire(timeout=CONNECTION_SECONDS) as connection:
                    return await _store(connection, source, arrivals)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                if not is_transient(error):
                    raise
                if attempt == ATTEMPTS or getattr(error, "sqlstate", None) not in _AGAIN:
                    log.warning("inbox-unavailable", exc_info=error)
                    raise _away() from None
            await asyncio.sleep(random.uniform(0.5, 1) * 0.02 * 2**attempt)  # noqa: S311 - jitter
        raise AssertionError("unreachable")

    async def look_up(self, name: str, event_id: str) -> asyncpg.Record | None:
        """Where an event of a source stands, without its content."""
        try:
            async with self._pool.acquire(timeout=CONNECTION_SECONDS) as connection:
                row: asyncpg.Record | None = await connection.fetchrow(
                    queries("inbox")["event_of_source"], name, event_id
                )
                return row
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            if not is_transient(error):
                raise
            raise _away() from None


async def _store(connection: Any, source: str, arrivals: Sequence[Arrival]) -> list[bool]:
    if len(arrivals) == 1:  # one statement is a transaction of its own
        return await _insert(connection, source, arrivals)
    async with connection.transaction():
        return await _insert(connection, source, arrivals)


async def _insert(connection: Any, source: str, arrivals: Sequence[Arrival]) -> list[bool]:
    now = datetime.now(UTC)
    first: dict[str, Arrival] = {}
    for arrival in arrivals:
        first.setdefault(arrival.event.id, arrival)
    events = list(first.values())
    rows = await connection.fetch(
        queries("inbox")["store"],
        source,
        [each.event.id for each in events],
        [each.event.type for each in events],
        [each.process for each in events],
        [each.case_id for each in events],
        [each.envelope(now).model_dump_json() for each in events],
        [each.sha256 for each in events],
        now,
    )
    new = {row["id"] for row in rows}
    known: dict[str, Any] = {}
    if len(new) < len(first):
        rows = await connection.fetch(queries("inbox")["stored_bodies"], source, list(first.keys() - new))
        known = {row["id"]: row for row in rows}
    others = []
    for place, each in enumerate(arrivals):
        own = each.event.id
        same = each.sha256 == first[own].sha256 if own in new else _same_fact(each, known[own])
        if not same:
            others.append(place)
    if others:
        raise _conflict(others, batch=len(arrivals) > 1)
    stored = []
    for arrival in arrivals:
        stored.append(arrival.event.id in new)
        new.discard(arrival.event.id)
    return stored


def _same_fact(arrival: Arrival, row: Any) -> bool:
    if row["body_sha256"] is not None:
        same: bool = row["body_sha256"] == arrival.sha256
        return same
    # entered by hand for the source, without a sum: its own delivery may tell another time
    said = row["type"], row["case_id"], json.loads(row["data"] or "{}")
    return said == (arrival.event.type, arrival.case_id, arrival.data)


def _conflict(places: Sequence[int], *, batch: bool) -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "id-used-for-another-event",
        "This id is stored with another content, which stays as it is; a new event needs a new id.",
        "この ID は別の内容で登録済みです（変更されません）。新しい通知には新しい ID を付けてください。",
        faults=[
            Fault(pointer(*([place] if batch else []), "id"), "id_used_for_another_event") for place in places
        ],
    )


def _away() -> Problem:
    return unavailable(
        "inbox-unavailable",
        "Nothing can be stored at the moment; send the same event again.",
        "現在保存できません。同じ通知を再送してください。",
    )
