"""Deadlines as data: counted, reminded, moved, paused. Pure; the timer is in `workflows/kernel/case.py`.

The day of the start does not count and the due day lasts until its end (Civil Code of Japan, art. 140,
141); a span of plain days that ends on a closed day ends on the next working day (art. 142).
"""

from datetime import date, datetime, timedelta

from schemas.kernel.deadlines import Anchor, Deadline, DeadlinePolicy, Rung, RungPolicy, Unit
from workflows.kernel.working_days import Calendar

_JUST_AFTER = timedelta(microseconds=1)


def count(name: str, policy: DeadlinePolicy, started_at: datetime, calendar: Calendar) -> Deadline:
    """A deadline of so many days from `started_at`."""
    start = calendar.day_of(started_at)
    if policy.unit is Unit.WORKING_DAYS:
        due = calendar.add_working_days(start, policy.days)
    else:
        due = calendar.working_day_from(start + timedelta(days=policy.days))
    deadline = until(name, policy, started_at, calendar.end_of(due), calendar)
    deadline.calculation = explain(policy.unit, start, due, calendar)
    return deadline


def until(
    name: str, policy: DeadlinePolicy, started_at: datetime, due_at: datetime, calendar: Calendar
) -> Deadline:
    """A deadline with a due time that is given, by a record or by a person; only the reminders count."""
    rungs = [_rung(rung, started_at, due_at, calendar) for rung in policy.ladder]
    return Deadline(
        name=name,
        started_at=started_at,
        due_at=due_at,
        grace_days=policy.grace_days,
        hard=policy.hard,
        unit=policy.unit,
        # a reminder "5 days before" of a deadline of 3 days has no day of its own
        rungs=[rung for rung in rungs if rung.at > started_at],
        calculation=(f"set to {due_at.astimezone(calendar.zone):%Y-%m-%d %a %H:%M} ({calendar.zone.key})",),
    )


def _rung(policy: RungPolicy, started_at: datetime, due_at: datetime, calendar: Calendar) -> Rung:
    origin = calendar.day_of(started_at if policy.anchor is Anchor.START else due_at)
    if policy.unit is Unit.WORKING_DAYS:
        day = calendar.add_working_days(origin, policy.days)
    else:
        day = origin + timedelta(days=policy.days)
    return Rung(key=policy.key, at=calendar.notice_time(day), to=policy.to, message=policy.message)


def explain(unit: Unit, start: date, due: date, calendar: Calendar) -> tuple[str, ...]:
    """The counting in words, for the person who doubts it."""
    days = [start + timedelta(days=offset) for offset in range(1, (due - start).days + 1)]
    counted = [day for day in days if unit is Unit.DAYS or calendar.is_working(day)]
    skipped = [day for day in days if day not in counted]
    lines = [f"start {start:%Y-%m-%d %a} (does not count)"]
    if counted:
        word = "working days" if unit is Unit.WORKING_DAYS else "days"
        lines.append(f"{len(counted)} {word} counted: {counted[0]:%Y-%m-%d %a} to {counted[-1]:%Y-%m-%d %a}")
    if skipped:
        lines.append("skipped: " + ", ".join(f"{day:%Y-%m-%d %a}" for day in skipped))
    lines.append(f"due {due:%Y-%m-%d %a}, until the end of the day ({calendar.zone.key})")
    return tuple(lines)


def expires_at(deadline: Deadline) -> datetime:
    """When the clock acts: just after the due time, and after the grace for what is typed in later."""
    return deadline.due_at + timedelta(days=deadline.grace_days) + _JUST_AFTER


def next_moment(deadline: Deadline) -> datetime | None:
    """When something has to happen next; None while paused or when nothing is left."""
    if deadline.paused_at is not None:
        return None
    moments = [rung.at for rung in deadline.rungs if rung.pending]
    if deadline.expires:
        moments.append(expires_at(deadline))
    return min(moments, default=None)


def has_expired(deadline: Deadline, now: datetime) -> bool:
    """Whether its consequence is due."""
    return deadline.expires and deadline.paused_at is None and now >= expires_at(deadline)


def fire(deadline: Deadline, now: datetime) -> list[tuple[Rung, str]]:
    """The reminders due now, as (rung, audience), and marks them.

    After an outage several may be due to the same audience. Only the latest of them goes out; the
    earlier ones are marked superseded: whoever was down for a month must not send a month of mails.
    """
    due = sorted((rung for rung in deadline.rungs if rung.pending and rung.at <= now), key=lambda r: r.at)
    latest = {audience: rung for rung in due for audience in rung.pending}
    for rung in due:
        told = tuple(who for who in rung.pending if latest[who] is rung)
        late = tuple(who for who in rung.pending if latest[who] is not rung)
        rung.fired, rung.superseded = rung.fired + told, rung.superseded + late
    return sorted(((rung, who) for who, rung in latest.items()), key=lambda pair: pair[0].at)


def move(deadline: Deadline, due_at: datetime, calendar: Calendar) -> None:
    """Another due time; reminders still to come keep their distance in days from it."""
    shift = calendar.day_of(due_at) - calendar.day_of(deadline.due_at)
    for rung in deadline.rungs:
        if rung.pending:
            rung.at += shift
    before, deadline.due_at = deadline.due_at, due_at
    was, now = (moment.astimezone(calendar.zone) for moment in (before, due_at))
    line = f"moved from {was:%Y-%m-%d %H:%M} to {now:%Y-%m-%d %H:%M}"
    deadline.calculation = (*deadline.calculation, line)


def pause(deadline: Deadline, now: datetime, calendar: Calendar) -> None:
    """Stop the clock."""
    deadline.paused_at = now
    deadline.calculation = (*deadline.calculation, f"paused {calendar.day_of(now):%Y-%m-%d %a}")


def resume(deadline: Deadline, now: datetime, calendar: Calendar) -> None:
    """Let it run with the days that were left, counted again from today.

    What had passed before the pause stays as long past as it was.
    """
    if deadline.paused_at is None:
        raise ValueError(f"{deadline.name} is not paused")
    paused_on, today = calendar.day_of(deadline.paused_at), calendar.day_of(now)
    due_on, clock = calendar.day_of(deadline.due_at), deadline.due_at.astimezone(calendar.zone).time()
    if deadline.due_at < deadline.paused_at:
        left, due = 0, due_on + (today - paused_on)
    else:
        left, due = _days_left(deadline.unit, paused_on, due_on, today, calendar)
        if datetime.combine(due, clock, calendar.zone) < now:
            # a time of day that has gone by today: the hours that were left are not lost
            due = calendar.add_working_days(today, 1)
    deadline.paused_at = None
    deadline.calculation = (
        *deadline.calculation,
        f"resumed {today:%Y-%m-%d %a} with {left} {deadline.unit.replace('_', ' ')} left",
    )
    move(deadline, datetime.combine(due, clock, calendar.zone), calendar)


def _days_left(
    unit: Unit, paused_on: date, due_on: date, today: date, calendar: Calendar
) -> tuple[int, date]:
    """How many days were left, and the day they lead to from today."""
    if unit is Unit.DAYS:
        left = (due_on - paused_on).days
        due = today + timedelta(days=left)
    else:
        left = calendar.working_days_between(paused_on, due_on)
        due = calendar.add_working_days(today, left)
        # the closed days before a due day that is closed itself
        due += due_on - calendar.add_working_days(paused_on, left)
    return left, calendar.working_day_from(due) if calendar.is_working(due_on) else due
