"""S1 to S10, S14, S19: which clock runs when, on which calendar, and what a level changes."""

from datetime import timedelta

import pytest

from schemas.support import commands
from schemas.support.stages import Stage, level_of
from tests.support.builder import NOW, REASON, Pure, jst, refused

DAY_END = (23, 59, 59, 999999)


def test_s01_three_clocks_and_the_earliest_is_the_cases() -> None:
    """First response, next update, resolution; the list shows the one that is due first."""
    case = Pure().assigned()
    assert {"first-response", "resolution"} <= case.state.deadlines.keys()
    assert case.last.due_at == min(case.due(name) for name in case.state.deadlines)
    case.reached()
    assert "first-response" not in case.state.deadlines
    case.event("message-arrived", thread="t1", direction="in")
    assert "update" in case.state.deadlines


def test_s01_the_update_clock_is_cleared_by_a_real_reply_and_starts_again() -> None:
    """A message starts it, a contact ends it, the next message starts it anew."""
    case = Pure().in_contact()
    case.event("message-arrived", thread="t1", direction="in")
    first = case.due("update")
    case.wait(hours=30)
    case.event("message-arrived", thread="t1", direction="in")
    assert case.due("update") == first, "who writes twice waits no longer"
    case.reached()
    assert "update" not in case.state.deadlines
    case.event("message-arrived", thread="t1", direction="in")
    assert case.due("update") > first


def test_zammad_1322_an_answer_by_web_starts_the_clock() -> None:
    """By which way the student writes does not matter."""
    case = Pure().in_contact()
    case.event("message-arrived", thread="web", direction="in")
    assert "update" in case.state.deadlines


@pytest.mark.parametrize(
    ("scores", "level", "due"),
    [
        ((4, 0), 1, jst(2026, 11, 16, 11, 15)),
        ((3, 1), 2, jst(2026, 11, 16, *DAY_END)),
        ((2, 0), 3, jst(2026, 11, 18, 18)),
        ((1, 0), 4, jst(2026, 11, 24, 18)),
    ],
)
def test_s02_the_level_picks_target_and_calendar(scores, level, due) -> None:
    """A quarter of an hour around the clock; the same day; two working days; five, over a holiday."""
    case = Pure().assigned(distress=scores[0], hostility=scores[1])
    assert case.state.level == level
    assert case.due("first-response") == due


def test_s02_a_crisis_at_night_on_a_holiday_has_its_quarter_of_an_hour() -> None:
    """Around the clock means so."""
    case = Pure(now=jst(2026, 11, 23, 3), danger=True)
    assert case.due("first-response") == jst(2026, 11, 23, 3, 15)


def test_s04_while_the_student_is_waited_for_the_clock_stands_still() -> None:
    """Ten days of waiting take nothing of what was left."""
    case = Pure().in_contact()
    was = case.due("resolution")
    case.decide(commands.Wait, "counsellor-1", on="student", until=case.now + timedelta(days=9))
    assert case.state.deadlines["resolution"].paused_at == case.now
    case.wait(days=7)
    case.event("message-arrived", thread="t1", direction="in")
    assert case.state.stage == Stage.IN_CONTACT
    assert case.state.deadlines["resolution"].paused_at is None
    assert case.due("resolution") > was


def test_s04_waiting_for_a_unit_is_our_own_time() -> None:
    """Only the student's turn stops our clocks."""
    case = Pure().waiting(on="unit")
    assert case.state.deadlines["resolution"].paused_at is None


def test_glpi_15605_the_pause_is_kept_when_the_level_changes() -> None:
    """Raised and lowered while it is the student's turn: still paused, with no more than was left."""
    case = Pure().waiting()
    left = case.due("resolution") - case.state.deadlines["resolution"].paused_at
    case.decide(commands.Rescore, "counsellor-1", distress=3, distress_reason_id=REASON)
    case.decide(commands.Rescore, "counsellor-1", distress=1, distress_reason_id=REASON)
    clock = case.state.deadlines["resolution"]
    assert clock.paused_at is not None
    assert clock.due_at - clock.paused_at <= left


