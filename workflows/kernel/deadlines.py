"""Deadlines as data: counted, moved, paused, recounted. Pure; the timer is in `workflows/kernel/case.py`.

The day of the start does not count and the due day lasts until its end (Civil Code of Japan, art. 140,
141); a span of plain days that ends on a closed day ends on the next working day (art. 142). A span of
minutes is one of open time.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from schemas.kernel.deadlines import (
    Anchor,
    Change,
    ClockChange,
    Deadline,
    DeadlinePolicy,
    Rung,
    RungPolicy,
    Unit,
)
from workflows.kernel import ladders
from workflows.kernel.calendars import Calendar

_JUST_AFTER = timedelta(microseconds=1)
_AS_COUNTED = (Change.COUNTED, Change.RESTARTED)


def count(name: str, policy: DeadlinePolicy, started_at: datetime, calendar: Calendar) -> Deadline:
    """A deadline of the policy's span from `started_at`."""
    amount, unit = policy.span
    due_at = _count(amount, unit, started_at, calendar)
    deadline = _made(name, policy, started_at, due_at, calendar)
    deadline.amount = amount
    _note(deadline, Change.COUNTED, started_at, amount)
    return deadline


def until(
    name: str, policy: DeadlinePolicy, started_at: datetime, due_at: datetime, calendar: Calendar
) -> Deadline:
    """A deadline with a due time that is given, by a record or by a person; only the ladder counts."""
    deadline = _made(name, policy, started_at, due_at, calendar)
    _note(deadline, Change.GIVEN, started_at)
    return deadline


def _count(amount: int, unit: Unit, start: datetime, calendar: Calendar) -> datetime:
    if unit is Unit.MINUTES:
        return calendar.add(start, timedelta(minutes=amount))
    day = calendar.day_of(start)
    if unit is Unit.WORKING_DAYS and amount == 0:
        # the same day, as long as something can be done on it
        today = calendar.working_day_from(day)
        return calendar.end_of(today if calendar.end_of(today) > start else next(calendar.walk(today, 1)))
    if unit is Unit.WORKING_DAYS:
        return calendar.end_of(calendar.add_working_days(day, amount))
    return calendar.end_of(calendar.working_day_from(day + timedelta(days=amount)))


def _made(
    name: str, policy: DeadlinePolicy, started_at: datetime, due_at: datetime, calendar: Calendar
) -> Deadline:
    rungs = [_rung(rung, started_at, due_at, calendar) for rung in policy.ladder]
    return Deadline(
        name=name,
        started_at=started_at,
        due_at=due_at,
        grace_days=policy.grace_days,
        hard=policy.hard,
        unit=policy.span[1],
        calendar=policy.calendar,
        again=policy.again,
        holds=policy.acknowledged_minutes,
        # a reminder "5 days before" of a deadline of 3 days has no day of its own
        rungs=[rung for rung in rungs if _has_time(rung, started_at)],
    )


def _has_time(rung: Rung, started_at: datetime) -> bool:
    return rung.at is None or rung.at > started_at or (rung.exact and rung.at == started_at)


def _rung(policy: RungPolicy, started_at: datetime, due_at: datetime, calendar: Calendar) -> Rung:
    rung = Rung(
        key=policy.key,
        to=policy.to,
        message=policy.message,
        channels=policy.channels,
        urgent=policy.urgent,
        asks=policy.asks,
        every=policy.every,
        times=policy.times,
        once_a_day=policy.once_a_day,
    )
    origin = started_at if policy.anchor is Anchor.START else due_at
    if policy.anchor is Anchor.PREVIOUS:
        rung.wait = policy.minutes if policy.minutes is not None else policy.days
        rung.wait_unit = Unit.MINUTES if policy.minutes is not None else policy.unit
    elif policy.days is not None:
        rung.at = ladders.notice_after(origin, policy.days, policy.unit, calendar)
    else:
        minutes = timedelta(minutes=policy.minutes or 0)
        if policy.percent is not None:
            origin, minutes = started_at, calendar.open_between(started_at, due_at) * policy.percent / 100
        rung.at, rung.exact = calendar.add(origin, minutes), True
    rung.planned = rung.at if rung.asks else None
    return rung


