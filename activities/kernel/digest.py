"""The morning's digest: each member of staff is told once a working day how much work waits for them.

A notice for each person and process, of no case, written in one statement for a process and a day; those to a
person are told in one letter. The work looks every hour what is due by then: after an outage of days that is
the digest of today, and nothing of the days before.
"""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time
from typing import Any, Final

from pydantic import JsonValue

from activities.kernel.delivering import start_delivery
from activities.kernel.queries import queries
from activities.kernel.scheduled import Batch, ScheduledWork, Tools
from schemas.kernel.calendars import CalendarPolicy
from schemas.kernel.japan import TOKYO
from schemas.kernel.schedules import Occasion, local_day
from schemas.kernel.transition import Delivery
from workflows.kernel.calendars import calendar_of

SQL: Final = queries("kernel/digest")


async def send_digests(tools: Tools, now: datetime) -> Batch:
    """Make what is due of today's digest and have it delivered; done again it changes nothing.

    It is due at the earliest notice hour of the processes that want one and work on that day.
    """
    today, counts = local_day(now), dict[str, int]()
    rows = await tools.pool.fetch(SQL["processes"], list(tools.rooms))
    hours = {row["process"]: _notice_hour(json.loads(row["calendars"]), today) for row in rows}
    working = {process: hour for process, hour in hours.items() if hour is not None}
    if working and now.astimezone(TOKYO).hour >= min(working.values()):
        for process in working:
            room = tools.rooms[process].process.room
            made = _rows(await tools.pool.execute(SQL["make"], process, room, today, now))
            counts["notices"] = counts.get("notices", 0) + made
            await tools.fault("digest-made")
    if passed := _rows(await tools.pool.execute(SQL["pass_over"], today)):
        counts["superseded"] = passed
    if await tools.pool.fetchval(SQL["owed"], today):
        await tools.fault("digest-owed")
        delivery = Delivery(case_id="", version=0, digest_on=today)
        queue = tools.home.notices_queue
        await start_delivery(tools.client, queue, delivery, f"digest/{today}", f"digest of {today}")
    return Batch(counts={name: count for name, count in counts.items() if count})


def _notice_hour(calendars: list[Any], day: date) -> int | None:
    """The earliest hour of notices of the calendars that work on a day; None when none of them does."""
    policies = [CalendarPolicy.model_validate(each) for each in calendars]
    return min((each.notice_hour for each in policies if calendar_of(each).is_working(day)), default=None)


def _rows(answer: str) -> int:
    """How many rows a command has written, by what PostgreSQL answers to it."""
    return int(answer.rpartition(" ")[2])


def digest_work(clock: Callable[[], datetime]) -> Callable[[Tools, Occasion, JsonValue], Awaitable[Batch]]:
    """The work, for the day on which it is done: the one for which it was due may be long over."""

    async def run(tools: Tools, _occasion: Occasion, _position: JsonValue) -> Batch:
        return await send_digests(tools, clock())

    return run


DIGEST_WORK: Final = ScheduledWork(
    name="digest",
    title=("未処理の作業のお知らせ（業務日の朝）", "Tells everybody on working mornings what waits for them"),
    at=time(0, 0),
    every_hour=True,
    run=digest_work(lambda: datetime.now(UTC)),
)
