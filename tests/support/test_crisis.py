"""E6, E9, E10, E12, E13, S10: paged around the clock until a person attends, ended by a person only."""

from datetime import timedelta
from pathlib import Path

import pytest

from activities.support.messages import ASKING
from schemas.kernel.case import Acknowledge
from schemas.support import commands
from schemas.support.stages import Crisis
from tests.support.builder import REASON, House, Pure, jst, refused

NIGHT = jst(2026, 11, 23, 3)


def pages(case: Pure) -> list[str]:
    return [to.removeprefix("staff:") for _, to in case.notices("page")]


def test_e06_paged_at_once_repeated_and_the_next_in_the_rota() -> None:
    """Every five minutes; after three unanswered the second, the head, the vice-president, and again."""
    case = Pure(now=NIGHT, danger=True)
    case.wait(minutes=64)
    assert pages(case) == [*["duty-1"] * 3, *["duty-2"] * 3, *["head-1"] * 3, *["vice-1"] * 3, "duty-1"]


def test_invariant_3_each_page_by_every_channel_once() -> None:
    """By the pager and by mail, urgent, once a step, person and channel."""
    case = Pure(now=NIGHT, danger=True)
    sent = case.sent("page")
    assert [(notice.channel, notice.urgent) for notice in sent] == [("webhook", True), ("mail", True)]
    assert all(set(notice.facts) >= {"page"} and "level" not in notice.facts for notice in sent)


def test_e10_an_empty_rung_is_passed_at_once() -> None:
    """Goalert 4548: nobody is on duty, so the second is paged in the same minute."""
    case = Pure(now=NIGHT, danger=True, house=House(duty={"first": [], "second": ["duty-2"]}))
    assert pages(case) == ["duty-2"]
    assert case.now == NIGHT


def test_with_nobody_there_at_all_there_is_a_task() -> None:
    """Nobody on duty, head and vice-president shut out: somebody has to be found by hand."""
    house = House(duty={"first": [], "second": []}, shut_out={"head-1", "vice-1"})
    case = Pure(now=NIGHT, danger=True, house=house)
    assert pages(case) == []
    assert "nobody-reached" in case.tasks()
    assert case.state.deadlines["page"] is not None


def test_e12_only_who_was_paged_acknowledges() -> None:
    """By their own act; the second, who was not paged yet, cannot."""
    case = Pure(now=NIGHT, danger=True)
    with refused("not-asked-here"):
        case.decide(Acknowledge, "duty-2", deadline="page")
    case.decide(Acknowledge, "duty-1", deadline="page")
    assert case.crisis == Crisis.ACKNOWLEDGED


def test_e13_an_acknowledgement_without_a_contact_runs_out() -> None:
    """Half an hour of silence, then the next one is paged, and it is open again."""
    case = Pure(now=NIGHT, danger=True)
    case.decide(Acknowledge, "duty-1", deadline="page")
    case.wait(minutes=29)
    assert pages(case) == ["duty-1"]
    case.wait(minutes=2)
    assert pages(case) == ["duty-1", "duty-2"]
    assert case.crisis == Crisis.OPEN


def test_oncall_4654_nothing_after_the_acknowledgement() -> None:
    """Not the page that would have been next."""
    case = Pure(now=NIGHT, danger=True)
    case.wait(minutes=4, seconds=59)
    case.decide(Acknowledge, "duty-1", deadline="page")
    case.wait(minutes=20)
    assert pages(case) == ["duty-1"]


def test_e13_goalert_3378_a_new_danger_pages_in_spite_of_an_acknowledgement() -> None:
    """Acknowledged, and another signal comes: the first is paged again, under a new number."""
    case = Pure(now=NIGHT, danger=True)
    case.decide(Acknowledge, "duty-1", deadline="page")
    case.event("outside-emergency", call="c-17")
    assert pages(case) == ["duty-1", "duty-1"]
    assert case.state.page == 2
    assert case.crisis == Crisis.OPEN


def test_e13_it_pages_who_attends_already_too() -> None:
    """Even while somebody is with the student."""
    case = Pure(now=NIGHT, danger=True)
    case.decide(Acknowledge, "duty-1", deadline="page")
    case.reached("duty-1")
    assert case.crisis == Crisis.ATTENDING
    case.event("message-arrived", thread="t1", direction="in", danger=True)
    assert pages(case) == ["duty-1", "duty-1"]


def test_attending_is_a_recorded_contact_and_a_task() -> None:
    """Nobody is paged any more, one person has it, and that is a task until it is over."""
    case = Pure(now=NIGHT, danger=True)
    case.reached("duty-1")
    case.wait(hours=9)
    assert pages(case) == ["duty-1"]
    assert case.state.tasks["attend-crisis"].assignee == "duty-1"


