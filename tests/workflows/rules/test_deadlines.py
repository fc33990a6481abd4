"""Deadlines: counted, explained, reminded once, expired after grace, moved, paused and resumed."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.kernel.calendars import CalendarPolicy, OpenHours
from schemas.kernel.deadlines import Anchor, Change, Deadline, DeadlinePolicy, RungPolicy, Unit
from tests.workflows.rules.builder import default_policy, jst
from workflows.kernel import deadlines as counting
from workflows.kernel import ladders
from workflows.kernel.calendars import calendar_of

JAPAN = calendar_of(default_policy().calendar)
START = jst(2026, 10, 1, 10)
MOMENTS = st.dates(date(2026, 1, 1), date(2030, 12, 31)).flatmap(
    lambda day: st.times().map(lambda clock: datetime.combine(day, clock, JAPAN.zone))
)
DAYS = (Unit.WORKING_DAYS, Unit.DAYS)
AUDIENCES = ("applicant", "referee", "assignee", "role:committee_chair")


def rung(key: str, days: int, *to: str, anchor: Anchor = Anchor.START, unit: Unit = Unit.DAYS) -> RungPolicy:
    return RungPolicy(key=key, days=days, unit=unit, anchor=anchor, to=to or ("applicant",), message="m")


def deadline(*ladder: RungPolicy, days: int = 10, expires: bool = True, **values) -> Deadline:
    policy = DeadlinePolicy(days=days, ladder=ladder, **values)
    made = counting.count("d", policy, START, JAPAN)
    made.expires = expires
    return made


@st.composite
def ladder_policies(draw: st.DrawFn) -> tuple[RungPolicy, ...]:
    count = draw(st.integers(0, 6))
    return tuple(
        RungPolicy(
            key=f"r{number}",
            days=draw(st.integers(-10, 40)),
            unit=draw(st.sampled_from(DAYS)),
            anchor=draw(st.sampled_from((Anchor.START, Anchor.DUE))),
            to=tuple(draw(st.sets(st.sampled_from(AUDIENCES), min_size=1))),
            message="m",
        )
        for number in range(count)
    )


@st.composite
def deadlines(draw: st.DrawFn) -> Deadline:
    policy = DeadlinePolicy(
        days=draw(st.integers(0, 40)),
        unit=draw(st.sampled_from(DAYS)),
        grace_days=draw(st.integers(0, 3)),
        ladder=draw(ladder_policies()),
    )
    made = counting.count("d", policy, draw(MOMENTS), JAPAN)
    made.expires = draw(st.booleans())
    return made


# counting


@pytest.mark.parametrize("hour", [0, 9, 23])
def test_the_day_of_receipt_does_not_count(hour) -> None:
    """One working day from a Thursday is Friday's end, whatever the hour."""
    made = counting.count("d", DeadlinePolicy(days=1), jst(2026, 10, 1, hour), JAPAN)
    assert made.due_at == jst(2026, 10, 2, 23, 59, 59, 999999)


def test_working_days_skip_closed_days() -> None:
    """Ten working days from 1 October pass over two weekends and Sports Day."""
    assert JAPAN.day_of(deadline().due_at) == date(2026, 10, 16)


def test_plain_days_end_on_a_working_day() -> None:
    """Two plain days from a Thursday end on Saturday, so on the Monday after (Civil Code, art. 142)."""
    assert JAPAN.day_of(deadline(days=2, unit=Unit.DAYS).due_at) == date(2026, 10, 5)


@given(deadlines())
def test_every_due_time_is_the_end_of_a_day(made) -> None:
    """What is counted ends with its day, never before the start."""
    assert made.due_at == JAPAN.end_of(JAPAN.day_of(made.due_at))
    assert made.due_at >= made.started_at


def test_a_given_due_time_is_kept() -> None:
    """A cutoff at noon stays at noon."""
    noon = jst(2027, 2, 4, 12)
    assert counting.until("post", DeadlinePolicy(days=0), START, noon, JAPAN).due_at == noon


def test_a_reminder_before_the_start_has_no_day() -> None:
    """A reminder "five days before" of a deadline of three days is left out; the others stay."""
    made = deadline(rung("early", -5, anchor=Anchor.DUE), rung("late", 1, anchor=Anchor.DUE), days=3)
    assert [each.key for each in made.rungs] == ["late"]


# expiry


@pytest.mark.parametrize("grace", [0, 2])
def test_expiry_comes_just_after_the_grace(grace) -> None:
    """At the due time, and until the grace is over, the clock does nothing."""
    made = deadline(grace_days=grace)
    last = made.due_at + timedelta(days=grace)
    assert not counting.has_expired(made, last)
    assert counting.has_expired(made, last + timedelta(microseconds=1))


