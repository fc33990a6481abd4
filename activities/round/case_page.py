"""What the page of a round shows beside what every case has: dates and counts, and no result."""

import json
from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from schemas.round.state import RoundState

SQL: Final = queries("round/boards")
SHOWN: Final = {
    *("year", "route", "closes_at", "exam_on", "make_up_on", "common_test_due", "first_stage_at"),
    *("release_at", "enrol_by", "missing", "applications", "told"),
}

REJUDGMENTS: Final = queries("round/rejudgments")
_OF_REJUDGMENT: Final = ("rejudgment", "error", "state", "wronged", "hash", "opened_by", "confirmed_by")
_OF_BATCH: Final = ("batch", "kind", "part", "rows", "state", "hash", "loaded_by", "accepted_by")


async def own_part(pool: asyncpg.Pool, case_id: str, state: RoundState, _personal: bool) -> dict[str, Any]:
    """The dates, what is missing by part, lists and files as they stand: hashes and who answers for them."""
    part: dict[str, Any] = state.model_dump(include=SHOWN, exclude_none=True)
    part["lacking"] = [dict(row) for row in await pool.fetch(SQL["missing"], case_id)]
    part["lists"] = [_counted(row) for row in await pool.fetch(SQL["lists"], case_id)]
    part["limits"] = [dict(row) for row in await pool.fetch(SQL["limits"], case_id)]
    part["rejudgments"] = [
        {name: row[name] for name in _OF_REJUDGMENT}
        for row in await pool.fetch(REJUDGMENTS["listed"], case_id)
    ]
    part["moves"] = [
        {name: value for name, value in dict(row).items() if value is not None}
        for row in await pool.fetch(SQL["moves"], case_id)
    ]
    part["batches"] = [_compared(row) for row in await pool.fetch(SQL["batches"], case_id)]
    return part


def _counted(row: asyncpg.Record) -> dict[str, Any]:
    """How many are ranked is told; how many are admitted is known from the limits and no result."""
    counts = json.loads(row["counts"])
    return {**dict(row), "counts": None} | {name: counts.get(name) for name in ("applicants", "ranked")}


def _compared(row: asyncpg.Record) -> dict[str, Any]:
    """A file as it is named where it is accepted, with how many values it would bring or change."""
    counts = json.loads(row["counts"])
    compared = {name: counts.get(name) for name in ("new", "changed", "vanished")}
    return {**{name: row[name] for name in _OF_BATCH}, **compared}
