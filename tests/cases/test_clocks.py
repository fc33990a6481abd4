"""How a due time came about, in words and in both languages."""

import json
from datetime import datetime, time, timedelta

from cases.clocks import explained
from schemas.kernel.calendars import CalendarPolicy, OpenHours, Weekday
from schemas.kernel.deadlines import Deadline, DeadlinePolicy
from schemas.kernel.policies import ProcessPolicy
from tests.workflows.rules.builder import default_policy, jst
from workflows.kernel import deadlines as counting
from workflows.kernel.calendars import calendar_of
from workflows.kernel.state import clock_of

OFFICE = CalendarPolicy(
    hours=(OpenHours(days=tuple(Weekday)[:5], opens=time(10), closes=time(18)),),
    holidays=(jst(2026, 11, 23).date(),),
)
POLICY = ProcessPolicy(
    version="v", route="r", calendar=default_policy().calendar, calendars={"office": OFFICE}
)
office = calendar_of(OFFICE)


def told(deadline: Deadline, now: datetime, language: str = "en", state: str = "running") -> list[str]:
    clock = json.loads(json.dumps(clock_of(deadline)))
    return explained({"deadline": deadline.name, "state": state}, clock, POLICY, now)[language]


def minutes(span: int, start: datetime) -> Deadline:
    return counting.count("d", DeadlinePolicy(minutes=span, calendar="office"), start, office)


def test_s06_hours_counted_and_days_skipped() -> None:
    """Eight hours from a Friday afternoon: what counted on which day, and what was closed."""
    deadline = minutes(480, jst(2026, 11, 20, 15))
    assert told(deadline, jst(2026, 11, 24, 11)) == [
        "start 2026-11-20 Fri 15:00",
        "8 h counted: 2026-11-20 Fri 3 h, 2026-11-24 Tue 5 h",
        "skipped: 2026-11-21 Sat, 2026-11-22 Sun, 2026-11-23 Mon",
        "due 2026-11-24 Tue 15:00 (Asia/Tokyo)",
        "until 2026-11-24 Tue 11:00: 4 h counted, 0 min paused, 88 h closed",
    ]


def test_the_same_in_japanese() -> None:
    """Weekdays and units are the reader's."""
    lines = told(minutes(90, jst(2026, 11, 20, 15)), jst(2026, 11, 20, 16), "ja")
    assert lines == [
        "開始 2026-11-20 金 15:00",
        "1 時間 30 分を算入: 2026-11-20 金 1 時間 30 分",
        "期限 2026-11-20 金 16:30（Asia/Tokyo）",
        "2026-11-20 金 16:00 まで: 算入 1 時間、停止 0 分、時間外 0 分",
    ]


def test_working_days_counted_and_skipped() -> None:
    """The start does not count; every closed day is named; the due day lasts until its end."""
    deadline = counting.count("d", DeadlinePolicy(days=2), jst(2026, 10, 9, 10), calendar_of(POLICY.calendar))
    assert told(deadline, jst(2026, 10, 9, 10), state="met") == [
        "start 2026-10-09 Fri (does not count)",
        "2 working days counted: 2026-10-13 Tue to 2026-10-14 Wed",
        "skipped: 2026-10-10 Sat, 2026-10-11 Sun, 2026-10-12 Mon",
        "due 2026-10-14 Wed, until the end of the day (Asia/Tokyo)",
    ]


def test_every_change_is_a_line() -> None:
    """Paused with what was left, resumed, moved by a person, counted anew, kept."""
    deadline = minutes(480, jst(2026, 11, 18, 10))
    counting.pause(deadline, jst(2026, 11, 18, 12), office)
    counting.resume(deadline, jst(2026, 11, 19, 10), office)
    stricter = DeadlinePolicy(minutes=600, calendar="office")
    deadline = counting.restart(deadline, stricter, jst(2026, 11, 19, 11), office, office)
    stricter = DeadlinePolicy(minutes=60, calendar="office")
    deadline = counting.restart(deadline, stricter, jst(2026, 11, 19, 12), office, office)
    counting.move(deadline, jst(2026, 11, 20, 12), jst(2026, 11, 19, 12, 30), office)
    lines = told(deadline, jst(2026, 11, 19, 12, 30))
    assert lines[3:6] == [
        "paused 2026-11-18 Wed 12:00 with 6 h left",
        "resumed 2026-11-19 Thu 10:00 with 6 h left: due 2026-11-19 Thu 16:00",
        "2026-11-19 Thu 11:00: another count would end later; what was promised is kept",
    ]
    assert lines[6] == "counted anew from 2026-11-19 Thu 12:00"
    assert lines[-2] == "moved from 2026-11-19 Thu 13:00 to 2026-11-20 Fri 12:00"


def test_a_given_due_time_is_said_to_be_given() -> None:
    """Nobody counted it."""
    deadline = counting.until("d", DeadlinePolicy(days=0), jst(2026, 10, 1), jst(2027, 2, 4, 12), office)
    assert told(deadline, jst(2026, 10, 1), state="cancelled") == ["set to 2027-02-04 Thu 12:00 (Asia/Tokyo)"]


def test_invariant_5_counted_paused_and_closed_are_the_whole_time() -> None:
    """What the last line says adds up."""
    deadline = minutes(480, jst(2026, 11, 18, 10))
    counting.pause(deadline, jst(2026, 11, 18, 12), office)
    now = jst(2026, 11, 19, 15)
    went = counting.account(deadline, now, office)
    assert went.counted + went.paused + went.closed == now - jst(2026, 11, 18, 10)
    assert (went.counted, went.paused) == (timedelta(hours=2), timedelta(hours=27))
