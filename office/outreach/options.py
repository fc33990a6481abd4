"""Topics and fields of the year of a request, and who has registered them first among the lecturers."""

from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg

from activities.kernel.queries import queries
from office.options import Asking, Found
from schemas.kernel.case import Command
from schemas.outreach.commands import ChangeTopic, NameLecturers
from schemas.outreach.state import OutreachState
from workflows.kernel.choices import Choice

TOPICS: Final = queries("outreach/topics")
REQUESTS: Final = queries("outreach/requests")


async def _topics(pool: asyncpg.Pool, state: OutreachState, _found: Found) -> Found:
    """Those of the school year in which the first of its dates lies."""
    if not state.dates:
        return {"topic": (), "field": ()}
    year = await pool.fetchval("SELECT iehe.outreach_year($1)", min(state.dates))
    rows = await pool.fetch(TOPICS["topics"], [year])
    topics = tuple(Choice(row["topic"], row["title_ja"], row["title_en"]) for row in rows)
    fields = dict.fromkeys(row["field"] for row in rows)
    return {"topic": topics, "field": tuple(Choice(each, each, each) for each in fields)}


async def _lecturers(pool: asyncpg.Pool, state: OutreachState, found: Found) -> Found:
    """Who has registered the topic or the field comes first, in the order in which they are asked."""
    if not state.dates:
        return found
    rows = await pool.fetch(REQUESTS["registered"], state.topic, state.field, min(state.dates))
    first = [row["lecturer"] for row in rows]
    known: Sequence[Choice] = found["lecturers"]
    order = {name: place for place, name in enumerate(first)}
    return {"lecturers": tuple(sorted(known, key=lambda each: order.get(each.value, len(order))))}


OPTIONS: Final[Mapping[type[Command], Asking]] = {ChangeTopic: _topics, NameLecturers: _lecturers}