def _note(deadline: Deadline, how: Change, at: datetime, amount: int | None = None) -> None:
    unit = deadline.unit if amount is not None else None
    change = ClockChange(how=how, at=at, due_at=deadline.due_at, amount=amount, unit=unit)
    deadline.changes = [*deadline.changes, change]


# what is due next


def expires_at(deadline: Deadline) -> datetime:
    """When the clock acts: just after the due time, and after the grace for what is typed in later."""
    return deadline.due_at + timedelta(days=deadline.grace_days) + _JUST_AFTER


def next_moment(deadline: Deadline) -> datetime | None:
    """When something has to happen next; None while paused or when nothing is left."""
    if deadline.paused_at is not None:
        return None
    moments = [moment for rung in deadline.rungs if (moment := ladders.moment_of(rung, deadline)) is not None]
    if deadline.expires:
        moments.append(expires_at(deadline))
    return min(moments, default=None)


def has_expired(deadline: Deadline, now: datetime) -> bool:
    """Whether its consequence is due."""
    return deadline.expires and deadline.paused_at is None and now >= expires_at(deadline)


# other due times


def move(deadline: Deadline, due_at: datetime, now: datetime, calendar: Calendar) -> None:
    """Another due time, which a person gives; what is still to be told keeps its distance from it."""
    _shift(deadline, due_at, calendar)
    deadline.amount = None
    _note(deadline, Change.MOVED, now)


def _shift(deadline: Deadline, due_at: datetime, calendar: Calendar) -> None:
    if due_at == deadline.due_at:
        return
    shift = calendar.day_of(due_at) - calendar.day_of(deadline.due_at)
    for rung in deadline.rungs:
        if not rung.pending or rung.at is None:
            continue
        if rung.exact:
            rung.at = calendar.add(due_at, calendar.open_between(deadline.due_at, rung.at))
        else:
            rung.at += shift
    deadline.due_at = due_at


def restart(
    deadline: Deadline, policy: DeadlinePolicy, now: datetime, was: Calendar, is_: Calendar
) -> Deadline:
    """The deadline under a stricter policy, from now: it never ends later than was promised.

    Args:
        deadline: as it runs or is paused.
        policy: the stricter one.
        now: when it begins to hold.
        was: the calendar on which it has been counted.
        is_: the calendar of the policy.
    """
    promised = deadline.model_copy(deep=True)
    if promised.paused_at is not None:
        resume(promised, now, was)
    fresh = count(deadline.name, policy, now, is_)
    if now <= promised.due_at < fresh.due_at:
        _note(deadline, Change.KEPT, now)
        return deadline
    fresh.expires, fresh.stage, fresh.track = deadline.expires, deadline.stage, deadline.track
    fresh.changes = [*deadline.changes, fresh.changes[-1].model_copy(update={"how": Change.RESTARTED})]
    if deadline.paused_at is not None:
        pause(fresh, now, is_)
    return fresh


def recount(deadline: Deadline, now: datetime, calendar: Calendar) -> bool:
    """Count it once more, on a calendar that has changed; it never ends later than was promised.

    Returns:
        Whether it ends at another time.
    """
    until_now = deadline.paused_at or now
    if deadline.amount is None or deadline.due_at < until_now:
        return False
    begun = max(number for number, change in enumerate(deadline.changes) if change.how in _AS_COUNTED)
    due_at = _count(deadline.amount, deadline.unit, deadline.started_at, calendar)
    fresh = deadline.model_copy(update={"due_at": due_at, "rungs": [], "changes": [], "paused_at": None})
    for change in deadline.changes[begun:]:
        if change.how is Change.PAUSED:
            fresh.paused_at = change.at
        elif change.how is Change.RESUMED:
            resume(fresh, change.at, calendar)
    if not until_now < fresh.due_at < deadline.due_at:
        if fresh.due_at != deadline.due_at:
            _note(deadline, Change.KEPT, now)
        return False
    _shift(deadline, fresh.due_at, calendar)
    _note(deadline, Change.RECOUNTED, now)
    return True


