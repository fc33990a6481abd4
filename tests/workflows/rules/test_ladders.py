"""Ladders: who is asked when, repeated, climbed on silence, stopped by an answer, gone on after an outage."""

import itertools
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.kernel.calendars import AROUND_THE_CLOCK
from schemas.kernel.deadlines import Anchor, Deadline, DeadlinePolicy, RungPolicy
from tests.workflows.rules.builder import jst
from workflows.kernel import deadlines as counting
from workflows.kernel import ladders
from workflows.kernel.calendars import calendar_of

ALWAYS = calendar_of(AROUND_THE_CLOCK)
START = jst(2026, 11, 22, 23)
MINUTE = timedelta(minutes=1)


def asks(key: str, **said) -> RungPolicy:
    return RungPolicy.model_validate(
        {"key": key, "to": [f"role:{key}"], "message": "m", "asks": True, **said}
    )


FIRST = asks("first", minutes=0, every=5, times=3)
SECOND = asks("second", minutes=5, anchor="previous", every=5, times=3)
HEAD = asks("head", minutes=5, anchor="previous")
PAGES = (FIRST, SECOND, HEAD)
CHAIN = (
    asks("lead", minutes=0, anchor="due"),
    asks("head", minutes=24 * 60, anchor="due"),
    asks("vice", minutes=48 * 60, anchor="due"),
)


def running(*ladder: RungPolicy, minutes: int = 0, **said) -> Deadline:
    policy = DeadlinePolicy(minutes=minutes, ladder=ladder, **said)
    return counting.count("d", policy, START, ALWAYS)


def run(deadline: Deadline, until: datetime) -> list[tuple[str, int]]:
    """Go from moment to moment; what was told, as (rung, minute)."""
    told = []
    while (moment := counting.next_moment(deadline)) is not None and moment <= until:
        fired = ladders.fire(deadline, moment, ALWAYS)
        assert fired
        told += [(rung.key, round((moment - START) / MINUTE)) for rung, _ in fired]
    return told


def test_e06_repeated_and_climbed_on_silence() -> None:
    """Every five minutes, the next person after three unanswered pages."""
    told = run(running(*PAGES), START + timedelta(days=1))
    assert told == [
        *(("first", minute) for minute in (0, 5, 10)),
        *(("second", minute) for minute in (15, 20, 25)),
        ("head", 30),
    ]


def test_e06_after_the_last_person_again() -> None:
    """Nobody has answered: it begins with the first one again, and does not end."""
    told = run(running(*PAGES, again=True), START + 60 * MINUTE)
    assert [key for key, _ in told] == ["first"] * 3 + ["second"] * 3 + ["head"] + ["first"] * 3 + [
        "second"
    ] * 3
    assert told[7] == ("first", 35)


def test_e01_an_acknowledgement_stops_the_climb_and_starts_its_own_timer() -> None:
    """Acknowledged at the second page, silent for half an hour, then the next person: it had run out."""
    deadline = running(*PAGES, acknowledged_minutes=30)
    run(deadline, START + 5 * MINUTE)
    ladders.acknowledge(deadline, "sato", START + 7 * MINUTE, ALWAYS)
    assert run(deadline, START + 36 * MINUTE) == []
    assert run(deadline, START + 60 * MINUTE)[0] == ("second", 37)


def test_an_acknowledgement_without_end_holds() -> None:
    """Where the policy sets no time, nobody further up is asked until it is stopped."""
    deadline = running(*CHAIN, minutes=60)
    run(deadline, START + 60 * MINUTE)
    ladders.acknowledge(deadline, "sato", START + 61 * MINUTE, ALWAYS)
    assert counting.next_moment(deadline) is None


def test_e01_each_level_at_its_own_time() -> None:
    """Lead when due, head a day later, vice-president two days later."""
    assert run(running(*CHAIN, minutes=60), START + timedelta(days=9)) == [
        ("lead", 60),
        ("head", 60 + 24 * 60),
        ("vice", 60 + 48 * 60),
    ]


def test_what_was_due_while_an_acknowledgement_held_follows_when_it_runs_out() -> None:
    """The head was due meanwhile: told as soon as the acknowledgement is over."""
    deadline = running(*CHAIN, minutes=60, acknowledged_minutes=30 * 60)
    run(deadline, START + 60 * MINUTE)
    ladders.acknowledge(deadline, "sato", START + 60 * MINUTE, ALWAYS)
    assert run(deadline, START + timedelta(days=1, hours=7)) == [("head", 60 + 30 * 60)]


def test_s07_after_three_days_down_each_due_rung_once_in_order() -> None:
    """Lead, head and vice-president are told in one go, none is left out and none is told twice."""
    deadline = running(*CHAIN, minutes=60)
    late = START + timedelta(days=3)
    assert [rung.key for rung, _ in ladders.fire(deadline, late, ALWAYS)] == ["lead", "head", "vice"]
    assert ladders.fire(deadline, late, ALWAYS) == []


def test_silence_begins_with_the_page() -> None:
    """A page that an outage has held up for hours is waited for as long as any other."""
    deadline = running(*PAGES)
    late = START + timedelta(hours=9)
    assert [rung.key for rung, _ in ladders.fire(deadline, late, ALWAYS)] == ["first"]
    assert counting.next_moment(deadline) == late + 5 * MINUTE