def test_a_deadline_without_consequence_never_expires() -> None:
    """One that only reminds has no expiry, however late it is."""
    made = deadline(expires=False)
    assert not counting.has_expired(made, jst(2030, 1, 1))
    assert counting.next_moment(made) is None


def test_the_next_moment_is_the_earliest() -> None:
    """First the reminders by their days, then the expiry."""
    made = deadline(rung("b", 9), rung("a", 7))
    assert counting.next_moment(made) == jst(2026, 10, 8, 9)
    ladders.fire(made, jst(2026, 10, 8, 9), JAPAN)
    assert counting.next_moment(made) == jst(2026, 10, 10, 9)
    ladders.fire(made, jst(2026, 10, 10, 9), JAPAN)
    assert counting.next_moment(made) == counting.expires_at(made)


# reminders


def test_after_an_outage_each_audience_gets_the_latest_only() -> None:
    """A month down: one message to each party, the earlier ones are superseded."""
    made = deadline(
        rung("r1", 1, "referee"), rung("a1", 2, "applicant"), rung("r2", 3, "referee"), rung("a2", 4)
    )
    fired = [(each.key, who) for each, who in ladders.fire(made, START + timedelta(days=30), JAPAN)]
    assert fired == [("r2", "referee"), ("a2", "applicant")]
    assert [each.superseded for each in made.rungs] == [("referee",), ("applicant",), (), ()]


def test_one_rung_can_be_latest_for_one_audience_and_not_for_another() -> None:
    """A message to both parties is superseded only for the party that has a later one."""
    made = deadline(rung("both", 1, "applicant", "referee"), rung("a", 2, "applicant"))
    fired = {(each.key, who) for each, who in ladders.fire(made, START + timedelta(days=9), JAPAN)}
    assert fired == {("both", "referee"), ("a", "applicant")}


def test_the_reminder_after_due_needs_none_before() -> None:
    """After-due is sent on its day whether or not a before-due one exists or was sent."""
    made = deadline(rung("before", -2, anchor=Anchor.DUE), rung("after", 1, anchor=Anchor.DUE))
    alone = deadline(rung("after", 1, anchor=Anchor.DUE))
    late = made.due_at + timedelta(days=2)
    assert [each.key for each, _ in ladders.fire(made, late, JAPAN)] == ["after"]
    assert [each.key for each, _ in ladders.fire(alone, late, JAPAN)] == ["after"]


@given(deadlines(), st.lists(st.timedeltas(timedelta(0), timedelta(days=30)), max_size=12))
def test_nothing_fires_twice_or_before_its_moment(made, spans) -> None:
    """However the time goes on, each reminder reaches an audience at most once, from its moment on."""
    now, told = made.started_at, []
    for span in spans:
        now += span
        for each, who in ladders.fire(made, now, JAPAN):
            assert each.at <= now
            told.append((each.key, who))
    assert len(told) == len(set(told))
    for each in made.rungs:
        assert set(each.fired) | set(each.superseded) | set(each.pending) == set(each.to)
        assert not set(each.fired) & set(each.superseded)
        if each.at <= now and spans:
            assert not each.pending


@given(deadlines(), st.timedeltas(timedelta(0), timedelta(days=400)))
def test_after_an_outage_of_any_length_one_message_each(made, outage) -> None:
    """Exactly those with a reminder due get one, and it is their latest."""
    now = made.started_at + outage
    expected = {}
    for each in sorted(made.rungs, key=lambda each: each.at):
        expected |= dict.fromkeys(each.to, each.at) if each.at <= now else {}
    assert {who: each.at for each, who in ladders.fire(made, now, JAPAN)} == expected


@given(deadlines())
def test_the_clock_comes_to_rest(made) -> None:
    """Going from moment to moment ends, at the expiry if there is one."""
    moments = []
    while (moment := counting.next_moment(made)) is not None and not counting.has_expired(made, moment):
        moments.append(moment)
        assert ladders.fire(made, moment, JAPAN)
        assert len(moments) < 100
    assert moments == sorted(moments)
    assert (counting.next_moment(made) is not None) == made.expires


# moved


def test_reminders_keep_their_distance_from_a_moved_deadline() -> None:
    """A week more: what is still to come moves a week, what was sent does not."""
    made = deadline(rung("sent", 1), rung("before", -1, anchor=Anchor.DUE))
    ladders.fire(made, START + timedelta(days=2), JAPAN)
    was = [each.at for each in made.rungs]
    counting.move(made, made.due_at + timedelta(days=7), START, JAPAN)
    assert [each.at for each in made.rungs] == [was[0], was[1] + timedelta(days=7)]
    assert made.changes[-1].how is Change.MOVED