def pause(deadline: Deadline, now: datetime, calendar: Calendar) -> None:
    """Stop the clock."""
    deadline.paused_at = now
    _note(deadline, Change.PAUSED, now, _left(deadline, now, calendar))


def _left(deadline: Deadline, now: datetime, calendar: Calendar) -> int:
    """What is left, in the deadline's unit; minutes that have begun do not count."""
    if deadline.due_at <= now:
        return 0
    if deadline.unit is Unit.MINUTES:
        return int(calendar.open_between(now, deadline.due_at) / timedelta(minutes=1))
    day, due = calendar.day_of(now), calendar.day_of(deadline.due_at)
    return (due - day).days if deadline.unit is Unit.DAYS else calendar.working_days_between(day, due)


def resume(deadline: Deadline, now: datetime, calendar: Calendar) -> None:
    """Let it run with what was left, counted again from now.

    What had passed before the pause stays as long past as it was.
    """
    paused_at, due_at = deadline.paused_at, deadline.due_at
    if paused_at is None:
        raise ValueError(f"{deadline.name} is not paused")
    left = _left(deadline, paused_at, calendar)
    if deadline.unit is Unit.MINUTES:
        late = due_at < paused_at
        due_at = (
            now - (paused_at - due_at)
            if late
            else calendar.add(now, calendar.open_between(paused_at, due_at))
        )
    else:
        due_at = _resumed_by_days(deadline, paused_at, now, calendar)
    deadline.paused_at = None
    _shift(deadline, due_at, calendar)
    _note(deadline, Change.RESUMED, now, left)


def _resumed_by_days(deadline: Deadline, paused_at: datetime, now: datetime, calendar: Calendar) -> datetime:
    paused_on, today = calendar.day_of(paused_at), calendar.day_of(now)
    due_on, clock = calendar.day_of(deadline.due_at), deadline.due_at.astimezone(calendar.zone).time()
    if deadline.due_at < paused_at:
        return datetime.combine(due_on + (today - paused_on), clock, calendar.zone)
    due = _days_later(deadline.unit, paused_on, due_on, today, calendar)
    if datetime.combine(due, clock, calendar.zone) < now:
        # a time of day that has gone by today: the hours that were left are not lost
        due = calendar.add_working_days(today, 1)
    return datetime.combine(due, clock, calendar.zone)


def _days_later(unit: Unit, paused_on: date, due_on: date, today: date, calendar: Calendar) -> date:
    """The day to which the days that were left lead from today."""
    if unit is Unit.DAYS:
        due = today + (due_on - paused_on)
    else:
        left = calendar.working_days_between(paused_on, due_on)
        due = calendar.add_working_days(today, left)
        # the closed days before a due day that is closed itself
        due += due_on - calendar.add_working_days(paused_on, left)
    return calendar.working_day_from(due) if calendar.is_working(due_on) else due


# where the time went


@dataclass(frozen=True, slots=True)
class Account:
    """The time since a deadline was counted: what counted, what it was paused, what was closed."""

    counted: timedelta
    paused: timedelta
    closed: timedelta


def account(deadline: Deadline, now: datetime, calendar: Calendar) -> Account:
    """Where the time from the start until now went; the three are the whole of it."""
    counted = paused = timedelta()
    since: datetime = deadline.started_at
    stopped = False
    for how, at in [*_pauses(deadline), (Change.PAUSED, now)]:
        if stopped:
            paused += at - since
        else:
            counted += calendar.open_between(since, at)
        since, stopped = at, how is Change.PAUSED
    return Account(counted, paused, (now - deadline.started_at) - counted - paused)


def _pauses(deadline: Deadline) -> list[tuple[Change, datetime]]:
    mine = (change for change in deadline.changes if change.at >= deadline.started_at)
    return [(change.how, change.at) for change in mine if change.how in (Change.PAUSED, Change.RESUMED)]
