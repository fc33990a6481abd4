"""S15, E1 to E4, E8, E18, E19: whose a case is, who is asked when nothing happens, who is kept out."""

from datetime import timedelta

import pytest

from schemas.kernel.case import Acknowledge, DeEscalate, Escalate
from schemas.support import commands
from schemas.support.stages import Stage
from tests.support.builder import NOW, REASON, House, Pure, jst, refused


def test_invariant_4_one_owner_or_one_queue() -> None:
    """Triage's queue, a unit's queue, an owner: every change is on record."""
    case = Pure().triaged()
    case.decide(commands.Assign, "triage-1", unit="counselling")
    assert (case.state.unit, case.state.owner) == ("counselling", None)
    assert "take" in case.tasks()
    case.decide(commands.Take, "counsellor-2")
    assert case.state.owner == "counsellor-2"
    assert [(row["unit"], row["owner"]) for row in case.records("owned")] == [
        (None, None),
        ("counselling", None),
        ("counselling", "counsellor-2"),
    ]


def test_nobody_takes_a_case_of_another_unit() -> None:
    """The nurse is no counsellor."""
    case = Pure().triaged()
    case.decide(commands.Assign, "triage-1", unit="counselling")
    with refused("owner-unfit"):
        case.decide(commands.Take, "nurse-1")


def test_s15_owner_and_clocks_stay_until_it_is_accepted() -> None:
    """Offered, it is still theirs; accepted, it is the other one's."""
    case = Pure().in_contact()
    was = case.due("resolution")
    case.consent("health")
    case.decide(commands.Offer, "counsellor-1", to="nurse-1", unit="health")
    assert case.state.owner == "counsellor-1"
    assert case.due("resolution") == was
    case.decide(commands.Accept, "nurse-1")
    assert (case.state.owner, case.state.unit) == ("nurse-1", "health")
    assert case.due("resolution") == was
    assert "hand-over" not in case.state.deadlines


def test_s15_given_back_it_stays_with_its_owner_who_is_told() -> None:
    """The colleague cannot."""
    case = Pure().in_contact()
    case.consent("health")
    case.decide(commands.Offer, "counsellor-1", to="nurse-1", unit="health")
    case.decide(commands.Return, "nurse-1")
    assert case.state.owner == "counsellor-1"
    assert ("case-returned", "staff:counsellor-1|role:support_lead") in case.notices()


@pytest.mark.parametrize(("distress", "span"), [(3, {"hours": 2}), (2, {"days": 1})])
def test_s15_unanswered_the_lead_is_asked(distress, span) -> None:
    """Level 2 within two hours, else a working day; until then and afterwards it has its owner."""
    case = Pure().in_contact(distress=distress)
    case.consent("health")
    case.decide(commands.Offer, "counsellor-1", to="nurse-1", unit="health")
    case.wait(minutes=60)
    assert "hand-over-unanswered" not in case.tasks()
    case.wait(**span)
    case.wait(hours=12)
    assert "hand-over-unanswered" in case.tasks()
    assert case.state.owner == "counsellor-1"


def test_only_who_was_offered_accepts() -> None:
    """Nobody helps themselves to an offer of somebody else."""
    case = Pure().in_contact()
    case.consent("health")
    case.decide(commands.Offer, "counsellor-1", to="nurse-1", unit="health")
    with refused("nothing-offered"):
        case.decide(commands.Accept, "counsellor-2")


def test_referred_on_the_ownership_stays_or_moves() -> None:
    """Both are on record; moved, it is in the other unit's queue."""
    case = Pure().in_contact()
    case.consent("health")
    case.decide(commands.ReferOn, "counsellor-1", unit="health", reason_id=REASON)
    assert (case.state.stage, case.state.owner) == (Stage.REFERRED_ON, "counsellor-1")
    case.reached()
    case.decide(commands.ReferOn, "counsellor-1", unit="health", moves=True, reason_id=REASON)
    assert (case.state.owner, case.state.unit) == (None, "health")
    case.decide(commands.Take, "nurse-1")
    assert (case.state.stage, case.state.owner) == (Stage.ASSIGNED, "nurse-1")


# the chain


def test_e01_the_chain_climbs_until_somebody_acknowledges() -> None:
    """Lead when due, head a day later, vice-president two; an acknowledgement stops it for its time."""
    case = Pure().assigned()
    case.wait_until(jst(2026, 11, 18, 18))
    assert [to for _, to in case.notices("please-acknowledge")] == ["staff:lead-1"]
    case.decide(Acknowledge, "lead-1", deadline="first-response")
    case.wait_until(jst(2026, 11, 19, 17))
    assert len(case.notices("please-acknowledge")) == 1
    case.wait_until(jst(2026, 11, 23))
    assert [to for _, to in case.notices("please-acknowledge")][1:] == ["staff:head-1", "staff:vice-1"]


def test_e01_nothing_fires_after_it_was_answered() -> None:
    """Contact is recorded: the chain is gone."""
    case = Pure().assigned()
    case.wait_until(jst(2026, 11, 18, 18))
    case.reached()
    case.wait(days=2)
    assert len(case.notices("please-acknowledge")) == 1


