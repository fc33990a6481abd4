"""The beds of the houses for every door: the list as it is loaded, the plan by days, who waits and why."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import asyncpg

from activities.kernel.acting import THE_HOST, acting_for
from activities.kernel.queries import queries
from cases import facts
from cases.administration import note
from schemas.dormitory.beds import BedRow
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import OWN_SOURCE, event_type
from schemas.kernel.schedules import local_day
from workflows.dormitory.process import DORMITORY

SQL: Final = queries("dormitory/boards")
MOST_DAYS: Final = 400
Rows = list[dict[str, Any]]


async def load_beds(
    pool: asyncpg.Pool, by: str, rows: Sequence[BedRow], subject: str
) -> dict[str, list[str]]:
    """Take a list over, whole; the beds by what became of each: new, same, changed, vanished.

    What has vanished stays: somebody may live there. The open runs of the houses hear of the list.
    """
    houses = sorted({row.house for row in rows})
    with acting_for(THE_HOST):  # the runs that hear of it may be nobody's who loads it
        async with pool.acquire() as connection, connection.transaction():
            found = await _compared(connection, houses, rows)
            beds = {(row.house, row.bed): row for row in rows}
            await connection.executemany(
                SQL["store_bed"],
                [(row.house, row.bed, row.room, row.kind, row.group) for row in beds.values()],
            )
            await connection.execute(SQL["forget_residents"], houses)
            await connection.executemany(
                SQL["store_resident"],
                [(row.house, row.bed, row.first, row.until) for row in rows if row.first is not None],
            )
            if found["new"] or found["changed"]:
                counts = {fate: len(names) for fate, names in found.items()}
                await note(connection, by, "load-beds", subject, **counts)
                for run in await connection.fetch(SQL["open_runs"], houses):
                    await facts.enter(connection, *_loaded(run["case_id"]))
    return found


async def _compared(connection: Any, houses: Sequence[str], rows: Sequence[BedRow]) -> dict[str, list[str]]:
    there: dict[tuple[str, str], set[tuple[Any, ...]]] = {}
    for row in await connection.fetch(SQL["beds"], houses):
        there[row["house"], row["bed"]] = {(row["room"], row["kind"], row["group"])}
    for row in await connection.fetch(SQL["residents"], houses):
        there[row["house"], row["bed"]].add((row["first"], row["until"]))
    given: dict[tuple[str, str], set[tuple[Any, ...]]] = {}
    for bed in rows:
        said = given.setdefault((bed.house, bed.bed), {(bed.room, str(bed.kind), bed.group)})
        if bed.first is not None:
            said.add((bed.first, bed.until))
    found: dict[str, list[str]] = {"new": [], "same": [], "changed": [], "vanished": []}
    for name, said in given.items():
        known = there.pop(name, None)
        fate = "new" if known is None else "same" if known == said else "changed"
        found[fate].append("/".join(name))
    found["vanished"] = ["/".join(name) for name in there]
    return found


def _loaded(run: str) -> tuple[Mapping[str, str], EventEnvelope]:
    # it is true from the step on that takes it
    told = EventEnvelope(
        id=f"list-loaded/{uuid4().hex}",
        source=OWN_SOURCE,
        type=event_type(DORMITORY.name, "list-loaded"),
    )
    return {"process": DORMITORY.name, "case_id": run}, told


async def plan(pool: asyncpg.Pool, house: str, days: int, since: date | None = None) -> Rows:
    """A house bed by bed: who has it on which of the days, and why it is empty on the first of them."""
    first = since or local_day(datetime.now(UTC))
    beds = [dict(row) for row in await pool.fetch(SQL["beds"], [house])]
    given = await pool.fetch(SQL["given"], house, first, first + timedelta(days=days))
    waiting = await waitlist(pool, house)
    found = []
    for bed in beds:
        spans = [dict(row) for row in given if row["bed"] == bed["bed"]]
        now = next((span for span in spans if span["first"] <= first), None)
        found.append(
            {
                "bed": bed["bed"],
                "room": bed["room"],
                "kind": bed["kind"],
                "state": now["state"] if now else "free",
                "empty": None if now else _why_empty(bed, waiting),
                "days": [
                    {name: span[name] for name in ("first", "until", "state", "holder")} for span in spans
                ],
            }
        )
    return found


def _why_empty(bed: Mapping[str, Any], waiting: Rows) -> str:
    if not waiting:
        return "nobody-waits"
    asking = [row for row in waiting if bed["kind"] in row["types"] or bed["kind"] == "accessible"]
    return str(asking[0]["reason"]) if asking else "nobody-asks-for-kind"


async def waitlist(pool: asyncpg.Pool, house: str) -> Rows:
    """Who waits for a bed of a house, in order, with the reason; needs are codes."""
    return [dict(row) for row in await pool.fetch(SQL["waitlist"], house)]


async def unplaced(pool: asyncpg.Pool, house: str) -> Rows:
    """Who has no bed and waits for none, with the reason."""
    return [dict(row) for row in await pool.fetch(SQL["unplaced"], house)]
