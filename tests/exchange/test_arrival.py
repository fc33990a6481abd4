"""Before and at the arrival: the gate, the slot, delays, nobody came, and the checklist in its order."""

from datetime import date, timedelta

import pytest

from schemas.exchange import commands
from schemas.exchange.stages import Item, Stage, Track
from tests.exchange.builder import ARRIVAL, Pure, jst, refused

BOTH = ("student", "partner")


def test_the_gate_opens_with_the_last_thing_that_is_missing() -> None:
    """Visa, certificate, housing and slot, in any order, and by itself."""
    case = Pure().coming()
    case.event("arrival-planned", slot=ARRIVAL, port="nrt")
    assert case.process.missing(case.state) == {Stage.READY: ["coe", "visa", "housing"]}
    assert Pure().ready().state.stage == Stage.READY


def test_the_gate_can_fall_again() -> None:
    """A slot after the end of the certificate: back to the preparation, and the office hears why."""
    case = Pure().ready()
    case.event("arrival-delayed", slot=jst(2027, 4, 29, 10), port="nrt")
    assert case.state.stage == Stage.READY
    case.wait_until(jst(2027, 3, 1, 11))
    case.state.coe_until  # noqa: B018 - valid until the first of June
    other = Pure().with_status().with_bed()
    other.event("arrival-planned", slot=jst(2027, 6, 2, 10), port="nrt")
    assert other.state.stage == Stage.PRE_ARRIVAL
    assert other.process.missing(other.state) == {Stage.READY: ["coe"]}


@pytest.mark.parametrize(
    ("slot", "contact"),
    [
        (jst(2027, 4, 1, 9), False),
        (jst(2027, 4, 1, 16), False),
        (jst(2027, 4, 1, 16, 1), True),
        (jst(2027, 4, 3, 10), True),
    ],
)
def test_outside_the_hours_somebody_is_arranged_for_the_night(slot, contact) -> None:
    """Weekdays from nine to sixteen; else a task until the hour of the arrival."""
    case = Pure().with_status().with_bed()
    case.event("arrival-planned", slot=slot, port="nrt")
    assert ("night-contact" in case.tasks()) == contact


def test_an_arrival_lies_ahead_at_a_port_that_is_known() -> None:
    """Slips of the keyboard are refused."""
    case = Pure().coming()
    with refused("deadline-in-past"):
        case.decide(commands.PlanArrival, "office-1", slot=jst(2026, 1, 1), port="nrt")
    with refused("port-unknown"):
        case.decide(commands.PlanArrival, "office-1", slot=ARRIVAL, port="xxx")


def test_x32_a_reported_delay_is_waited_for_until_the_end_of_april() -> None:
    """Later than that the bed is not kept: an earlier day, or the next term."""
    case = Pure().ready()
    case.event("arrival-delayed", slot=jst(2027, 4, 30, 10), port="nrt")
    assert case.state.arrival is not None
    assert case.state.arrival.delayed
    assert "make-up-orientation" in case.tasks()
    with refused("later-than-kept"):
        case.decide(commands.PlanArrival, "office-1", slot=jst(2027, 5, 1, 10), port="nrt")
    case.wait_until(jst(2027, 4, 20))
    assert not case.notices("not-arrived")


def test_nobody_came_is_decided_by_a_person_after_the_ladder() -> None:
    """On the day, on the third day; everybody asked; then everything is given back."""
    case = Pure().ready()
    case.decide(commands.AssignTutor, "office-1", tutor="tutor-1")
    with refused("ladder-not-done"):
        case.decide(commands.DeclareNoShow, "head-1", contacts=BOTH)
    case.wait_until(ARRIVAL + timedelta(days=4))
    assert [each[1] for each in case.notices("not-arrived")] == [
        "role:exchange_office",
        "role:head_of_exchange",
    ]
    assert case.state.stage == Stage.READY
    assert "contact" in case.tasks()
    with refused("ladder-not-done"):
        case.decide(commands.DeclareNoShow, "head-1", contacts=("student",))
    with refused("role-missing"):
        case.decide(commands.DeclareNoShow, "office-1", contacts=BOTH)
    case.decide(commands.DeclareNoShow, "head-1", contacts=BOTH)
    assert (case.state.stage, case.owed(), case.live()) == (Stage.NO_SHOW, [], [])
    assert case.state.tutor is None
    assert case.notices("mobility-ended") == [("mobility-ended", "coordinator")]


