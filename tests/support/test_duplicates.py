"""S11, invariant 9: two cases that are one, linked by a person, undone within days."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError

from schemas.kernel.case import CompleteTask
from schemas.support import commands
from schemas.support.facts import LinkTaken
from schemas.support.stages import Stage
from tests.support.builder import REASON, House, Pure, refused
from tests.support.office import Case, Office


def pair(
    older: Pure, newer: Pure, *, same_person: bool | None = True, shut_out: tuple[str, ...] = ()
) -> None:
    """The newer case's triage may open the older one."""
    newer.house.cases[older.case_id] = {
        "open": not older.state.closed,
        "same_person": same_person,
        "shut_out": shut_out,
    }


def linked(older: Pure, newer: Pure, **found: Any) -> None:
    """The newer one is linked, and the older one has heard of it."""
    pair(older, newer, **found)
    newer.decide(commands.Link, "triage-1", into=older.case_id, reason_id=REASON)
    older.told_by(newer)
    newer.told_by(older)


def test_s11_a_duplicate_is_proposed_to_triage_and_may_be_none() -> None:
    """The same person has an open case: a task on the newer one, which a person may just close."""
    case = Pure(same_person=("support/ABCDEFGHIJKLMNOPQRST0000",))
    assert case.state.tasks["review-duplicate"].role == "triage_officer"
    case.decide(CompleteTask, "triage-1", task="review-duplicate")
    assert case.tasks() == {"triage"}
    assert "review-duplicate" not in Pure().tasks()


def test_s11_a_duplicate_is_linked_by_a_person_and_both_stay() -> None:
    """The linked one waits as such and says where it went; nothing of it is due but to take it back."""
    older, newer = Pure().in_contact(), Pure(same_person=("x",)).assigned("counsellor-2")
    linked(older, newer)
    assert newer.state.stage == Stage.LINKED
    assert newer.state.linked_to == older.case_id
    assert not newer.state.closed
    assert newer.tasks() == set()
    assert [name for name, each in newer.state.deadlines.items() if each.paused_at is None] == ["unlink"]
    assert list(older.state.links) == [newer.case_id]


def test_s11_the_survivor_has_the_higher_level_and_the_earlier_due_times() -> None:
    """An urgent one is linked to a usual one: what was promised there is promised here."""
    older, newer = Pure().assigned(), Pure().assigned(distress=3)
    due = newer.due("first-response")
    assert due < older.due("first-response")
    linked(older, newer)
    assert older.state.level == 2
    assert older.due("first-response") == due
    assert older.due("resolution") <= newer.due("resolution")


def test_s11_a_lower_level_extends_no_promise() -> None:
    """Linked the other way round nothing gets later."""
    older, newer = Pure().assigned(distress=3), Pure().assigned()
    before = {name: each.due_at for name, each in older.state.deadlines.items()}
    linked(older, newer)
    assert older.state.level == 2
    assert all(older.due(name) <= at for name, at in before.items())


def test_s11_who_was_spoken_to_owes_the_next_update_instead_of_a_first_response() -> None:
    """The newer one's first response was owed: of the older one it is the next update."""
    older, newer = Pure().in_contact(), Pure().assigned()
    linked(older, newer)
    assert "first-response" not in older.state.deadlines
    assert older.due("update") == newer.due("first-response")


def test_s11_the_owner_is_kept() -> None:
    """Freescout 2685: the survivor's own; who had the linked one hears nothing new."""
    older, newer = Pure().assigned("counsellor-1"), Pure().assigned("counsellor-2")
    linked(older, newer)
    assert (older.state.unit, older.state.owner) == ("counselling", "counsellor-1")
    assert ("case-news", "staff:counsellor-1|role:support_lead") in older.notices()


@pytest.mark.parametrize("way", ["referred", "triaged", "resolved"])
def test_s11_a_survivor_without_an_owner_takes_over_the_other_one(way: str) -> None:
    """Freescout 2685: nobody is lost; a resolved one is gone on with."""
    older = {"referred": Pure, "triaged": lambda: Pure().triaged(), "resolved": lambda: Pure().resolved()}[
        way
    ]()
    linked(older, Pure().assigned("counsellor-2"))
    assert older.state.owner == ("counsellor-1" if way == "resolved" else "counsellor-2")
    assert older.state.stage == (Stage.REOPENED if way == "resolved" else Stage.ASSIGNED)


def test_s11_an_owner_who_may_not_have_it_is_not_taken_over() -> None:
    """Whom the survivor is about does not get it by a link."""
    older, newer = Pure(house=House(shut_out={"counsellor-2"})).triaged(), Pure().assigned("counsellor-2")
    linked(older, newer)
    assert older.state.owner is None
    assert older.state.stage == Stage.TRIAGED


def test_s11_readers_are_those_who_may_read_both() -> None:
    """Whoever is out of the linked one is out of the survivor, and gets it back when they are two."""
    older, newer = Pure().assigned("counsellor-1"), Pure().assigned("counsellor-2")
    linked(older, newer, shut_out=("counsellor-1", "lead-1"))
    assert older.house.shut_out == {"counsellor-1", "lead-1"}
    assert older.state.owner != "counsellor-1"
    newer.decide(commands.Unlink, "triage-1", reason_id=REASON)
    older.told_by(newer)
    assert older.house.shut_out == set()


