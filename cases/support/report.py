"""The counts of a year as they are published (P9), for every door."""

from datetime import UTC, datetime
from typing import Any

import asyncpg

from activities.kernel.acting import THE_HOST, acting_for
from activities.support.report import is_over, yearly
from cases.suppression import LEAST, published
from schemas.kernel.case import Actor
from schemas.kernel.refusals import Refusal
from schemas.kernel.schedules import local_day


async def report_of(pool: asyncpg.Pool, year: int, actor: Actor) -> dict[str, Any]:
    """The report of an academic year; who may ask for it is asked before.

    Raises:
        Refusal: the year is not over.
    """
    now = datetime.now(UTC)
    if not is_over(year, local_day(now)):
        raise Refusal("year-not-over", year=year)
    with acting_for(THE_HOST):  # everything is counted, and nothing of one case is shown
        return await yearly(pool, year, actor.id, published, LEAST, now)