def test_the_day_of_the_arrival_is_the_hosts_and_goes_to_the_partner() -> None:
    """Seen by a person; a health check begins, with codes and days alone."""
    case = Pure().arrived()
    assert case.records("arrival-seen") == [{"kind": "arrival-seen", "on": "2027-04-01", "left": False}]
    assert case.sent("student-arrived")[0].facts == {"date": "2027-04-01"}
    assert case.told_facts("arrived") == [
        {
            "person": "E10001",
            "arrived_on": "2027-04-01",
            "term": "27S",
            "language": "en",
            "due_on": "2027-05-01",
        }
    ]
    assert "slot" not in case.owed()
    assert "arrival" not in case.state.deadlines


@pytest.mark.parametrize(
    ("port", "first"), [("nrt", Item.RESIDENCE_CARD), ("sdj", Item.ADDRESS), ("sea", Item.ADDRESS)]
)
def test_x14_the_order_depends_on_the_port(port, first) -> None:
    """At seven airports the card is issued at once; elsewhere it comes by post after registering."""
    case = Pure().arrived(port=port)
    assert case.state.asked_for[0] == first
    second = case.state.asked_for[1]
    with refused("not-yet"):
        case.event("proof-received", item=second, on=date(2027, 4, 1))
    case.event("proof-received", item=first, on=date(2027, 4, 1))
    case.event("proof-received", item=second, on=date(2027, 4, 1))


def test_x15_insurance_and_my_number_are_for_stays_over_three_months() -> None:
    """A shorter one is not asked for them."""
    case = Pure().arrived()
    assert {Item.HEALTH_INSURANCE, Item.MY_NUMBER} <= set(case.state.asked_for)
    short = Pure(last="2027-06-15", months="2.5").arrived()
    assert not {Item.HEALTH_INSURANCE, Item.MY_NUMBER} & set(short.state.asked_for)


def test_x15_the_address_is_due_fourteen_days_after_settling() -> None:
    """Legal days run through holidays; asked on days 3, 7, 10 and 13, then the head hears."""
    case = Pure().ready()
    case.wait_until(ARRIVAL + timedelta(hours=1))
    case.decide(commands.RecordArrival, "office-1", on=date(2027, 4, 1), settled=date(2027, 4, 1))
    assert case.due("ward-office").date() == date(2027, 4, 15)
    case.wait_until(jst(2027, 4, 17, 12))
    assert len(case.notices("ward-office")) == 5
    assert [each.to for each in case.sent("task-overdue") if each.facts["task"] == "ward-office"] == [
        "role:head_of_exchange"
    ]
    assert "contact" in case.tasks()


def test_each_point_has_its_proof_and_the_term_begins_with_the_last() -> None:
    """Day and who has seen it; nothing that is not asked for."""
    case = Pure().arrived()
    with refused("in-future"):
        case.decide(commands.RecordProof, "office-1", item=Item.BANK, on=case.now.date() + timedelta(days=1))
    for item in list(case.state.asked_for)[:-1]:
        case.decide(commands.RecordProof, "office-1", item=item, on=date(2027, 4, 1))
        assert case.state.stage == Stage.ARRIVED
    case.decide(commands.RecordProof, "office-1", item=Item.HEALTH_CHECK, on=date(2027, 4, 1))
    assert case.state.stage == Stage.IN_TERM
    assert len(case.records("proof-seen")) == len(case.state.asked_for)
    assert "ward-office" not in case.state.deadlines


def test_nobody_is_recorded_as_seen_tomorrow() -> None:
    """Nor settled before the arrival."""
    case = Pure().ready()
    case.wait_until(ARRIVAL)
    with refused("in-future"):
        case.decide(commands.RecordArrival, "office-1", on=date(2027, 4, 2))
    with refused("before-cause"):
        case.decide(commands.RecordArrival, "office-1", on=date(2027, 4, 1), settled=date(2027, 3, 1))


def test_while_something_is_missing_the_office_is_reminded_before_the_term() -> None:
    """Thirty, fourteen and seven days before, then the head; also who needs no certificate."""
    case = Pure(needs_coe=False).coming()
    case.wait_until(jst(2027, 4, 2, 12))
    told = [each.to for each in case.sent() if each.facts.get("task") == "prepare-arrival"]
    assert told == ["role:exchange_office"] * 3 + ["role:head_of_exchange"]
    assert case.on(Track.COE) == "not-needed"