def test_s11_who_was_out_of_the_survivor_before_stays_out() -> None:
    """Taking the link back lets nobody in who was out for another reason."""
    older, newer = Pure(house=House(shut_out={"lead-1"})).assigned(), Pure().assigned()
    linked(older, newer, shut_out=("lead-1",))
    newer.decide(commands.Unlink, "triage-1", reason_id=REASON)
    older.told_by(newer)
    assert older.house.shut_out == {"lead-1"}


def test_s11_frappe_2539_mail_to_the_linked_case_goes_to_the_survivor() -> None:
    """It does not wake the linked one; the survivor's student has written."""
    older, newer = Pure().waiting(), Pure().assigned()
    linked(older, newer)
    newer.event("message-arrived", thread="t1", direction="in")
    assert newer.state.stage == Stage.LINKED
    older.told_by(newer)
    assert older.state.stage == Stage.IN_CONTACT
    assert "update" in older.state.deadlines


def test_s11_danger_in_a_linked_case_pages_for_the_survivor() -> None:
    """Once, there."""
    older, newer = Pure().assigned(), Pure().assigned()
    linked(older, newer)
    newer.event("outside-emergency", call="c1")
    assert newer.crisis is None
    older.told_by(newer)
    assert older.crisis == "open"


def test_s11_freescout_5138_strangers_are_linked_only_by_a_person_who_made_sure() -> None:
    """Different numbers, or none: refused, unless a person says that it is one."""
    older, newer = Pure().assigned(), Pure(anonymous=True).triaged()
    for same in (False, None):
        pair(older, newer, same_person=same)
        with refused("other-person"):
            newer.decide(commands.Link, "triage-1", into=older.case_id, reason_id=REASON)
    newer.decide(commands.Link, "triage-1", into=older.case_id, reason_id=REASON, same_person=True)
    assert newer.state.stage == Stage.LINKED
    assert newer.records("linked")[0]["evidence_id"] == REASON


def test_s11_refused_without_evidence_and_of_what_may_not_be_opened() -> None:
    """A case that may not be opened is answered like one that there is not."""
    older, newer = Pure().assigned(), Pure().assigned()
    with refused("link-unknown"):
        newer.decide(commands.Link, "triage-1", into=older.case_id, reason_id=REASON)
    pair(older, newer)
    with refused("reason-missing"):
        newer.decide(commands.Link, "triage-1", into=older.case_id)
    with refused("link-itself"):
        newer.decide(commands.Link, "triage-1", into=newer.case_id, reason_id=REASON)
    with refused("role-missing"):
        newer.decide(commands.Link, "counsellor-1", into=older.case_id, reason_id=REASON)
    older.decide(commands.Resolve, "counsellor-1", code="helped")
    older.wait(days=20)
    pair(older, newer)
    with refused("link-ended"):
        newer.decide(commands.Link, "triage-1", into=older.case_id, reason_id=REASON)


def test_s11_a_crisis_is_not_put_aside_by_a_link() -> None:
    """It is stood down first (E9)."""
    older, newer = Pure().assigned(), Pure(danger=True)
    pair(older, newer)
    with refused("crisis-open"):
        newer.decide(commands.Link, "triage-1", into=older.case_id, reason_id=REASON)


def test_s11_who_is_to_be_looked_after_is_looked_after_by_the_survivor() -> None:
    """An open welfare check goes along."""
    older, newer = Pure().assigned(), Pure().assigned(distress=3)
    for _ in range(3):
        newer.missed()
    assert "welfare-check" in newer.tasks()
    linked(older, newer)
    assert "welfare-check" in older.tasks()


def test_s11_a_link_is_undone_within_thirty_days_with_the_rest_of_the_clocks() -> None:
    """Wrong person linked: the case goes on with its owner, no breach for the time between."""
    older, newer = Pure().assigned(), Pure().assigned("counsellor-2")
    left = newer.due("resolution") - newer.now
    linked(older, newer)
    newer.wait(days=28)
    newer.decide(commands.Unlink, "triage-1", reason_id=REASON)
    assert newer.state.stage == Stage.REOPENED
    assert newer.state.owner == "counsellor-2"
    assert newer.due("resolution") - newer.now > left - timedelta(days=3)
    assert newer.due("first-response") > newer.now
    assert newer.state.tasks["review-readers"].role == "head_of_support"
    assert older.told_by(newer)[0].step == "case-unlinked"
    assert older.state.links == {}


def test_s11_what_was_not_judged_is_judged_after_a_link_is_undone() -> None:
    """It is a new referral again, for triage."""
    older, newer = Pure().assigned(), Pure()
    linked(older, newer)
    newer.decide(commands.Unlink, "triage-1", reason_id=REASON)
    assert newer.state.stage == Stage.REFERRED
    assert "triage" in newer.tasks()
    newer.triaged()


