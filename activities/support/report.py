"""The yearly report of support cases: counts that are published once, as they are then (P9).

What is asked a second time is answered with what was published: two tables of one year, made at different
times, would tell by their difference who came between.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from statistics import median
from typing import Any, Final

from activities.kernel.queries import queries
from schemas.kernel.japan import TOKYO
from schemas.support.stages import Stage, Unit, Way
from workflows.support.process import STAGES

SQL: Final = queries("support/report")
NONE: Final = "none"
CLOCKS: Final = ("first-response", "update", "resolution")
_ENDS: Final = tuple(stage for stage, info in STAGES.items() if info.final or stage == Stage.LINKED)

Publish = Callable[[Mapping[str, Mapping[str, int]]], tuple[int | None, dict[str, dict[str, int | None]]]]
"""Hides small counts: `cases.suppression.published`."""


def span(year: int) -> tuple[datetime, datetime]:
    """When the academic year begins and ends: from 1 April to the next one."""
    first, after = (datetime(each, 4, 1, tzinfo=TOKYO) for each in (year, year + 1))
    return first, after


def is_over(year: int, today: date) -> bool:
    """Whether nobody comes to it any more: only then it is counted."""
    return today >= span(year)[1].date()


def counted(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Tables of the same referrals: one way through each, so that none tells of another.

    Crises and harassment are counted for the whole university and for nothing smaller.
    """
    tables = {
        "way": _table(Way, [row["way"] for row in rows]),
        "level": _table("1234", [str(row["level"]) for row in rows]),
        "unit": _table((*Unit, NONE), [row["unit"] or NONE for row in rows]),
        "outcome": _table((*_ENDS, NONE), [row["outcome"] or NONE for row in rows]),
        "crisis": _yes_no(row["crisis"] for row in rows),
    }
    return tables | {f"missed: {clock}": _yes_no(clock in row["missed"] for row in rows) for clock in CLOCKS}


def _table(cells: Any, found: Sequence[str]) -> dict[str, int]:
    counts = Counter(found)
    return {str(cell): counts[str(cell)] for cell in cells}


def _yes_no(found: Any) -> dict[str, int]:
    said = [bool(each) for each in found]
    return {"yes": sum(said), "no": len(said) - sum(said)}


def days_to_first_response(rows: Sequence[Mapping[str, Any]], least: int) -> float | None:
    """The median, in days; None where so few were spoken to that it would tell of them."""
    days = [
        (row["responded_at"] - row["received_at"]).total_seconds() / 86_400
        for row in rows
        if row["responded_at"] is not None
    ]
    return round(median(days), 1) if len(days) >= least else None


async def yearly(
    connection: Any, year: int, by: str, publish: Publish, least: int, now: datetime
) -> dict[str, Any]:
    """The report as it is published; the first one who asks has it made.

    Args:
        connection: of the office, that acts for the host: everything is counted, nothing of one is shown.
        year: an academic year that is over.
        by: staff id of who asks.
        publish: hides what is small.
        least: the smallest count that is shown.
        now: when it is made.
    """
    known = await connection.fetchval(SQL["published"], year)
    if known is None:
        rows = [dict(row) for row in await connection.fetch(SQL["referrals"], *span(year), now)]
        total, tables = publish(counted(rows))
        made = {
            "year": year,
            "counted_at": now.isoformat(),
            "referrals": total,
            "days_to_first_response": days_to_first_response(rows, least),
            "tables": tables,
        }
        await connection.execute(SQL["publish"], year, by, json.dumps(made))
        known = await connection.fetchval(SQL["published"], year)
    report: dict[str, Any] = json.loads(known)
    return report
