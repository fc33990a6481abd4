"""S17: adult at 18, a guarantor is no guardian, two senior people decide on calling a contact."""

from datetime import date, timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError

from schemas.kernel.case import CompleteTask
from schemas.support import commands
from schemas.support.people import ContactPerson, Relation
from tests.support.builder import NOW, REASON, Pure, refused
from tests.support.office import Office


def under_age(days: int = 30) -> Pure:
    """Somebody who comes of age in so many days."""
    case = Pure(under_age=True)
    case.adult_on = (NOW + timedelta(days=days)).isoformat()
    return case


def test_s17_guardians_of_somebody_under_18_are_told() -> None:
    """A task until it is done; of an adult there is none."""
    assert "tell-guardian" not in Pure().tasks()
    case = under_age()
    assert "tell-guardian" in case.tasks()
    case.decide(commands.TellGuardian, "lead-1", told=True, relation=Relation.PARENT)
    assert "tell-guardian" not in case.tasks()
    assert case.records("guardian-told")[0]["relation"] == "parent"


def test_s17_unless_that_endangers_with_a_reason() -> None:
    """Without one it is refused."""
    case = under_age()
    with refused("reason-missing"):
        case.decide(commands.TellGuardian, "lead-1", told=False)
    case.decide(commands.TellGuardian, "lead-1", told=False, reason_id=REASON)
    assert case.records("guardian-told")[0]["told"] is False
    assert "tell-guardian" not in case.tasks()


def test_s17_a_guarantor_is_no_guardian() -> None:
    """Who answers for the fees is told nothing."""
    case = under_age()
    with refused("guarantor-no-guardian"):
        case.decide(commands.TellGuardian, "lead-1", told=True, relation=Relation.GUARANTOR)
    with refused("relation-missing"):
        case.decide(commands.TellGuardian, "lead-1", told=True)


def test_s17_an_adult_at_18_is_nobodys_to_tell_of() -> None:
    """On the day itself; the task is done then, and not before."""
    case = under_age(days=2)
    key = {"task": "tell-guardian"}
    with refused("student-under-age"):
        case.decide(CompleteTask, "triage-1", **key)
    case.wait(days=2)
    with refused("student-of-age"):
        case.decide(commands.TellGuardian, "lead-1", told=True, relation=Relation.PARENT)
    case.decide(CompleteTask, "triage-1", **key)
    assert "tell-guardian" not in case.tasks()


@pytest.mark.parametrize("contact", list(ContactPerson))
def test_s17_two_seniors_decide_on_calling_a_contact(contact: ContactPerson) -> None:
    """Strathclyde: one proposes, another confirms; only then somebody calls."""
    case = Pure().assigned()
    with refused("role-missing"):
        case.decide(commands.ProposeCall, "counsellor-1", contact=contact, reason_id=REASON)
    with refused("reason-missing"):
        case.decide(commands.ProposeCall, "lead-1", contact=contact)
    case.decide(commands.ProposeCall, "lead-1", contact=contact, reason_id=REASON)
    assert "call-contact" not in case.tasks()
    with refused("second-person-needed"):
        case.decide(commands.ConfirmCall, "lead-1")
    case.decide(commands.ConfirmCall, "vice-1")
    assert "call-contact" in case.tasks()
    row = case.records("call-decided")[0]
    assert (row["proposed_by"], row["confirmed"], row["contact"]) == ("lead-1", True, contact)
    with refused("no-call-proposed"):
        case.decide(commands.ConfirmCall, "head-1")


def test_s17_declined_nobody_is_called() -> None:
    """With a reason, and it may be proposed again."""
    case = Pure().assigned()
    case.decide(commands.ProposeCall, "lead-1", contact="emergency", reason_id=REASON)
    with refused("call-proposed"):
        case.decide(commands.ProposeCall, "head-1", contact="emergency", reason_id=REASON)
    case.decide(commands.DeclineCall, "head-1", reason_id=REASON)
    assert {"call-contact", "decide-call"}.isdisjoint(case.tasks())
    case.decide(commands.ProposeCall, "head-1", contact="emergency", reason_id=REASON)


async def test_s17_when_somebody_comes_of_age_is_in_no_history(office: Office) -> None:
    """The day is asked of the database, and each decision and its people are on record."""
    adult_on = date.today() + timedelta(days=100)  # noqa: DTZ011 - a day far away
    case = await office.refer(adult_on=adult_on.isoformat())
    await case.assign()
    await case.decide(commands.TellGuardian, "lead-1", told=True, relation=Relation.PARENT)
    reason = await case.text()
    await case.decide(commands.ProposeCall, "lead-1", contact="emergency", reason_id=reason)
    with pytest.raises(WorkflowUpdateFailedError):
        await case.decide(commands.ConfirmCall, "lead-1")
    await case.decide(commands.ConfirmCall, "head-1")
    row = await office.owner.fetchrow("SELECT proposed_by, decided_by, confirmed FROM iehe.support_calls")
    assert tuple(row) == ("lead-1", "head-1", True)
    assert await office.owner.fetchval("SELECT relation FROM iehe.support_guardians") == "parent"
    state = await office.owner.fetchval("SELECT state::text FROM iehe.cases")
    assert adult_on.isoformat() not in state
    assert "18" not in (await case.handle.describe()).id
