"""Clocks of minutes against a slow reference that looks at one minute after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.kernel.calendars import (
    AROUND_THE_CLOCK,
    CalendarException,
    CalendarPolicy,
    OpenHours,
    Span,
    Weekday,
)
from schemas.kernel.deadlines import Anchor, Change, Deadline, DeadlinePolicy, RungPolicy
from tests.workflows.rules.builder import TOKYO, jst
from workflows.kernel import deadlines as counting
from workflows.kernel import ladders
from workflows.kernel.calendars import Calendar, calendar_of

MINUTE = timedelta(minutes=1)
FIRST = date(2026, 11, 16)  # a Monday
WEEK = tuple(Weekday)[:5]
OFFICE = CalendarPolicy(
    hours=(OpenHours(days=WEEK, opens=time(10), closes=time(18)),),
    holidays=(date(2026, 11, 23),),
    exceptions=(
        CalendarException(first=date(2026, 11, 26), why="entrance-exam", hours=()),
        CalendarException(
            first=date(2026, 11, 27), why="half-day", hours=(Span(opens=time(13), closes=time(17)),)
        ),
    ),
)
office = calendar_of(OFFICE)
always = calendar_of(AROUND_THE_CLOCK)


# the slow, obvious one: a minute is open or it is not, and is counted down or it is not


def is_open(policy: CalendarPolicy, minute: datetime) -> bool:
    day, clock = minute.date(), minute.time()
    for exception in reversed(policy.exceptions):
        if exception.first <= day <= (exception.last or exception.first):
            return any(_within(span, clock) for span in exception.hours)
    if day in policy.holidays or day.weekday() in policy.closed_weekdays:
        return False
    if not policy.hours:
        return True
    return any(
        _within(span, clock) and Weekday(WEEKDAYS[day.weekday()]) in span.days for span in policy.hours
    )


WEEKDAYS = tuple(Weekday)


def _within(span: Span, clock: time) -> bool:
    return span.opens <= clock and (clock < span.closes or span.closes == time())


@dataclass
class Slow:
    """A clock that is told each minute what happens in it."""

    policy: CalendarPolicy
    left: int
    paused: bool = False
    due: datetime | None = None
    counted: int = 0
    minutes_paused: int = 0
    others: list[Slow] = field(default_factory=list)

    def pass_minute(self, now: datetime) -> None:
        if self.due is not None:
            return
        if self.left == 0:
            self.due = now
        elif self.paused:
            self.minutes_paused += 1
        elif is_open(self.policy, now):
            self.left -= 1
            self.counted += 1
            if self.left == 0:
                self.due = now + MINUTE

    def would_end(self, now: datetime) -> datetime:
        copy = Slow(self.policy, self.left)
        while copy.due is None:
            copy.pass_minute(now)
            now += MINUTE
        return copy.due


SPANS = st.tuples(st.integers(0, 21 * 60), st.integers(180, 12 * 60)).map(
    lambda pair: Span(opens=_clock(pair[0]), closes=_clock(min(pair[0] + pair[1], 24 * 60)))
)
DAYS = st.dates(FIRST - timedelta(days=2), FIRST + timedelta(days=9))


def _clock(minutes: int) -> time:
    return time() if minutes == 24 * 60 else time(*divmod(minutes, 60))


@st.composite
def policies(draw: st.DrawFn) -> CalendarPolicy:
    if draw(st.integers(0, 4)) == 0:
        return AROUND_THE_CLOCK
    hours = [
        OpenHours(days=tuple(draw(st.sets(st.sampled_from(Weekday), min_size=1))), **span.model_dump())
        for span in draw(st.lists(SPANS, min_size=1, max_size=3))
    ]
    exceptions = [
        CalendarException(
            first=first,
            last=first + timedelta(days=draw(st.integers(0, 2))),
            hours=tuple(draw(st.lists(SPANS, max_size=2))),
            why="x",
        )
        for first in draw(st.lists(DAYS, max_size=3))
    ]
    policy = CalendarPolicy(
        closed_weekdays=tuple(draw(st.sets(st.integers(0, 6), max_size=3))),
        holidays=tuple(draw(st.sets(DAYS, max_size=2))),
        hours=tuple(hours),
        exceptions=tuple(exceptions),
    )
    try:
        Calendar(policy)
    except ValueError:
        assume(False)
    return policy


STARTS = st.integers(0, 7 * 24 * 60).map(
    lambda minutes: datetime.combine(FIRST, time(), TOKYO) + minutes * MINUTE
)


@given(policies(), STARTS, st.integers(0, 900))
def test_so_many_minutes_of_open_time(policy, start, minutes) -> None:
    """The end is where a walk through the minutes arrives, and between start and end lies as much."""
    calendar = Calendar(policy)
    slow = Slow(policy, minutes)
    now = start
    while slow.due is None:
        slow.pass_minute(now)
        now += MINUTE
    end = calendar.add(start, minutes * MINUTE)
    assert end == slow.due
    assert calendar.open_between(start, end) == minutes * MINUTE
    assert calendar.open_between(end, start) == -minutes * MINUTE


@given(policies(), STARTS, st.integers(1, 3000))
def test_back_by_as_many_minutes(policy, start, minutes) -> None:
    """Forth and back lead to where the counting began: the same open time lies between."""
    calendar = Calendar(policy)
    end = calendar.add(start, minutes * MINUTE)
    begun = calendar.add(end, -minutes * MINUTE)
    assert calendar.open_between(begun, end) == minutes * MINUTE
    assert calendar.open_between(start, begun) == timedelta()


EVENTS = st.lists(
    st.tuples(
        st.integers(1, 1200), st.sampled_from(["pause", "resume", "raise"]), st.integers(1, 400), policies()
    ),
    max_size=5,
)


@given(policies(), STARTS, st.integers(1, 700), EVENTS)
def test_s04_pauses_and_levels_against_the_slow_clock(policy, start, minutes, events) -> None:
    """Whatever is paused, resumed and raised when: the due time is the slow clock's, to the minute.

    A raised level begins to count anew on its own calendar, unless what was promised ends earlier. The rest
    is kept through all of it, and what was counted, paused and closed is the whole time.
    """
    calendar = Calendar(policy)
    deadline = counting.count("d", DeadlinePolicy(minutes=minutes), start, calendar)
    slow, now = Slow(policy, minutes), start
    for offset, what, span, other in sorted(events, key=lambda each: each[0]):
        at = start + offset * MINUTE
        while now < at:
            slow.pass_minute(now)
            now += MINUTE
        if slow.due is not None or (slow.left == 0):
            break
        if what == "pause" and not slow.paused:
            slow.paused = True
            counting.pause(deadline, at, calendar)
        elif what == "resume" and slow.paused:
            slow.paused = False
            counting.resume(deadline, at, calendar)
        elif what == "raise":
            fresh = Slow(other, span, paused=slow.paused)
            stricter = DeadlinePolicy(minutes=span)
            deadline = counting.restart(deadline, stricter, at, calendar, Calendar(other))
            if fresh.would_end(at) <= slow.would_end(at):
                slow, calendar = fresh, Calendar(other)
        if not slow.paused:
            assert deadline.due_at == slow.would_end(now)
        went = counting.account(deadline, now, calendar)
        assert went.counted + went.paused + went.closed == now - deadline.started_at
        assert went.counted == slow.counted * MINUTE
        assert went.paused == slow.minutes_paused * MINUTE
    if slow.paused:
        counting.resume(deadline, now, calendar)
        slow.paused = False
    assert deadline.due_at == (slow.due or slow.would_end(now))


@given(policies(), policies(), STARTS, st.integers(1, 700), st.integers(0, 2000))
def test_s19_a_changed_calendar_never_ends_later_than_promised(
    policy, changed, start, minutes, later
) -> None:
    """Counted again it ends where the changed calendar leads, if that is earlier, else as promised."""
    deadline = counting.count("d", DeadlinePolicy(minutes=minutes), start, Calendar(policy))
    promised, now = deadline.due_at, start + later * MINUTE
    counting.recount(deadline, now, Calendar(changed))
    anew = Calendar(changed).add(start, minutes * MINUTE)
    assert deadline.due_at == (anew if now < anew < promised else promised)


@given(policies(), STARTS, st.integers(1, 700), st.integers(0, 900), st.integers(0, 900))
def test_recounting_on_the_same_calendar_changes_nothing(policy, start, minutes, before, length) -> None:
    """Also after a pause: the rest was kept, and is found again."""
    calendar = Calendar(policy)
    deadline = counting.count("d", DeadlinePolicy(minutes=minutes), start, calendar)
    counting.pause(deadline, start + before * MINUTE, calendar)
    counting.resume(deadline, start + (before + length) * MINUTE, calendar)
    due = deadline.due_at
    assert not counting.recount(deadline, start + (before + length) * MINUTE, calendar)
    assert deadline.due_at == due


# by example


def clock(minutes: int, start: datetime, calendar: Calendar = office) -> Deadline:
    return counting.count("d", DeadlinePolicy(minutes=minutes), start, calendar)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        (jst(2026, 11, 18, 16), 60, jst(2026, 11, 18, 17)),
        (jst(2026, 11, 18, 16), 120, jst(2026, 11, 18, 18)),
        (jst(2026, 11, 18, 16), 121, jst(2026, 11, 19, 10, 1)),
        (jst(2026, 11, 18, 3), 30, jst(2026, 11, 18, 10, 30)),
        (jst(2026, 11, 20, 17), 120, jst(2026, 11, 24, 11)),
        (jst(2026, 11, 25, 17), 120, jst(2026, 11, 27, 14)),
        (jst(2026, 11, 27, 16), 120, jst(2026, 11, 30, 11)),
    ],
    ids=[
        "the same day",
        "to closing time",
        "over night",
        "before opening",
        "weekend and holiday",
        "exam",
        "half day",
    ],
)
def test_s03_business_hours(start, minutes, due) -> None:
    """Opening hours, weekends, holidays, and exceptions by the hour as for an entrance exam."""
    assert clock(minutes, start).due_at == due


def test_s02_around_the_clock() -> None:
    """A quarter of an hour at night on a holiday is a quarter of an hour."""
    assert clock(15, jst(2026, 11, 23, 3), always).due_at == jst(2026, 11, 23, 3, 15)


def test_a_due_day_ends_when_the_office_closes() -> None:
    """Two working days on a calendar with hours last until closing time of the second, whatever its hours."""
    policy = DeadlinePolicy(days=2)
    assert counting.count("d", policy, jst(2026, 11, 18, 11), office).due_at == jst(2026, 11, 20, 18)
    assert counting.count("d", policy, jst(2026, 11, 25, 11), office).due_at == jst(2026, 11, 30, 18)
    assert counting.count("d", policy, jst(2026, 11, 24, 11), office).due_at == jst(2026, 11, 27, 17)


def test_zammad_and_glpi_15605_the_rest_is_kept_when_the_level_changes_during_a_pause() -> None:
    """Paused with one hour left, raised to a span of five: after the pause the hour is what is left."""
    deadline = clock(120, jst(2026, 11, 18, 10))
    counting.pause(deadline, jst(2026, 11, 18, 11), office)
    stricter = DeadlinePolicy(minutes=300)
    deadline = counting.restart(deadline, stricter, jst(2026, 11, 18, 13), office, office)
    assert deadline.changes[-1].how is Change.KEPT
    counting.resume(deadline, jst(2026, 11, 19, 10), office)
    assert deadline.due_at == jst(2026, 11, 19, 11)


def test_a_raised_level_restarts_a_paused_clock_with_its_own_span() -> None:
    """Paused with nine hours left and raised to a quarter of an hour around the clock, still paused."""
    deadline = clock(600, jst(2026, 11, 18, 10))
    counting.pause(deadline, jst(2026, 11, 18, 11), office)
    deadline = counting.restart(deadline, DeadlinePolicy(minutes=15), jst(2026, 11, 18, 20), office, always)
    assert deadline.paused_at == jst(2026, 11, 18, 20)
    counting.resume(deadline, jst(2026, 11, 19, 3), always)
    assert deadline.due_at == jst(2026, 11, 19, 3, 15)


def test_a_raised_level_gives_a_breached_clock_a_new_end() -> None:
    """What was promised has passed: the stricter span begins now, and can be missed for its own part."""
    deadline = clock(60, jst(2026, 11, 18, 10))
    now = jst(2026, 11, 18, 15)
    deadline = counting.restart(deadline, DeadlinePolicy(minutes=15), now, office, always)
    assert deadline.due_at == jst(2026, 11, 18, 15, 15)


def test_a_due_time_that_a_person_has_set_is_not_recounted() -> None:
    """A changed calendar does not take back what somebody decided."""
    deadline = clock(60, jst(2026, 11, 18, 10))
    counting.move(deadline, jst(2026, 11, 20, 12), jst(2026, 11, 18, 10, 30), office)
    assert not counting.recount(deadline, jst(2026, 11, 18, 11), always)
    assert deadline.due_at == jst(2026, 11, 20, 12)


def test_a_pause_in_the_night_costs_nothing() -> None:
    """Paused and resumed while the office is closed, the due time stays."""
    deadline = clock(600, jst(2026, 11, 18, 17))
    due = deadline.due_at
    counting.pause(deadline, jst(2026, 11, 18, 20), office)
    counting.resume(deadline, jst(2026, 11, 19, 7), office)
    assert deadline.due_at == due


# what a file may say


@pytest.mark.parametrize(
    "said",
    [
        {"days": 1, "minutes": 3},
        {},
        {"days": 1, "unit": "minutes"},
        {"minutes": 10**9},
        {"days": 1, "again": True},
    ],
    ids=["both", "neither", "days in minutes", "thousands of years", "again without a ladder"],
)
def test_a_span_that_means_nothing_is_refused(said) -> None:
    """The file is refused instead of meaning something else."""
    with pytest.raises(ValidationError):
        DeadlinePolicy.model_validate(said)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"days": 1, "percent": 80},
        {"minutes": 5, "times": 3},
        {"minutes": 5, "anchor": "previous"},
        {"minutes": 0, "anchor": "previous", "asks": True},
        {"percent": 100},
    ],
    ids=["no time", "two times", "no rhythm", "a silence nobody answers", "no silence", "all of it"],
)
def test_a_rung_that_means_nothing_is_refused(said) -> None:
    """The file is refused instead of meaning something else."""
    with pytest.raises(ValidationError):
        RungPolicy.model_validate({"key": "k", "to": ["role:x"], "message": "m", **said})


def test_a_day_ends_at_24_hours() -> None:
    """`24:00` is the end of the day, and counts to midnight."""
    span = OpenHours.model_validate({"days": ["mon"], "opens": "20:00", "closes": "24:00"})
    late = Calendar(CalendarPolicy(hours=(span,)))
    assert late.add(jst(2026, 11, 16, 21), 180 * MINUTE) == jst(2026, 11, 17)
    with pytest.raises(ValidationError, match="two entries"):
        OpenHours.model_validate({"days": ["mon"], "opens": "22:00", "closes": "06:00"})


def test_summer_time_is_counted_as_it_passes() -> None:
    """Where clocks are put forward a night is an hour shorter."""
    berlin = Calendar(CalendarPolicy(timezone="Europe/Berlin", closed_weekdays=()))
    start = datetime(2026, 3, 28, 12, tzinfo=berlin.zone)
    end = berlin.add(start, timedelta(days=1))
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(days=1)
    assert (end.hour, end.day) == (13, 29)


# rungs by the clock


def test_a_warning_at_a_part_of_the_span() -> None:
    """At 80 % of ten hours two are left, in open time."""
    rung = RungPolicy(key="warning", percent=80, to=("assignee",), message="m")
    deadline = counting.count("d", DeadlinePolicy(minutes=600, ladder=(rung,)), jst(2026, 11, 18, 10), office)
    assert deadline.due_at == jst(2026, 11, 19, 12)
    assert deadline.rungs[0].at == jst(2026, 11, 18, 18)


def test_rungs_keep_their_open_time_from_the_due_time_through_a_pause() -> None:
    """An hour before due stays an hour before due; what is after it stays as far after it."""
    rungs = tuple(
        RungPolicy(key=key, minutes=minutes, anchor=Anchor.DUE, to=("assignee",), message="m")
        for key, minutes in (("before", -60), ("at", 0), ("after", 60))
    )
    deadline = counting.count("d", DeadlinePolicy(minutes=300, ladder=rungs), jst(2026, 11, 18, 10), office)
    counting.pause(deadline, jst(2026, 11, 18, 12), office)
    counting.resume(deadline, jst(2026, 11, 18, 17), office)
    assert deadline.due_at == jst(2026, 11, 19, 12)
    assert [rung.at for rung in deadline.rungs] == [jst(2026, 11, 19, hour) for hour in (11, 12, 13)]


def test_a_moment_at_the_start_is_told_at_once() -> None:
    """A page goes out the moment that the clock starts; a reminder from before it has no moment."""
    page = RungPolicy(key="page", minutes=0, to=("role:duty",), message="m", asks=True)
    early = RungPolicy(key="early", minutes=-30, anchor=Anchor.DUE, to=("assignee",), message="m")
    start = jst(2026, 11, 23, 3)
    deadline = counting.count("d", DeadlinePolicy(minutes=15, ladder=(page, early)), start, always)
    assert [rung.key for rung in deadline.rungs] == ["page"]
    assert [rung.key for rung, _ in ladders.fire(deadline, start, always)] == ["page"]