def test_s11_after_thirty_days_it_has_ended_as_linked() -> None:
    """Nothing takes it back any more."""
    older, newer = Pure().assigned(), Pure().assigned()
    linked(older, newer)
    newer.wait(days=31)
    assert (newer.state.closed, newer.state.outcome) == (True, "linked")
    with refused("case-closed"):
        newer.decide(commands.Unlink, "triage-1", reason_id=REASON)


def test_s11_a_survivor_that_does_not_answer_is_looked_at() -> None:
    """It may have ended at that very moment: what was promised is nobody's until somebody looks."""
    older, newer = Pure().assigned(), Pure().assigned()
    pair(older, newer)
    newer.decide(commands.Link, "triage-1", into=older.case_id, reason_id=REASON)
    newer.wait(hours=2)
    assert "review-link" in newer.tasks()
    newer.event("link-taken", **LinkTaken(case=older.case_id).model_dump())
    assert "review-link" not in newer.tasks()


async def _two(office: Office, **changes: Any) -> tuple[Case, Case]:
    older = await office.refer()
    return older, await office.refer(**changes)


async def _link(case: Case, other: Case, by: str = "triage-1", **values: Any) -> Any:
    return await case.decide(
        commands.Link, by, into=other.handle.id, reason_id=await case.text("同じ人です"), **values
    )


async def test_s11_later_mail_to_the_linked_ticket_is_stored_for_the_survivor(office: Office) -> None:
    """Under the survivor's key, in its inbox; a repeat of what came before is that event still."""
    older, newer = await _two(office)
    assert await office.owner.fetchval(
        "SELECT count(*) FROM iehe.tasks WHERE case_id = $1 AND kind = 'review-duplicate'", newer.handle.id
    )
    await older.assign()
    await _link(newer, older)
    await newer.until_stage("linked")
    await older.until("state -> 'links' <> '{}'")
    told = await office.tell(newer.reference, "message-arrived", thread="t1", direction="in", words="続き")
    row = await office.owner.fetchrow(
        "SELECT e.case_id, t.case_id AS text_case FROM iehe.events e JOIN iehe.texts t"
        " ON t.text_id::text = e.envelope #>> '{data,words}' WHERE e.source || '#' || e.id = $1",
        told,
    )
    assert tuple(row) == (older.handle.id, older.handle.id)
    assert await older.until_sent("case-news")
    await office.owner.execute(
        "INSERT INTO iehe.case_reads (case_id, staff_id, what, by_right) VALUES ($1, 'nurse-1', 'page', 'x'),"
        " ($1, 'duty-2', 'list', 'x')",
        newer.handle.id,
    )
    await newer.decide(commands.Unlink, "triage-1", reason_id=await newer.text("別人でした"))
    await office.tell(newer.reference, "message-arrived", thread="t1", direction="in")
    assert (
        await office.owner.fetchval("SELECT case_id FROM iehe.events ORDER BY seq DESC LIMIT 1")
        == newer.handle.id
    )
    readers = await office.owner.fetch("SELECT staff_id FROM iehe.support_link_readers")
    listed = {row["staff_id"] for row in readers}
    assert {"triage-1", "counsellor-1", "nurse-1"} <= listed
    assert "duty-2" not in listed, "that a case stood in a list is not that it was read"


async def test_invariant_9_a_and_b_linked_both_ways_at_once_make_no_circle(office: Office) -> None:
    """By parallel deciders, five times: one of the two holds, the other is refused."""
    for _ in range(5):
        one, other = await _two(office)
        pairs = [(one, other, await one.text()), (other, one, await other.text())]
        answers = await asyncio.gather(
            *(
                case.decide(commands.Link, "triage-1", into=into.handle.id, reason_id=reason)
                for case, into, reason in pairs
            ),
            return_exceptions=True,
        )
        assert [isinstance(each, WorkflowUpdateFailedError) for each in answers].count(True) == 1, answers
        rows = await office.owner.fetch(
            "SELECT case_id FROM iehe.case_redirects WHERE case_id = ANY ($1)",
            [one.handle.id, other.handle.id],
        )
        assert len(rows) == 1


async def test_s11_neither_a_chain_nor_a_case_that_the_decider_is_kept_out_of(office: Office) -> None:
    """What is linked is no target, a target is not linked, and who is concerned finds none."""
    first, second = await _two(office)
    third = await office.refer(concerned=["triage-1"])
    await _link(second, first)
    for case, other, code in ((third, second, "link-ended"), (first, third, "link-unknown")):
        with pytest.raises(WorkflowUpdateFailedError) as told:
            await _link(case, other, same_person=True)
        assert told.value.cause.details[0] == code
    fourth = await office.refer()
    with pytest.raises(WorkflowUpdateFailedError) as told:
        await _link(first, fourth)
    assert told.value.cause.details[0] == "case-redirected"


async def test_s11_harassment_is_not_proposed(office: Office) -> None:
    """That there is such a case is nothing that triage of another one learns."""
    await office.refer(unit="harassment")
    newer = await office.refer()
    rows = await office.owner.fetch(
        "SELECT FROM iehe.tasks WHERE case_id = $1 AND kind = 'review-duplicate'", newer.handle.id
    )
    assert rows == []
