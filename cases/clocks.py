"""How a due time came about, in words: for the person who doubts it, at every door and in both languages."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from activities.kernel.queries import queries
from schemas.kernel.case import CaseState
from schemas.kernel.deadlines import Change, ClockChange, Deadline, Unit
from schemas.kernel.policies import ProcessPolicy
from workflows.kernel import deadlines as counting
from workflows.kernel.calendars import Calendar, calendar_of

SQL: Final = queries("kernel/office")
LANGUAGES: Final = ("en", "ja")
_WEEKDAYS: Final = {"en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], "ja": list("月火水木金土日")}
_LEFT: Final = {
    Unit.DAYS: {"en": "{} days", "ja": "{} 日"},
    Unit.WORKING_DAYS: {"en": "{} working days", "ja": "{} 業務日"},
}
_ENDED: Final = frozenset({"met", "cancelled", "expired"})


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("clock.toml").read_text(encoding="utf-8"))


async def read_clocks(connection: Any, case_id: str, state: CaseState) -> list[dict[str, Any]]:
    """The deadlines of a case, also those that have ended, each with its `calculation` in words."""
    policy, now = state.policy or ProcessPolicy(version="", route="none"), datetime.now(UTC)
    rows = await connection.fetch(SQL["deadlines_of_case"], case_id)
    return [
        {
            **{name: row[name] for name in ("deadline", "state", "due_at")},
            "calculation": explained(dict(row), json.loads(row["clock"]), policy, now),
        }
        for row in rows
    ]


def explained(
    row: Mapping[str, Any], clock: Mapping[str, Any], policy: ProcessPolicy, now: datetime
) -> dict[str, list[str]]:
    """The counting of a deadline, one line a step, by language.

    Args:
        row: the deadline as it is listed: `deadline`, `state`.
        clock: as it is stored in `iehe.deadlines.clock`.
        policy: the policy of the case, whose calendars it is counted on.
        now: until when the time of a running one is accounted for.
    """
    deadline = Deadline.model_validate({**clock, "name": row["deadline"]})
    calendar = calendar_of(policy.calendar_called(deadline.calendar))
    ended = row["state"] in _ENDED
    return {
        each: list(_lines(_Teller(calendar, each), deadline, None if ended else now)) for each in LANGUAGES
    }


class _Teller:
    """Says days, moments and spans as people read them."""

    def __init__(self, calendar: Calendar, language: str) -> None:
        self.calendar, self.language = calendar, language

    def say(self, key: str, **values: Any) -> str:
        return _words()[key][self.language].format(**values, zone=self.calendar.zone.key)

    def day(self, day: date) -> str:
        return f"{day:%Y-%m-%d} {_WEEKDAYS[self.language][day.weekday()]}"

    def moment(self, moment: datetime) -> str:
        local = moment.astimezone(self.calendar.zone)
        return f"{self.day(local.date())} {local:%H:%M}"

    def span(self, span: timedelta) -> str:
        hours, minutes = divmod(round(span / timedelta(minutes=1)), 60)
        units = ("h", "min") if self.language == "en" else ("時間", "分")
        said = [f"{hours} {units[0]}"] if hours else []
        return " ".join([*said, f"{minutes} {units[1]}"] if minutes or not hours else said)

    def left(self, change: ClockChange) -> str:
        amount = change.amount or 0
        if change.unit in (None, Unit.MINUTES):
            return self.span(timedelta(minutes=amount))
        return _LEFT[change.unit][self.language].format(amount)


def _lines(tell: _Teller, deadline: Deadline, now: datetime | None) -> Iterator[str]:
    before = deadline.due_at
    for change in deadline.changes:
        said = {
            "moment": tell.moment(change.at),
            "due": tell.moment(change.due_at),
            "before": tell.moment(before),
        }
        match change.how:
            case Change.COUNTED | Change.RESTARTED:
                if change.how is Change.RESTARTED:
                    yield tell.say("restarted", **said)
                yield from _counting(tell, change)
            case Change.PAUSED | Change.RESUMED:
                yield tell.say(change.how, **said, left=tell.left(change))
            case _:
                yield tell.say(change.how, **said)
        before = change.due_at
    if deadline.acknowledged is not None:
        held = deadline.acknowledged
        yield tell.say("acknowledged", moment=tell.moment(held.at), by=held.by)
    if now is not None and now > deadline.started_at:
        went = counting.account(deadline, now, tell.calendar)
        spans = {name: tell.span(getattr(went, name)) for name in ("counted", "paused", "closed")}
        yield tell.say("now", moment=tell.moment(now), **spans)


def _counting(tell: _Teller, change: ClockChange) -> Iterator[str]:
    calendar = tell.calendar
    if change.unit is Unit.MINUTES:
        yield tell.say("start", moment=tell.moment(change.at))
        days = list(calendar.open_days(change.at, change.due_at))
        counted = [f"{tell.day(day)} {tell.span(time)}" for day, time in days if time]
        if counted:
            yield tell.say("minutes", span=tell.left(change), days=", ".join(counted))
        skipped = [day for day, time in days if not time]
        yield from _skipped(tell, skipped)
        yield tell.say("due", moment=tell.moment(change.due_at))
        return
    start, due = calendar.day_of(change.at), calendar.day_of(change.due_at)
    span = [start + timedelta(days=offset) for offset in range(1, (due - start).days + 1)]
    counting_days = [day for day in span if change.unit is Unit.DAYS or calendar.is_working(day)]
    yield tell.say("start-day", day=tell.day(start))
    if counting_days:
        first, last = tell.day(counting_days[0]), tell.day(counting_days[-1])
        yield tell.say(change.unit or Unit.DAYS, amount=len(counting_days), first=first, last=last)
    yield from _skipped(tell, [day for day in span if day not in counting_days])
    if change.due_at.astimezone(calendar.zone).time() == time.max:
        yield tell.say("due-end", day=tell.day(due))
    else:
        yield tell.say("due", moment=tell.moment(change.due_at))


def _skipped(tell: _Teller, days: list[date]) -> Iterator[str]:
    if days:
        yield tell.say("skipped", days=", ".join(map(tell.day, days)))