@given(deadlines(), st.integers(-20, 60))
def test_moving_there_and_back_changes_nothing(made, days) -> None:
    """The way back restores the due time and every reminder."""
    before = made.model_copy(deep=True)
    due = made.due_at
    counting.move(made, due + timedelta(days=days), made.started_at, JAPAN)
    counting.move(made, due, made.started_at, JAPAN)
    assert (made.due_at, made.rungs) == (before.due_at, before.rungs)


# paused


def test_a_paused_deadline_has_no_moment() -> None:
    """While it is paused nothing is due and nothing expires."""
    made = deadline(rung("a", 1))
    counting.pause(made, START, JAPAN)
    assert counting.next_moment(made) is None
    assert not counting.has_expired(made, jst(2030, 1, 1))


def test_a_running_deadline_cannot_be_resumed() -> None:
    """Resuming what runs is an error of the caller."""
    with pytest.raises(ValueError, match="not paused"):
        counting.resume(deadline(), START, JAPAN)


def test_resuming_gives_back_the_working_days_left() -> None:
    """Paused with seven working days left, it has seven after the pause."""
    made = deadline()
    counting.pause(made, jst(2026, 10, 6, 10), JAPAN)
    counting.resume(made, jst(2026, 11, 10, 10), JAPAN)
    assert JAPAN.working_days_between(date(2026, 11, 10), JAPAN.day_of(made.due_at)) == 7
    assert (made.changes[-1].how, made.changes[-1].amount) == (Change.RESUMED, 7)


@given(deadlines(), st.data())
def test_pausing_and_resuming_at_once_changes_nothing(made, data) -> None:
    """A pause of no length costs nothing and gives nothing, also on a due day that is closed."""
    due = made.due_at + timedelta(days=data.draw(st.integers(0, 7)))
    counting.move(made, due, made.started_at, JAPAN)
    now = made.started_at + (due - made.started_at) * data.draw(st.floats(0, 1))
    rungs = [each.at for each in made.rungs]
    counting.pause(made, now, JAPAN)
    counting.resume(made, now, JAPAN)
    assert made.due_at == due
    assert [each.at for each in made.rungs] == rungs
    assert made.paused_at is None


@given(deadlines(), st.floats(0, 1), st.timedeltas(timedelta(0), timedelta(days=60)))
def test_a_pause_never_shortens(made, share, length) -> None:
    """The time that was left at the pause, in days as they are counted, is there after it."""
    now = made.started_at + (made.due_at - made.started_at) * share
    due = JAPAN.day_of(made.due_at)
    later = now + length
    counting.pause(made, now, JAPAN)
    counting.resume(made, later, JAPAN)
    after = JAPAN.day_of(made.due_at)
    if made.unit is Unit.WORKING_DAYS:
        left = JAPAN.working_days_between(JAPAN.day_of(now), due)
        assert JAPAN.working_days_between(JAPAN.day_of(later), after) >= left
    else:
        assert after - JAPAN.day_of(later) >= due - JAPAN.day_of(now)
    assert made.due_at >= later


def test_hours_left_are_not_lost_by_a_pause() -> None:
    """Two hours before a cutoff at noon it is paused; resumed on an afternoon it is not over at once."""
    made = counting.until("post", DeadlinePolicy(days=0), START, jst(2027, 2, 4, 12), JAPAN)
    counting.pause(made, jst(2027, 2, 4, 10), JAPAN)
    counting.resume(made, jst(2027, 2, 8, 15), JAPAN)
    assert made.due_at == jst(2027, 2, 9, 12)


def test_a_deadline_that_had_passed_is_not_revived_by_a_pause() -> None:
    """Paused in the grace after the due time, it is still past after the pause."""
    made = deadline(grace_days=3)
    later = made.due_at + timedelta(days=9)
    counting.pause(made, made.due_at + timedelta(days=1), JAPAN)
    counting.resume(made, later, JAPAN)
    assert made.due_at == later - timedelta(days=1)


@pytest.mark.parametrize(
    ("started", "due"),
    [
        (jst(2026, 11, 27, 10), jst(2026, 11, 27, 18)),
        (jst(2026, 11, 27, 18, 24), jst(2026, 11, 30, 18)),
        (jst(2026, 11, 28, 10), jst(2026, 11, 30, 18)),
    ],
    ids=["Friday", "Friday after hours", "Saturday"],
)
def test_the_same_working_day_is_one_on_which_it_can_still_be_done(started: datetime, due: datetime) -> None:
    """What came on Friday after hours was missed before anybody could have seen it."""
    week = OpenHours(days=("mon", "tue", "wed", "thu", "fri"), opens=time(9), closes=time(18))
    office = calendar_of(CalendarPolicy(hours=(week,)))
    policy = DeadlinePolicy(days=0, unit=Unit.WORKING_DAYS)
    assert counting.count("d", policy, started, office).due_at == due
