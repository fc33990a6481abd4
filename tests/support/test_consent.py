"""What the student allows, and what is told without that."""

from datetime import timedelta

import pytest

from schemas.support import commands
from tests.support.builder import REASON, Pure, jst, refused
from tests.support.office import Office

HEALTH = {"unit": "health", "content": "work", "purpose": "treatment", "form": "2026-1"}


def test_p07_without_consent_a_case_goes_to_no_other_unit() -> None:
    """None is given by default; inside the house of counselling none is needed."""
    case = Pure().in_contact()
    for command, values in (
        (commands.Offer, {"to": "nurse-1", "unit": "health"}),
        (commands.ReferOn, {"unit": "health", "reason_id": REASON}),
        (commands.ReferOn, {"unit": "health", "reason_id": REASON, "moves": True}),
    ):
        with refused("no-consent"):
            case.decide(command, "counsellor-1", **values)
    with refused("no-consent"):
        case.decide(commands.Assign, "triage-1", unit="health")
    case.decide(commands.Offer, "counsellor-1", to="counsellor-2", unit="counselling")


def test_p07_consent_names_unit_content_purpose_end_and_form() -> None:
    """All of them are on record; a purpose that is not on the list is refused, and an end in the past."""
    case = Pure().in_contact()
    with refused("unknown-code"):
        case.decide(
            commands.GiveConsent, "counsellor-1", **HEALTH | {"purpose": "gossip"}, until=jst(2027, 3, 31)
        )
    with refused("deadline-in-past"):
        case.decide(commands.GiveConsent, "counsellor-1", **HEALTH, until=jst(2026, 1, 1))
    case.decide(commands.GiveConsent, "counsellor-1", **HEALTH, until=jst(2027, 3, 31))
    (record,) = case.records("consented")
    assert {**HEALTH, "until": jst(2027, 3, 31)}.items() <= {**record, "until": jst(2027, 3, 31)}.items()
    case.decide(commands.Offer, "counsellor-1", to="nurse-1", unit="health")


def test_p07_withdrawn_after_the_hand_over_the_case_is_the_givers_again() -> None:
    """From now on: the receivers are told, an offer to them is gone; that it was given stays listed."""
    case = Pure().in_contact()
    case.event("consent-given", **HEALTH, until=jst(2027, 3, 31).isoformat())
    case.decide(commands.Offer, "counsellor-1", to="nurse-1", unit="health")
    case.decide(commands.Accept, "nurse-1")
    assert case.state.owner == "nurse-1"
    case.event("consent-withdrawn", unit="health")
    assert (case.state.unit, case.state.owner) == ("counselling", "counsellor-1")
    assert [each.to for each in case.sent("consent-ended")] == ["staff-of:unit:health"]
    assert [record["how"] for record in case.records("consent-ended")] == ["withdrawn"]
    with refused("no-consent"):
        case.event("consent-withdrawn", unit="health")
    with refused("no-consent"):
        case.decide(commands.Offer, "counsellor-1", to="nurse-1", unit="health")


def test_p07_withdrawn_before_it_is_accepted_the_offer_is_gone() -> None:
    """Nobody accepts what they may not see any more."""
    case = Pure().in_contact()
    case.decide(commands.GiveConsent, "counsellor-1", **HEALTH, until=jst(2027, 3, 31))
    case.decide(commands.Offer, "counsellor-1", to="nurse-1", unit="health")
    case.decide(commands.WithdrawConsent, "triage-1", unit="health")
    with refused("nothing-offered"):
        case.decide(commands.Accept, "nurse-1")
    assert case.state.owner == "counsellor-1"


def test_p07_its_time_is_over_by_itself() -> None:
    """No human memory is needed for the day on which it ends."""
    case = Pure().in_contact()
    case.decide(commands.GiveConsent, "counsellor-1", **HEALTH, until=case.now + timedelta(days=1))
    case.wait(days=2)
    assert [record["how"] for record in case.records("consent-ended")] == ["over"]
    assert case.state.consents == {}


@pytest.mark.parametrize("ground", ["danger", "study-environment", "law"])
def test_p04_without_consent_there_is_the_list_and_a_reason(ground: str) -> None:
    """A ground of the list with its reason goes through and is on record; anything else does not."""
    case = Pure().in_contact()
    offer = {"to": "nurse-1", "unit": "health"}
    with refused("unknown-code"):
        case.decide(commands.Offer, "counsellor-1", **offer, ground="curious", reason_id=REASON)
    with refused("reason-missing"):
        case.decide(commands.Offer, "counsellor-1", **offer, ground=ground)
    case.decide(commands.Offer, "counsellor-1", **offer, ground=ground, reason_id=REASON)
    with refused("reason-missing"):
        case.decide(commands.Disclose, "counsellor-1", code=ground, to="police")
    with refused("unknown-code"):
        case.decide(commands.Disclose, "counsellor-1", code=ground, to="newspaper", reason_id=REASON)
    case.decide(commands.Disclose, "counsellor-1", code=ground, to="police", reason_id=REASON)
    assert [(each["ground"], each["to"]) for each in case.records("disclosed")] == [
        (ground, "health"),
        (ground, "police"),
    ]


async def test_p07_a_unit_sees_what_the_student_allows_and_no_more(office: Office) -> None:
    """By its content; who comes to the unit later too; withdrawn it is nothing, and stays listed."""
    case = await office.refer()
    await case.assign()
    fetch = office.owner.fetch

    async def seen(staff_id: str) -> set[str]:
        rows = await fetch("SELECT field FROM iehe.rights_of($1, $2)", case.handle.id, staff_id)
        return {row["field"] for row in rows}

    until = (await case.until("true"))["opened_at"] + timedelta(days=100)
    for content, fields in (
        ("case", {"case"}),
        ("work", {"case", "work"}),
        ("personal", {"case", "work", "personal"}),
    ):
        await case.decide(commands.GiveConsent, "counsellor-1", **HEALTH | {"content": content}, until=until)
        assert await seen("nurse-1") == fields
    await office.owner.execute("INSERT INTO iehe.support_members VALUES ('health', 'counsellor-2', false)")
    assert await seen("counsellor-2") == {"case", "work", "personal"}
    await case.decide(commands.WithdrawConsent, "counsellor-1", unit="health")
    assert await seen("nurse-1") == await seen("counsellor-2") == set()
    assert sorted(await case.until_sent("consent-ended", 2)) == ["counsellor-2", "nurse-1"]
    listed = await fetch(
        "SELECT ended_how FROM iehe.support_consents WHERE case_id = $1 ORDER BY version", case.handle.id
    )
    assert [row["ended_how"] for row in listed] == ["replaced", "replaced", "withdrawn"]
