"""Re-judgments of a round for who may open lists: how far each has come, and what it changes for whom.

Whoever looks at one opens its lists and those that they put right, which is noted as with other lists.
"""

from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from cases.round.lists import open_by_key
from cases.round.rounds import Row, Rows
from schemas.kernel.refusals import Refusal
from schemas.round.exact_numbers import plain
from workflows.round.ranking.difference import difference
from workflows.round.ranking.lines import Line

SQL: Final = queries("round/rejudgments")


async def rejudgments(pool: asyncpg.Pool, case_id: str) -> Rows:
    """All of a round, the latest first; `outdated`: something has changed since it was computed."""
    return [dict(row) for row in await pool.fetch(SQL["listed"], case_id)]


async def show(pool: asyncpg.Pool, by: str, case_id: str, rejudgment: str | None = None) -> Row:
    """A re-judgment: who was wronged, what it came to, what changes in which list, which rounds may share it.

    Args:
        pool: connections of the office.
        by: staff id.
        case_id: the round.
        rejudgment: its key; None: the latest.

    Raises:
        Refusal: `rejudgment-unknown`.
    """
    rows = {row["rejudgment"]: row for row in await rejudgments(pool, case_id)}
    key = rejudgment or next(iter(rows), "-")
    if key not in rows:
        raise Refusal("rejudgment-unknown", rejudgment=key, known=", ".join(rows) or "-")
    wronged = await pool.fetch(SQL["open_rejudged"], case_id, key, by)
    siblings = await pool.fetch(SQL["siblings"], case_id, key)
    corrections, changes = [], []
    for each in await pool.fetch(SQL["correction_lists"], case_id, key):
        before = await open_by_key(pool, by, each["base"])
        after = await open_by_key(pool, by, each["list"])
        found = difference(before.made, after.made)
        told = {name: each[name] for name in ("programme", "number", "state", "hash")}
        said = {"since": before.number, "hash_before": before.hash}
        corrections.append({**told, **said, "verdicts": len(found.verdicts)})
        changes += [
            {
                "programme": each["programme"],
                "application": change.after.application,
                "choice": change.after.choice,
                "frame": change.after.frame,
                **_told(change.before, "_before"),
                **_told(change.after),
            }
            for change in found.changed
        ]
    return {
        "case_id": case_id,
        **rows[key],
        "corrections": corrections,
        "wronged_ones": [_wronged(row) for row in wronged],
        "changed": changes,
        "siblings": [dict(row) for row in siblings],
    }


def _wronged(row: asyncpg.Record) -> Row:
    return {name: value for name, value in row.items() if name != "list"}


def _told(line: Line, suffix: str = "") -> Row:
    told: dict[str, Any] = {
        "rank": line.rank,
        "total": None if line.total is None else plain(line.total),
        "verdict": str(line.verdict),
        "reason": line.reason,
    }
    return {f"{name}{suffix}": value for name, value in told.items()}
