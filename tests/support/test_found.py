"""Faults that cases living at random have found, each as a plain test."""

from datetime import timedelta

import pytest

from schemas.kernel.case import Acknowledge
from schemas.support import commands
from schemas.support.stages import Crisis, Stage
from tests.support.builder import NOW, REASON, House, Pure, refused


def danger(case: Pure) -> None:
    case.decide(commands.SignalDanger, "counsellor-1", reason_id=REASON)


def test_e06_pages_go_round_though_nobody_is_on_the_last_rung() -> None:
    """The vice-president is out of it: after the head the first is paged again."""
    case = Pure(danger=True, house=House(shut_out={"vice-1"}))
    case.wait(minutes=64)
    pages = [to for _, to in case.notices("page")]
    assert pages[9:] == ["staff:duty-1"] * 3
    assert case.crisis == Crisis.OPEN


@pytest.mark.parametrize("how", ["steps back", "is named", "has left"])
def test_e18_who_attends_and_is_out_of_it_leaves_nobody_alone(how) -> None:
    """The danger is paged anew: its task went with whoever had it."""
    case = Pure(danger=True)
    case.reached("duty-1")
    if how == "steps back":
        case.decide(commands.StepBack, "duty-1")
    elif how == "is named":
        case.decide(commands.NameConcerned, "head-1", staff_id="duty-1")
    else:
        case.event("person-left", staff_id="duty-1")
    assert case.crisis == Crisis.OPEN
    assert "page" in case.state.deadlines


def test_e09_a_danger_after_the_end_reopens_the_case() -> None:
    """Or the days of reopening would close it with the crisis open."""
    case = Pure().resolved()
    danger(case)
    assert case.state.stage == Stage.REOPENED
    case.wait(minutes=30)
    assert not case.state.closed


def test_s04_waiting_for_a_unit_after_the_student_is_our_own_time() -> None:
    """The clock that stood still runs again."""
    case = Pure().waiting()
    case.decide(commands.Wait, "counsellor-1", on="unit", until=case.now + timedelta(days=3))
    assert case.state.deadlines["resolution"].paused_at is None


@pytest.mark.parametrize("how", ["assigned", "referred on", "offered"])
def test_s04_no_clock_stands_still_in_another_hand(how) -> None:
    """Assigned or referred on while the student is waited for, it counts again; while offered it waits on."""
    case = Pure().waiting()
    if how == "assigned":
        case.decide(commands.Assign, "triage-1", unit="counselling", owner="counsellor-2")
    elif how == "referred on":
        case.decide(commands.ReferOn, "counsellor-1", unit="health", ground="danger", reason_id=REASON)
    else:
        case.decide(commands.Offer, "counsellor-1", to="counsellor-2", unit="counselling")
    still = case.state.deadlines["resolution"].paused_at is not None
    assert still is (case.state.stage == Stage.WAITING) is (how == "offered")


def test_e04_who_waits_does_not_lose_the_case() -> None:
    """Judged again while the student is waited for: the owner's silence begins when it is their turn."""
    case = Pure().waiting(days=20)
    case.decide(commands.Rescore, "counsellor-1", distress=2, distress_reason_id=REASON)
    assert "idle" not in case.state.deadlines
    case.wait(days=10)
    assert case.state.owner == "counsellor-1"


def test_e04_after_the_students_answer_the_owner_is_watched_again() -> None:
    """Silence had stopped the owner's own clock."""
    case = Pure().in_contact()
    for _ in range(3):
        case.missed()
    assert "idle" not in case.state.deadlines
    case.event("message-arrived", thread="t1", direction="in")
    assert "idle" in case.state.deadlines


def test_s15_an_offer_ends_with_what_it_was_an_offer_of() -> None:
    """Assigned to another, or resolved: nobody accepts it any more."""
    for end in (
        lambda case: case.decide(
            commands.Assign, "triage-1", unit="health", owner="nurse-1", ground="danger", reason_id=REASON
        ),
        lambda case: case.decide(commands.Resolve, "counsellor-1", code="helped"),
    ):
        case = Pure().in_contact()
        case.decide(commands.Offer, "counsellor-1", to="counsellor-2", unit="counselling")
        end(case)
        assert case.state.offer is None
        assert not case.tasks() & {"accept", "hand-over-unanswered"}


def test_invariant_4_what_is_given_to_a_queue_can_be_taken_out_of_it() -> None:
    """In contact, then given to another unit's queue: a member of it takes it."""
    case = Pure().in_contact()
    case.decide(commands.Assign, "triage-1", unit="health", ground="danger", reason_id=REASON)
    assert (case.state.stage, "take" in case.tasks()) == (Stage.TRIAGED, True)
    case.decide(commands.Take, "nurse-1")
    assert case.state.owner == "nurse-1"


def test_invariant_4_a_contact_does_not_take_it_out_of_the_queue() -> None:
    """Referred on to a unit's queue, the duty officer speaks to the student: it is still to be taken."""
    case = Pure().in_contact()
    case.decide(
        commands.ReferOn, "counsellor-1", unit="health", moves=True, ground="danger", reason_id=REASON
    )
    case.reached("duty-1")
    assert "take" in case.tasks()
    with refused("not-yours"):
        case.decide(commands.Wait, "nurse-1", on="unit", until=case.now + timedelta(days=3))
    case.decide(commands.Take, "nurse-1")


def test_e06_who_got_the_case_when_the_danger_was_over_is_its_owner() -> None:
    """Stood down before anybody judged it: judged, it has its owner, and the owner is watched."""
    case = Pure(danger=True)
    case.reached("duty-1")
    given = {"owner": "counsellor-1", "unit": "counselling", "reason_id": REASON}
    case.decide(commands.StandDown, "duty-1", **given)
    assert ("case-yours", "staff:counsellor-1|role:support_lead") in case.notices()
    case.triaged()
    assert case.state.stage == Stage.ASSIGNED
    assert {"idle", "resolution"} <= case.state.deadlines.keys()
    assert "assign" not in case.tasks()


def test_s10_what_was_judged_is_not_asked_about_any_more() -> None:
    """Urgent at night and judged at once: nobody's silence is a page."""
    case = Pure(now=NOW + timedelta(hours=10), urgent=True)
    assert "can-wait" in case.state.deadlines
    case.triaged()
    case.wait(hours=1)
    assert case.notices("page") == []


def test_e07_an_attempt_after_the_end_starts_nothing() -> None:
    """A resolved case is not closed by silence."""
    case = Pure().resolved()
    for _ in range(3):
        case.missed()
    assert "silence" not in case.state.deadlines


def test_invariant_2_acknowledged_and_gone_the_next_is_paged() -> None:
    """Whoever acknowledged steps back: the danger is paged anew at once."""
    case = Pure(danger=True)
    case.decide(Acknowledge, "duty-1", deadline="page")
    case.decide(commands.StepBack, "duty-1")
    assert case.crisis == Crisis.OPEN