def test_e06_ended_by_a_person_only_with_a_reason_and_an_owner() -> None:
    """No clock ends it, and it goes on with somebody."""
    case = Pure(now=NIGHT, danger=True)
    case.reached("duty-1")
    case.wait(days=6)
    assert case.crisis == Crisis.ATTENDING
    with refused("reason-missing"):
        case.decide(commands.StandDown, "duty-1", owner="counsellor-1", unit="counselling")
    with refused("no-owner"):
        case.decide(commands.StandDown, "duty-1", reason_id=REASON)
    case.decide(commands.StandDown, "duty-1", owner="counsellor-1", unit="counselling", reason_id=REASON)
    assert case.crisis == Crisis.STOOD_DOWN
    assert case.state.owner == "counsellor-1"


@pytest.mark.parametrize(
    ("command", "values"),
    [
        (commands.Resolve, {"code": "helped"}),
        (commands.Wait, {"on": "student", "until": NIGHT + timedelta(days=9)}),
    ],
)
def test_e09_nothing_is_put_aside_while_a_crisis_is_open(command, values) -> None:
    """Neither resolved nor waited for."""
    case = Pure().in_contact()
    case.decide(commands.SignalDanger, "counsellor-1", reason_id=REASON)
    with refused("crisis-open"):
        case.decide(command, "counsellor-1", **values)


def test_s10_urgent_out_of_hours_the_duty_officer_is_asked_and_silence_is_a_page() -> None:
    """Asked at once, by a message that is no page; after a quarter of an hour it is one."""
    case = Pure(now=NIGHT, urgent=True)
    assert case.notices("can-it-wait") == [("can-it-wait", "staff:duty-1")]
    assert case.crisis is None
    case.wait(minutes=16)
    assert case.crisis == Crisis.OPEN
    assert pages(case)[0] == "duty-1"


def test_s10_it_can_wait_says_the_duty_officer() -> None:
    """Nobody is paged, and triage has it in the morning."""
    case = Pure(now=NIGHT, urgent=True)
    case.decide(commands.CanWait, "duty-1", reason_id=REASON)
    case.wait(hours=5)
    assert case.crisis is None
    assert "triage" in case.tasks()


def test_s10_in_office_hours_triage_has_it_at_once() -> None:
    """Nobody on duty is asked while the office is open."""
    assert "can-wait" not in Pure(urgent=True).state.deadlines


def test_the_crisis_is_beside_the_stages_and_the_chain() -> None:
    """The case keeps its stage, its owner, and the chain of its first response."""
    case = Pure(now=jst(2026, 11, 17, 11)).assigned()
    case.decide(commands.SignalDanger, "counsellor-1", reason_id=REASON)
    assert case.state.stage == "assigned"
    assert case.state.level == 1
    case.wait(minutes=15)
    assert ("please-acknowledge", "staff:lead-1") in case.notices()
    assert "duty-1" in pages(case)


def test_s07_after_three_days_down_the_first_page_goes_out_and_is_waited_for() -> None:
    """An outage is nobody's silence: the duty officer of now is paged, once, and then the next."""
    case = Pure()
    case.decide(commands.SignalDanger, "triage-1", reason_id=REASON)
    before = len(pages(case))
    case.down_until(case.now + timedelta(days=3))
    assert pages(case)[before:] == ["duty-1"]


def test_e12_the_gateways_answer_acknowledges_and_a_stale_one_does_not() -> None:
    """Proven by a PIN there: nobody more is paged; an earlier page, or somebody else, counts not."""
    case = Pure(now=NIGHT, danger=True)
    answer = {"page": 1, "person": "duty-1", "channel": "phone"}
    with refused("not-asked-here"):
        case.event("page-answered", **answer | {"person": "duty-2"})
    case.event("page-answered", **answer)
    assert (case.crisis, case.state.crisis_lead) == (Crisis.ACKNOWLEDGED, "duty-1")
    case.wait(minutes=20)
    assert pages(case) == ["duty-1"]
    case.decide(commands.SignalDanger, "counsellor-1", reason_id=REASON)
    with refused("page-over"):
        case.event("page-answered", **answer)


def test_e14_whom_the_gateway_does_not_reach_is_passed_over_at_once() -> None:
    """Undeliverable is unanswered: the second is paged without waiting, and somebody telephones."""
    case = Pure(now=NIGHT, danger=True)
    case.event("page-failed", page=1, person="duty-1", channel="phone")
    assert pages(case) == ["duty-1", "duty-2"]
    assert any(task.startswith("call-by-hand") for task in case.tasks())


def test_gone_man_switch_11_no_page_can_be_acknowledged_by_opening_a_link() -> None:
    """The letter of a page has no link: a scanner of mails that opens every one answers nothing."""
    templates = Path(__file__).parents[2] / "activities" / "support" / "templates" / "page"
    assert all("http" not in file.read_text("utf-8") for file in templates.iterdir())
    assert "page" not in ASKING


@pytest.mark.parametrize(
    "house", [House(), House(duty={"first": [], "second": []}), House(away={"duty-1": None})]
)
def test_invariant_1_an_open_crisis_has_a_page_an_answer_or_a_task_within_a_minute(house: House) -> None:
    """Whoever is there or not; again after every acknowledgement that runs out."""
    case = Pure(now=NIGHT, danger=True, house=house)
    for _ in range(4):
        case.wait(minutes=1)
        assert pages(case) or "nobody-reached" in case.tasks()
        case.wait(minutes=40)