@pytest.mark.parametrize(
    "data",
    [
        {"direction": "out", "automatic": True},
        {"direction": "in", "automatic": True},
        {"direction": "in", "sender": "other"},
        {"direction": "out"},
    ],
    ids=["auto-reply", "machine mail", "thanks of somebody else", "a letter of ours"],
)
def test_s05_only_a_recorded_contact_is_a_first_response(data) -> None:
    """Zammad 5113, frappe: nothing else stops the clock."""
    case = Pure().assigned()
    was = case.due("first-response")
    case.event("message-arrived", thread="t1", **data)
    assert case.due("first-response") == was
    assert case.state.responded_at is None


def test_s05_neither_is_an_attempt_that_failed() -> None:
    """Who was not reached was not spoken to."""
    case = Pure().assigned()
    case.missed()
    assert "first-response" in case.state.deadlines


def test_s07_every_breach_is_told_after_an_outage() -> None:
    """Oncall 1206: down over the due time, and over a week-end, the breach is told when we are back."""
    case = Pure().assigned()
    case.down_until(jst(2026, 11, 21, 12))
    told = [message for message, _ in case.notices()]
    assert told.count("overdue") == 1
    assert [to for _, to in case.notices("please-acknowledge")] == [
        "staff:lead-1",
        "staff:head-1",
        "staff:vice-1",
    ]


def _breached_at(case: Pure) -> int:
    """Where in its log a case tells that the first response is late."""
    (at,) = [at for at, each in enumerate(case.log) if any(key.startswith("breach>") for key in each.details)]
    return at


def test_s07_what_comes_after_an_outage_takes_nothing_from_what_was_due_in_it() -> None:
    """A raised level counts anew, but not before the breach is told that has happened meanwhile."""
    case = Pure().assigned()
    case.now = case.due("first-response") + timedelta(minutes=5)
    case.decide(
        commands.Rescore,
        "counsellor-1",
        distress=3,
        hostility=0,
        distress_reason_id=REASON,
        hostility_reason_id=REASON,
    )
    assert _breached_at(case) < case.steps().index("rescore")


def test_s07_nothing_is_told_of_what_was_answered_in_time_and_is_recorded_later() -> None:
    """Called before it was due, typed in after an outage, before the clock has looked."""
    case = Pure().assigned()
    called = case.now + timedelta(minutes=5)
    case.now = case.due("first-response") + timedelta(minutes=5)
    case.reached(at=called)
    assert case.notices("overdue") == []


def test_s08_zammad_5177_no_update_is_owed_before_the_first_response() -> None:
    """A student who writes again before anybody has spoken to them starts no second clock."""
    case = Pure().assigned()
    case.event("message-arrived", thread="t1", direction="in")
    assert "update" not in case.state.deadlines


@pytest.mark.parametrize(
    ("distress", "hostility", "level"),
    [
        (4, 0, 1),
        (0, 4, 1),
        (3, 2, 2),
        (2, 2, 3),
        (1, 0, 4),
        (0, 0, 4),
        (None, 0, 3),
        (None, 3, 2),
        (1, None, 3),
    ],
)
def test_s09_the_higher_score_gives_the_level(distress, hostility, level) -> None:
    """4 → 1, 3 → 2, 2 → 3, else 4; what is not known is not 0."""
    assert level_of(distress, hostility) == level


def test_s09_each_score_has_its_reason() -> None:
    """Without one the triage is refused, and so is one without any score."""
    case = Pure()
    with refused("rubric-without-reason"):
        case.decide(commands.Triage, "triage-1", distress=2, hostility=1, distress_reason_id=REASON)
    with refused("rubric-empty"):
        case.decide(commands.Triage, "triage-1")