def test_who_was_asked_and_has_answered_is_not_asked_once_more() -> None:
    """Acknowledged after the first of three pages: when it runs out the next person is asked."""
    deadline = running(*PAGES, acknowledged_minutes=30)
    run(deadline, START)
    ladders.acknowledge(deadline, "sato", START + MINUTE, ALWAYS)
    assert run(deadline, START + 31 * MINUTE) == [("second", 31)]


def test_e10_an_empty_rung_is_passed_at_once() -> None:
    """Nobody is on duty: the next one is asked in the same minute."""
    deadline = running(*PAGES)
    ((first, _),) = ladders.fire(deadline, START, ALWAYS)
    ladders.pass_over(deadline, first, START, ALWAYS)
    assert [rung.key for rung, _ in ladders.fire(deadline, START, ALWAYS)] == ["second"]


def test_with_nobody_there_at_all_the_round_takes_its_time() -> None:
    """A ladder that begins again with nobody on it does not turn without end in one moment."""
    deadline = running(*PAGES, again=True)
    for _ in range(3):
        ((rung, _),) = ladders.fire(deadline, START, ALWAYS)
        ladders.pass_over(deadline, rung, START, ALWAYS)
    assert counting.next_moment(deadline) == START + 5 * MINUTE


def test_e08_escalated_by_a_person() -> None:
    """The next rung is told at once, in spite of an acknowledgement; from the last one nothing is above."""
    deadline = running(*CHAIN, minutes=60)
    run(deadline, START + 60 * MINUTE)
    ladders.acknowledge(deadline, "sato", START + 61 * MINUTE, ALWAYS)
    now = START + 62 * MINUTE
    for key in ("head", "vice"):
        climbed = ladders.climb(deadline, now)
        assert climbed is not None
        assert [rung.key for rung, _ in ladders.fire(deadline, now, ALWAYS)] == [key]
    assert ladders.climb(deadline, now) is None


def test_e08_given_back_to_the_first_rung() -> None:
    """The lead is told again, and the others follow as far after it as they did."""
    deadline = running(*CHAIN, minutes=60)
    run(deadline, START + timedelta(days=2))
    back = START + timedelta(days=2)
    ladders.descend(deadline, back)
    minutes = 48 * 60
    assert run(deadline, START + timedelta(days=9)) == [
        ("lead", minutes),
        ("head", minutes + 24 * 60),
        ("vice", minutes + 48 * 60),
    ]


def test_reminders_go_on_beside_an_acknowledgement() -> None:
    """What asks nobody, such as a note to the student, is not held by it."""
    note = RungPolicy(key="note", minutes=20, to=("student",), message="m", anchor=Anchor.START)
    deadline = running(*PAGES, note)
    run(deadline, START)
    ladders.acknowledge(deadline, "sato", START + MINUTE, ALWAYS)
    assert run(deadline, START + timedelta(days=1)) == [("note", 20)]


def test_a_paused_ladder_is_silent_and_goes_on() -> None:
    """While the clock is paused nobody is told; afterwards the distances are as they were."""
    deadline = running(*CHAIN, minutes=60)
    counting.pause(deadline, START + 30 * MINUTE, ALWAYS)
    assert counting.next_moment(deadline) is None
    counting.resume(deadline, START + 90 * MINUTE, ALWAYS)
    assert run(deadline, START + timedelta(days=9))[0] == ("lead", 120)


LADDERS = st.sampled_from([(PAGES, False), (PAGES, True), (CHAIN, False)])


@pytest.mark.parametrize("holds", [None, 30])
@given(LADDERS, st.lists(st.tuples(st.integers(0, 3000), st.booleans()), max_size=30))
def test_whatever_happens_no_rung_is_skipped_and_none_asks_while_acknowledged(
    holds, ladder, happenings
) -> None:
    """Outages of any length and acknowledgements at any time.

    The rungs follow in their order, each as often as its policy says, none before its silence is over.
    """
    policy, again = ladder
    deadline = running(*policy, minutes=60, again=again, acknowledged_minutes=holds)
    now, told = START, list[tuple[str, datetime]]()
    for span, answers in happenings:
        now += span * MINUTE
        held = deadline.acknowledged
        for rung, _ in ladders.fire(deadline, now, ALWAYS):
            assert held is None or (held.until is not None and held.until <= now)
            told.append((rung.key, now))
        if answers and told:
            ladders.acknowledge(deadline, "sato", now, ALWAYS)
    order = [rung.key for rung in policy]
    limit = {rung.key: rung.times for rung in policy}
    rounds = list[str]()
    for key, _ in told:
        if not rounds or rounds[-1] != key:
            assert key == order[len(rounds) % len(order)] if again else key == order[len(rounds)]
            rounds.append(key)
    if not again:
        assert all([key for key, _ in told].count(key) <= limit[key] for key in order)
    if policy is PAGES:
        moments = [moment for _, moment in told]
        assert all(later - earlier >= 5 * MINUTE for earlier, later in itertools.pairwise(moments))