def test_e02_a_warning_before_the_breach_and_one_breach() -> None:
    """At 80 % of the span the owner is warned, at its end told, once each."""
    case = Pure().assigned()
    case.wait_until(jst(2026, 11, 20))
    told = [
        each.message
        for each in case.sent()
        if each.message in ("due-soon", "overdue") and each.facts["task"] == "first-response"
    ]
    assert told == ["due-soon", "overdue"]
    assert case.sent("due-soon")[0].to == "staff:counsellor-1|role:support_lead"


def test_e03_while_nobody_has_it_the_leads_of_the_unit_are_told() -> None:
    """A queue has no owner to warn, and is not silent for it."""
    case = Pure().triaged()
    case.decide(commands.Assign, "triage-1", unit="counselling")
    case.wait_until(jst(2026, 11, 18, 18))
    assert {to for message, to in case.notices() if message in ("due-soon", "overdue")} == {"staff-of:lead"}


def test_e03_an_absent_lead_is_stood_in_for() -> None:
    """Lead → head, by the substitutes of the moment."""
    house = House(away={"lead-1": "head-1"})
    case = Pure(house=house).assigned()
    case.wait_until(jst(2026, 11, 18, 18))
    assert [to for _, to in case.notices("please-acknowledge")] == ["staff:head-1"]


def test_e04_an_owner_who_does_nothing_loses_the_case() -> None:
    """After three working days without an act it is in the queue of its unit, with its clocks."""
    case = Pure().in_contact()
    case.wait_until(jst(2026, 11, 19, 18, 30))
    assert (case.state.owner, case.state.unit, case.state.stage) == (None, "counselling", Stage.TRIAGED)
    assert case.records("owned")[-1]["why"] == "silent"
    assert "resolution" in case.state.deadlines
    assert "take" in case.tasks()


def test_e04_who_acts_keeps_it() -> None:
    """Each contact lets the silence begin anew."""
    case = Pure().in_contact()
    for _ in range(4):
        case.wait(days=1)
        case.reached()
    assert case.state.owner == "counsellor-1"


def test_e08_escalated_by_a_person_with_a_reason() -> None:
    """The next rung is asked at once."""
    case = Pure().assigned()
    case.decide(Escalate, "counsellor-1", deadline="first-response", reason_id=REASON)
    assert [to for _, to in case.notices("please-acknowledge")] == ["staff:lead-1"]


def test_e08_only_who_was_asked_last_gives_it_back() -> None:
    """The lead cannot take from the head what the head was asked for; the head can."""
    case = Pure().assigned()
    case.decide(Escalate, "counsellor-1", deadline="first-response", reason_id=REASON)
    case.decide(Escalate, "lead-1", deadline="first-response", reason_id=REASON)
    with refused("rung-higher"):
        case.decide(DeEscalate, "lead-1", deadline="first-response", reason_id=REASON)
    case.decide(DeEscalate, "head-1", deadline="first-response", reason_id=REASON)
    assert [to for _, to in case.notices("please-acknowledge")] == [
        "staff:lead-1",
        "staff:head-1",
        "staff:lead-1",
    ]


# conflicts


def test_e18_whom_it_is_against_is_out_before_the_first_message() -> None:
    """Invariant 6: the lead is concerned, and every rung passes them over (globaleaks 4779, 3182)."""
    case = Pure(house=House(shut_out={"lead-1"})).assigned()
    case.wait_until(jst(2026, 11, 20, 12))
    assert "staff:lead-1" not in {to for _, to in case.notices()}
    assert [to for _, to in case.notices("please-acknowledge")] == ["staff:head-1", "staff:vice-1"]


def test_e18_named_later_they_are_out_at_once() -> None:
    """The owner turns out to be concerned: queue, no task, no message."""
    case = Pure().in_contact()
    case.decide(commands.NameConcerned, "lead-1", staff_id="counsellor-1")
    assert case.state.owner is None
    assert case.records("owned")[-1]["why"] == "conflict"
    with refused("owner-unfit"):
        case.decide(commands.Take, "counsellor-1")


def test_e18_anybody_may_step_back() -> None:
    """The owner knows the student."""
    case = Pure().in_contact()
    case.decide(commands.StepBack, "counsellor-1", reason_id=REASON)
    assert case.state.owner is None
    assert case.records("concerned") == [{"kind": "concerned", "staff_id": "counsellor-1"}]


@pytest.mark.parametrize("how", ["left", "moved"])
def test_e19_who_has_left_has_no_case(how) -> None:
    """In one step the case is in the queue and an offer to them is gone; the record says which it was."""
    case = Pure().in_contact()
    case.consent("health")
    case.decide(commands.Offer, "counsellor-1", to="nurse-1", unit="health")
    case.event(f"person-{how}", staff_id="nurse-1")
    assert case.state.offer is None
    case.event(f"person-{how}", staff_id="counsellor-1")
    assert case.records("owned")[-1]["why"] == how
    assert (case.state.owner, case.state.unit) == (None, "counselling")


def test_what_is_not_mine_i_do_not_decide() -> None:
    """Another counsellor resolves nothing of the owner's."""
    case = Pure().in_contact()
    with refused("not-yours"):
        case.decide(commands.Resolve, "counsellor-2", code="helped")
    assert case.now == NOW
    assert case.due("idle") > NOW + timedelta(days=2)
