"""Which days count. Pure date arithmetic in one time zone."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from schemas.kernel.deadlines import CalendarPolicy


class Calendar:
    """The institute's days, from the policy: closed weekdays and holidays do not count."""

    def __init__(self, policy: CalendarPolicy) -> None:
        self.zone = ZoneInfo(policy.timezone)
        self.notice_hour = policy.notice_hour
        self._holidays = frozenset(policy.holidays)
        self._closed = frozenset(policy.closed_weekdays)
        if len(self._closed) > 6:  # noqa: PLR2004 - days of a week
            raise ValueError("a calendar needs at least one working weekday")

    def is_working(self, day: date) -> bool:
        """Whether the institute works on that day."""
        return day.weekday() not in self._closed and day not in self._holidays

    def day_of(self, moment: datetime) -> date:
        """The local date of a moment."""
        return moment.astimezone(self.zone).date()

    def end_of(self, day: date) -> datetime:
        """The last microsecond of the day: a due day lasts until its end."""
        return datetime.combine(day, time.max, self.zone)

    def notice_time(self, day: date) -> datetime:
        """When reminders of that day go out."""
        return datetime.combine(day, time(self.notice_hour), self.zone)

    def working_day_from(self, day: date) -> date:
        """The day itself when it is a working day, otherwise the next one."""
        while not self.is_working(day):
            day += timedelta(days=1)
        return day

    def walk(self, start: date, step: int) -> Iterator[date]:
        """The working days after (`step` 1) or before (-1) `start`, nearest first, without `start`."""
        day = start
        while True:
            day += timedelta(days=step)
            if self.is_working(day):
                yield day

    def add_working_days(self, start: date, days: int) -> date:
        """The day that many working days after `start`, or before when negative.

        The start day does not count (Civil Code of Japan, art. 140). Zero gives the start day.
        """
        if days == 0:
            return start
        walk = self.walk(start, 1 if days > 0 else -1)
        for _ in range(abs(days) - 1):
            next(walk)
        return next(walk)

    def working_days_between(self, start: date, end: date) -> int:
        """How many working days lie after `start`, up to and with `end`; negative when `end` is earlier."""
        if end < start:
            return -self.working_days_between(end, start)
        span = (start + timedelta(days=offset) for offset in range(1, (end - start).days + 1))
        return sum(self.is_working(day) for day in span)

    def months_before(self, day: date, months: int) -> date:
        """The same day so many months earlier, or the next working day when that one is closed."""
        index = day.year * 12 + day.month - 1 - months
        year, month = divmod(index, 12)
        last = monthrange(year, month + 1)[1]
        return self.working_day_from(date(year, month + 1, min(day.day, last)))


@lru_cache(maxsize=64)
def calendar_of(policy: CalendarPolicy) -> Calendar:
    """The calendar of a policy; policies are frozen, so one object serves all cases that share it."""
    return Calendar(policy)
