"""Which time counts: days and opening hours. Pure arithmetic in one time zone."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from schemas.kernel.calendars import DAY_END, CalendarPolicy, Span, Weekday

_DAY = timedelta(days=1)
_NOTHING = timedelta()
_WEEKDAYS = tuple(Weekday)


class Calendar:
    """The institute's time, from the policy: closed weekdays, holidays and closed hours do not count."""

    def __init__(self, policy: CalendarPolicy) -> None:
        self.zone = ZoneInfo(policy.timezone)
        self.notice_hour = policy.notice_hour
        self.has_hours = bool(policy.hours)
        self._holidays = frozenset(policy.holidays)
        self._exceptions = policy.exceptions
        always = (Span(opens=time(), closes=DAY_END),)
        self._week = tuple(
            ()
            if number in policy.closed_weekdays
            else tuple(each for each in policy.hours if weekday in each.days)
            if policy.hours
            else always
            for number, weekday in enumerate(_WEEKDAYS)
        )
        if not any(self._week):
            raise ValueError("a calendar needs at least one working weekday")

    # days

    def is_working(self, day: date) -> bool:
        """Whether the institute works on that day."""
        return bool(self._hours(day))

    def _hours(self, day: date) -> tuple[Span, ...]:
        for exception in reversed(self._exceptions):
            if exception.covers(day):
                return exception.hours
        return () if day in self._holidays else self._week[day.weekday()]

    def day_of(self, moment: datetime) -> date:
        """The local date of a moment."""
        return moment.astimezone(self.zone).date()

    def end_of(self, day: date) -> datetime:
        """Until when a due day lasts: its last microsecond, or closing time where there are opening hours.

        Where a trade has hours, what is owed is owed within them (Civil Code of Japan, art. 484, 2).
        """
        hours = self._hours(day) if self.has_hours else ()
        closes = max((each.closes for each in hours), key=_last_midnight, default=DAY_END)
        return datetime.combine(day, time.max if closes == DAY_END else closes, self.zone)

    def notice_time(self, day: date) -> datetime:
        """When reminders of that day go out."""
        return datetime.combine(day, time(self.notice_hour), self.zone)

    def working_day_from(self, day: date) -> date:
        """The day itself when it is a working day, otherwise the next one."""
        while not self.is_working(day):
            day += _DAY
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

    # hours

    def open_spans(self, day: date) -> list[tuple[datetime, datetime]]:
        """From when to when it is open on a day, in order and without overlaps, in UTC."""
        spans = list[tuple[datetime, datetime]]()
        for each in sorted(self._hours(day), key=lambda hours: hours.opens):
            opens = self._utc(day, each.opens)
            closes = self._utc(day + _DAY if each.closes == DAY_END else day, each.closes)
            if spans and opens <= spans[-1][1]:
                opens, closes = spans[-1][0], max(spans.pop()[1], closes)
            spans.append((opens, closes))
        return spans

    def is_open(self, moment: datetime) -> bool:
        """Whether time counts at a moment."""
        return any(opens <= moment < closes for opens, closes in self.open_spans(self.day_of(moment)))

    def _utc(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone).astimezone(UTC)

    def add(self, start: datetime, open_time: timedelta) -> datetime:
        """The moment until which so much open time passes from `start`, or before it when negative.

        What ends with the hours of a day ends that day. Nothing to add gives `start` itself, open or not.
        """
        if not open_time:
            return start
        forth, left, day = open_time > _NOTHING, abs(open_time), self.day_of(start)
        while True:
            spans = self.open_spans(day)
            for opens, closes in spans if forth else reversed(spans):
                begins, ends = (max(opens, start), closes) if forth else (opens, min(closes, start))
                if ends - begins >= left and ends > begins:
                    return (begins + left if forth else ends - left).astimezone(self.zone)
                left -= max(ends - begins, _NOTHING)
            day += _DAY if forth else -_DAY

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        """How much open time lies between two moments; negative when `end` is earlier."""
        if end < start:
            return -self.open_between(end, start)
        return sum((time for _, time in self.open_days(start, end)), _NOTHING)

    def open_days(self, start: datetime, end: datetime) -> Iterator[tuple[date, timedelta]]:
        """Each day that two moments touch, with how much of its open time lies between them."""
        day, last = self.day_of(start), self.day_of(end)
        while day <= last:
            spans = ((max(opens, start), min(closes, end)) for opens, closes in self.open_spans(day))
            yield day, sum((ends - begins for begins, ends in spans if ends > begins), _NOTHING)
            day += _DAY


def _last_midnight(clock: time) -> tuple[bool, time]:
    return clock == DAY_END, clock


@lru_cache(maxsize=64)
def calendar_of(policy: CalendarPolicy) -> Calendar:
    """The calendar of a policy; policies are frozen, so one object serves all cases that share it."""
    return Calendar(policy)
