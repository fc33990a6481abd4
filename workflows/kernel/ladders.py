"""The ladder of a deadline: who is told when, until somebody acknowledges or what is asked for is done. Pure.

A rung that asks holds the next ones up by an acknowledgement, and silence leads on from it. Silence begins
when somebody was told: what was told late, after an outage, is waited for as long as what was told in time.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from schemas.kernel.deadlines import Acknowledgement, Deadline, Rung, Unit
from workflows.kernel.calendars import Calendar


def notice_after(origin: datetime, days: int, unit: Unit, calendar: Calendar) -> datetime:
    """The hour of notices on the day so many days after a moment, or before it."""
    day = calendar.day_of(origin)
    if unit is Unit.WORKING_DAYS:
        return calendar.notice_time(calendar.add_working_days(day, days))
    return calendar.notice_time(day + timedelta(days=days))


def moment_of(rung: Rung, deadline: Deadline) -> datetime | None:
    """When a rung is to be told; None: nobody is left, it waits for a silence, or it is held for good."""
    if rung.at is None or not rung.pending:
        return None
    held = deadline.acknowledged
    if not rung.asks or held is None:
        return rung.at
    return None if held.until is None else max(rung.at, held.until)


def fire(deadline: Deadline, now: datetime, calendar: Calendar) -> list[tuple[Rung, str]]:
    """Whom to tell now, as (rung, audience) in order, and marks them as told.

    After an outage several rungs may be due to the same audience. Of those that only remind the latest goes
    out and the earlier ones are marked superseded: whoever was down for a month must not send a month of
    mails. Of those that ask none is left out.
    """
    due = [rung for rung in deadline.rungs if (at := moment_of(rung, deadline)) is not None and at <= now]
    due.sort(key=lambda rung: rung.at or now)
    latest = {who: rung for rung in due if not rung.asks for who in rung.pending}
    told = list[tuple[Rung, str]]()
    for rung in due:
        now_told = tuple(who for who in rung.pending if rung.asks or latest[who] is rung)
        told += [(rung, who) for who in now_told]
        late = tuple(who for who in rung.pending if who not in now_told)
        rung.fired, rung.superseded = rung.fired + now_told, rung.superseded + late
        _told(deadline, rung, now, calendar)
    return told


def _told(deadline: Deadline, rung: Rung, now: datetime, calendar: Calendar) -> None:
    rung.told += 1
    if rung.told < rung.times and rung.every is not None:
        rung.at, rung.exact = calendar.add(now, timedelta(minutes=rung.every)), True
        rung.fired = rung.superseded = ()
    elif rung.asks:
        _climb(deadline, rung, now, calendar)


def _climb(deadline: Deadline, rung: Rung, now: datetime, calendar: Calendar) -> None:
    """Let the rung that follows on the silence of another one wait for it."""
    asking = [each for each in deadline.rungs if each.asks]
    number = asking.index(rung) + 1
    if number < len(asking):
        following = asking[number]
        if following.wait is not None and following.at is None:
            following.at, following.exact = (
                _after_silence(following, now, calendar),
                following.wait_unit is Unit.MINUTES,
            )
    elif deadline.again:
        for each in asking:
            each.at, each.told, each.fired, each.superseded = None, 0, (), ()
        asking[0].at, asking[0].exact = _after_silence(rung, now, calendar), True


def _after_silence(rung: Rung, now: datetime, calendar: Calendar) -> datetime:
    wait = rung.wait if rung.wait is not None else rung.every or 1
    if rung.wait_unit is Unit.MINUTES:
        return calendar.add(now, timedelta(minutes=wait))
    return notice_after(now, wait, rung.wait_unit, calendar)


def pass_over(deadline: Deadline, rung: Rung, now: datetime, calendar: Calendar) -> None:
    """Nobody is there on a rung that was due: what follows on it does so at once.

    The first rung of another round does not, and waits its time after the last one: with nobody there at all
    it would never end.
    """
    asking = [each for each in deadline.rungs if each.asks]
    number = asking.index(rung) + 1
    if not rung.told:
        return  # the next round has begun
    rung.told, rung.fired = rung.times, rung.to
    if number == len(asking):
        _climb(deadline, rung, now, calendar)
    elif asking[number].wait is not None:
        asking[number].at, asking[number].exact = now, True


def unreached(deadline: Deadline, who: Collection[str], now: datetime, calendar: Calendar) -> Rung | None:
    """Whoever was asked last cannot have heard of it: the next rung is told at once, as if they were silent.

    Returns:
        The rung that is passed over; None where somebody else was asked too, or somebody looks after it.
    """
    held = deadline.acknowledged
    told = [rung for rung in deadline.rungs if rung.asks and rung.told]
    if not told or (held is not None and (held.until is None or held.until > now)):
        return None
    rung = told[-1]
    if not rung.asked or not set(rung.asked) <= set(who):
        return None
    pass_over(deadline, rung, now, calendar)
    return rung


def acknowledge(deadline: Deadline, by: str, now: datetime, calendar: Calendar) -> Acknowledgement:
    """Somebody looks after it: the rungs that ask are silent so long as it holds, and then go on."""
    until = None if deadline.holds is None else calendar.add(now, timedelta(minutes=deadline.holds))
    deadline.acknowledged = Acknowledgement(by=by, at=now, until=until)
    for rung in deadline.rungs:
        if rung.asks and rung.told and rung.pending:
            # who has answered is not asked once more: the next one is
            rung.told, rung.fired = rung.times, rung.to
            _climb(deadline, rung, now, calendar)
    return deadline.acknowledged


def climb(deadline: Deadline, now: datetime) -> Rung | None:
    """Have the next rung told at once, by a person's wish; None when the last one was told."""
    above = next((rung for rung in deadline.rungs if rung.asks and not rung.told), None)
    if above is not None:
        deadline.acknowledged = None
        above.at, above.exact = now, True
    return above


def descend(deadline: Deadline, now: datetime) -> None:
    """Begin again at the first rung that asks: the others follow as far after it as they did."""
    deadline.acknowledged = None
    asking = [rung for rung in deadline.rungs if rung.asks]
    first = asking[0].planned or now
    for rung in asking:
        rung.told, rung.fired, rung.superseded = 0, (), ()
        rung.at = None if rung.planned is None else now + (rung.planned - first)


def silence(deadline: Deadline) -> None:
    """Nothing more is told."""
    for rung in deadline.rungs:
        rung.superseded = (*rung.superseded, *rung.pending)
