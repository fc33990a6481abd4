"""The inbox: an event is stored once, on the disk, before its sender is told so."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import structlog

from activities.kernel.database import FAULTS, REFUSED_BY_FUNCTION, again, is_transient, refusal_of
from activities.kernel.queries import queries
from cases.apart import Marks, keep
from cases.registry import PROCESSES
from gateway.cloudevents import Arrival, apart
from gateway.problems import problem, refused

CONNECTION_SECONDS: Final = 3.0
_STORING: Final = again(lambda error: getattr(error, "sqlstate", None) in ("40001", "40P01"), attempts=4)
"""Serialization failure, deadlock: two senders of the same batches; over at once."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Kept:
    """An event that stands in the inbox since `stored_at`.

    `new`: it was stored now. `other_time`: a repeat tells another time than the first, whose time stays.
    """

    new: bool
    stored_at: datetime
    other_time: bool = False


class Contradiction(Exception):  # noqa: N818 - an answer to the sender
    """Ids that stand for other events, by the place of the arrival; nothing was stored.

    `places`: each with the attributes in which it differs, and since when the first one is stored; None: the
    first is in the same request.
    """

    def __init__(self, places: Mapping[int, tuple[Sequence[str], datetime | None]]) -> None:
        super().__init__("id used for another event")
        self.places = places


class Inbox:
    """Storing events of one source; all of a batch or none."""

    def __init__(self, pool: asyncpg.Pool, marks: Marks | None = None) -> None:
        self._pool, self._marks = pool, marks

    async def store(self, source: str, arrivals: Sequence[Arrival]) -> list[Kept]:
        """Store what is not there yet; each event as it then stands. What is personal is put apart.

        Raises:
            Contradiction: an id is known for another event. Nothing has been stored.
            Problem: 503 when the database is away. Nothing has been stored, or a repeat finds it stored.
        """
        apart_already = [apart(self._marks, each) for each in arrivals]

        async def once() -> list[Kept]:
            async with self._pool.acquire(timeout=CONNECTION_SECONDS) as connection:
                parted = await self._redirected(connection, source, arrivals, apart_already)
                if len(parted) == 1 and not parted[0].words:  # one statement is a transaction of its own
                    return await _insert(connection, source, parted)
                async with connection.transaction():
                    kept = await _insert(connection, source, parted)
                    for arrival, each in zip(parted, kept, strict=True):
                        if each.new and self._marks is not None:
                            await keep(connection, self._marks, arrival.words)
                    return kept

        try:
            return await _STORING.copy()(once)
        except FAULTS as error:
            if getattr(error, "sqlstate", None) == REFUSED_BY_FUNCTION:
                raise refused(refusal_of(error)) from None
            if not is_transient(error):
                raise
            log.warning("inbox-unavailable", exc_info=error)
            raise problem("inbox-unavailable") from None

    async def _redirected(
        self, connection: Any, source: str, arrivals: Sequence[Arrival], parted: Sequence[Arrival]
    ) -> Sequence[Arrival]:
        """The parted arrivals; where somebody found that two cases are one, for the case that goes on."""
        # where other systems know the case by its id, they are told the other id
        asked = [each for each in parted if PROCESSES[each.process].keyed]
        if not asked:
            return parted
        rows = await connection.fetch(
            queries("kernel/inbox")["redirects"],
            source,
            [each.event.id for each in asked],
            [each.case_id for each in asked],
        )
        goes_on = {(row["id"], row["case_id"]): row["to_case"].partition("/")[2] for row in rows}
        return [
            each
            if (subject := goes_on.get((each.event.id, each.case_id))) is None
            else apart(self._marks, arrival.about(subject))
            for arrival, each in zip(arrivals, parted, strict=True)
        ]

    async def look_up(self, source: str, event_id: str) -> asyncpg.Record | None:
        """Where an event of a source stands, without its content."""
        async with self._pool.acquire(timeout=CONNECTION_SECONDS) as connection:
            row: asyncpg.Record | None = await connection.fetchrow(
                queries("kernel/inbox")["fate"], source, event_id
            )
            return row


async def _insert(connection: Any, source: str, arrivals: Sequence[Arrival]) -> list[Kept]:
    now = datetime.now(UTC)
    first: dict[str, Arrival] = {}
    for arrival in arrivals:
        first.setdefault(arrival.event.id, arrival)
    events = list(first.values())
    rows = await connection.fetch(
        queries("kernel/inbox")["store"],
        source,
        [each.event.id for each in events],
        [each.event.type for each in events],
        [each.process for each in events],
        [each.case_id for each in events],
        [each.envelope(now).model_dump_json() for each in events],
        now,
        [each.reaches for each in events],
    )
    new = {row["id"] for row in rows}
    known: dict[str, Any] = {}
    if len(new) < len(first):
        rows = await connection.fetch(
            queries("kernel/inbox")["stored_before"], source, list(first.keys() - new)
        )
        known = {row["id"]: row for row in rows}
    kept, others = [], {}
    for place, arrival in enumerate(arrivals):
        own = arrival.event.id
        if own in new:
            said, time, since = first[own].said, first[own].event.time, None
        else:
            row = known[own]
            data = json.loads(row["data"] or "{}")
            said = {"type": row["type"], "subject": row["case_id"], "data": data}
            time, since = row["occurred_at"], row["stored_at"]
        if differs := [name for name, value in arrival.said.items() if value != said[name]]:
            others[place] = differs, since
        is_new = since is None and arrival is first[own]
        kept.append(Kept(is_new, since or now, arrival.event.time not in (None, time)))
    if others:
        raise Contradiction(others)
    return kept
