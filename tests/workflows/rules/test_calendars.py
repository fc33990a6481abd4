"""Days that count, against a slow reference that looks at one day after the other."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.kernel.calendars import CalendarPolicy
from tests.workflows.rules.builder import TOKYO, default_policy, jst
from workflows.kernel.calendars import Calendar, calendar_of

JAPAN = calendar_of(default_policy().calendar)
DAYS = st.dates(date(2024, 1, 1), date(2032, 12, 31))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    closed = draw(st.sets(st.integers(0, 6), max_size=6))
    holidays = draw(st.sets(DAYS, max_size=40))
    return Calendar(CalendarPolicy(closed_weekdays=tuple(closed), holidays=tuple(sorted(holidays))))


def slow_add(calendar: Calendar, start: date, days: int) -> date:
    day, left, one = start, abs(days), timedelta(days=1 if days > 0 else -1)
    while left:
        day += one
        if calendar.is_working(day):
            left -= 1
    return day


def slow_between(calendar: Calendar, start: date, end: date) -> int:
    found, day = 0, start
    while day < end:
        day += timedelta(days=1)
        found += calendar.is_working(day)
    return found


@given(calendars(), DAYS, st.integers(-60, 60))
def test_adding_counts_day_by_day(calendar, start, days) -> None:
    """The day so many working days away is the one found by walking there."""
    assert calendar.add_working_days(start, days) == slow_add(calendar, start, days)


@given(calendars(), DAYS, st.integers(0, 200))
def test_between_counts_day_by_day(calendar, start, span) -> None:
    """The working days of a span are those found by walking through it; backwards they are negative."""
    end = start + timedelta(days=span)
    assert calendar.working_days_between(start, end) == slow_between(calendar, start, end)
    assert calendar.working_days_between(end, start) == -slow_between(calendar, start, end)


@given(calendars(), DAYS, st.integers(0, 60))
def test_adding_and_counting_are_inverse(calendar, start, days) -> None:
    """So many working days added are so many counted."""
    assert calendar.working_days_between(start, calendar.add_working_days(start, days)) == days


@given(calendars(), DAYS, st.integers(1, 60))
def test_forth_and_back(calendar, start, days) -> None:
    """From a working day, so many forth and so many back lead home."""
    start = calendar.working_day_from(start)
    assert calendar.add_working_days(calendar.add_working_days(start, days), -days) == start


@given(calendars(), DAYS, st.integers(-60, 60).filter(bool))
def test_a_counted_day_is_a_working_day(calendar, start, days) -> None:
    """Whatever is counted to, the institute works on it."""
    assert calendar.is_working(calendar.add_working_days(start, days))


@given(calendars(), DAYS, st.integers(0, 40))
def test_months_before(calendar, day, months) -> None:
    """The same day of the earlier month, its last day if it is shorter, or the next working day."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    wanted, number = None, day.day
    while wanted is None:
        try:
            wanted = date(year, month, number)
        except ValueError:
            number -= 1
    while not calendar.is_working(wanted):
        wanted += timedelta(days=1)
    assert calendar.months_before(day, months) == wanted


@given(DAYS, st.times())
def test_a_due_day_lasts_until_its_end(day, clock) -> None:
    """Every moment of the day in Japan is in time, the next midnight is not."""
    end = JAPAN.end_of(day)
    assert datetime.combine(day, clock, TOKYO) <= end
    assert datetime.combine(day + timedelta(days=1), time.min, TOKYO) > end
    assert JAPAN.day_of(end) == day


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2026, 12, 25), 1, date(2026, 12, 28)),
        (date(2026, 12, 28), 1, date(2027, 1, 4)),
        (date(2026, 12, 28), 2, date(2027, 1, 5)),
        (date(2027, 1, 4), -1, date(2026, 12, 28)),
        (date(2027, 4, 28), 1, date(2027, 4, 30)),
        (date(2027, 4, 30), 1, date(2027, 5, 6)),
        (date(2028, 2, 28), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 1, date(2028, 3, 1)),
        (date(2027, 2, 26), 1, date(2027, 3, 1)),
        (date(2026, 9, 18), 1, date(2026, 9, 24)),
    ],
    ids=[
        "weekend",
        "new year",
        "after new year",
        "back over new year",
        "showa day",
        "golden week",
        "to 29 February",
        "from 29 February",
        "a year without it",
        "silver week",
    ],
)
def test_japanese_holidays(start, days, end) -> None:
    """Working days of Japan around the days on which offices are closed."""
    assert JAPAN.add_working_days(start, days) == end


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2026, 9, 1), 1, date(2026, 8, 3)),
        (date(2026, 11, 1), 1, date(2026, 10, 1)),
        (date(2028, 3, 31), 1, date(2028, 2, 29)),
        (date(2027, 3, 31), 1, date(2027, 3, 1)),
        (date(2027, 1, 15), 1, date(2026, 12, 15)),
        (date(2027, 2, 1), 1, date(2027, 1, 4)),
    ],
)
def test_months_before_in_japan(day, months, before) -> None:
    """A month before, moved on when that day is closed."""
    assert JAPAN.months_before(day, months) == before


def test_the_day_is_the_day_in_japan() -> None:
    """An evening in Europe is the next day in Tokyo."""
    assert JAPAN.day_of(datetime.fromisoformat("2026-10-01T18:00:00+00:00")) == date(2026, 10, 2)


def test_zero_days_is_the_day_itself() -> None:
    """Nothing to count: the day stays, open or closed."""
    assert JAPAN.add_working_days(date(2026, 10, 3), 0) == date(2026, 10, 3)


def test_reminders_go_out_at_the_hour_of_the_policy() -> None:
    """The hour of notices is local."""
    assert JAPAN.notice_time(date(2026, 10, 1)) == jst(2026, 10, 1, 9)


def test_a_week_needs_a_working_day() -> None:
    """A calendar without one would count forever, so it is refused."""
    with pytest.raises(ValueError, match="working weekday"):
        Calendar(CalendarPolicy(closed_weekdays=tuple(range(7))))