def test_s09_unscored_at_the_days_end_it_is_urgent() -> None:
    """Level 2 from then on, deputy and head are asked, and it waits for its triage still."""
    case = Pure()
    case.wait_until(jst(2026, 11, 16, 19))
    assert case.state.level == 2
    assert not case.state.scored
    assert "triage" in case.tasks()
    assert ("please-acknowledge", "staff:triage-1") in case.notices()


def test_s09_an_outage_takes_nothing_from_what_nobody_judged() -> None:
    """Urgent since the end of its first day, however late the clock acts: late, and its chain is due."""
    case, up = Pure(), Pure()
    case.down_until(jst(2026, 11, 19, 12))
    up.wait_until(jst(2026, 11, 19, 12))
    assert case.due("first-response") == up.due("first-response") == jst(2026, 11, 16, *DAY_END)
    for pure in (case, up):
        asked = [to for _, to in pure.notices("please-acknowledge")]
        assert sorted(asked) == sorted(
            f"staff:{each}-1" for each in ("triage", "head", "lead", "head", "vice")
        )


def test_s10_danger_now_pages_without_triage() -> None:
    """In the step with which the case begins; the triage follows."""
    case = Pure(danger=True)
    assert case.steps()[:2] == ["open", "remind"]
    assert ("page", "staff:duty-1") in case.notices()
    assert "triage" in case.tasks()


def test_s14_reopened_it_has_the_rest_of_its_clock_and_no_breach_for_the_past() -> None:
    """Ten days resolved take nothing; osTicket 5955, zammad 2534."""
    case = Pure().resolved()
    resolved_at = case.now
    clock = case.state.deadlines["resolution"]
    left = case.due("resolution") - resolved_at
    assert clock.paused_at == resolved_at
    case.wait(days=10)
    case.decide(commands.Reopen, "counsellor-1", reason_id=REASON)
    assert case.state.stage == Stage.REOPENED
    assert case.due("resolution") > case.now + left - timedelta(days=4)
    assert "overdue" not in [message for message, _ in case.notices()]


def test_s14_the_student_reopens_and_a_machine_never() -> None:
    """An out-of-office reply wakes nobody."""
    case = Pure().resolved()
    case.event("message-arrived", thread="t1", direction="in", automatic=True)
    assert case.state.stage == Stage.RESOLVED
    case.event("message-arrived", thread="t1", direction="in")
    assert case.state.stage == Stage.REOPENED


def test_s14_after_its_days_it_is_closed_for_good() -> None:
    """Later is a new case."""
    case = Pure().resolved()
    case.wait(days=16)
    assert case.state.stage == Stage.CLOSED
    with refused("case-closed"):
        case.decide(commands.Reopen, "counsellor-1")


def test_e05_a_raised_level_restarts_the_right_clocks() -> None:
    """From level 3 to 1: the first response is owed in a quarter of an hour from now."""
    case = Pure().assigned()
    case.wait(hours=2)
    case.decide(commands.Rescore, "counsellor-1", distress=4, distress_reason_id=REASON)
    assert case.due("first-response") == NOW + timedelta(hours=2, minutes=15)


def test_e05_a_lowered_level_never_extends_a_promise() -> None:
    """From level 2 to 4: today stays today."""
    case = Pure().assigned(distress=3)
    was = case.due("first-response")
    case.decide(
        commands.Rescore,
        "counsellor-1",
        distress=1,
        hostility=0,
        distress_reason_id=REASON,
        hostility_reason_id=REASON,
    )
    assert case.state.level == 4
    assert case.due("first-response") == was


def test_e05_every_score_is_on_record_with_its_reasons() -> None:
    """Triage and rescoring, both."""
    case = Pure().assigned()
    case.decide(commands.Rescore, "counsellor-1", hostility=3, hostility_reason_id=REASON)
    assert [row["level"] for row in case.records("scored")] == [3, 2]
