"""Rule A14 among twins: whose duplicate is said by name, ends only what it names, can be taken back."""

import pytest

from schemas.admission.commands import ReopenDuplicate, ResolveDuplicate
from tests.office import Case, Institute, Refused, person


async def twins(institute: Institute) -> tuple[Case, Case, Case]:
    """Ichiro and Jiro, one telephone; and Jiro once more, for another programme, without an account."""
    ichiro = person(applicant_account="wa", phone="09011112222", given_kana="イチロウ")
    jiro = ichiro.model_copy(
        update={
            "application_no": "Y" + ichiro.application_no[1:],
            "applicant_account": "wb",
            "email": "ji" + ichiro.email,
            "given_kana": "ジロウ",
        }
    )
    again = {"application_no": "Z" + ichiro.application_no[1:], "applicant_account": None}
    more = {"programme": "education", "email": "ji2" + ichiro.email}
    first, second = await institute.apply(ichiro), await institute.apply(jiro)
    third = await institute.apply(jiro.model_copy(update=again | more))
    for twin in (second, third):
        await twin.until_task("resolve-duplicate")
    reason = await second.text()
    await second.decide(ResolveDuplicate, "office-1", same_person=False, reason_id=reason)
    return first, second, third


async def joined(case: Case, *others: Case) -> None:
    named = {"same_person": True, "keep": True, "duplicate_of": tuple(each.case_id for each in others)}
    await case.decide(ResolveDuplicate, "office-1", **named, reason_id=await case.text())


async def test_a14_one_twin_ends_nothing_of_the_other(institute: Institute) -> None:
    """Ichiro's accepted offer leaves both of Jiro's alone; Jiro's own ends his other application."""
    ichiro, jiro, jiro_again = await twins(institute)
    await joined(jiro_again, jiro)
    for twin in (ichiro, jiro, jiro_again):
        await twin.to_offered()

    await ichiro.event("offer-answered", answer="accepted")
    assert await institute.pool.fetchval("SELECT count(superseded_by) FROM iehe.applications") == 0
    await jiro_again.event("offer-answered", answer="accepted")

    await jiro.until_stage("withdrawn")
    assert await ichiro.stage() == "accepted"


async def test_a14_letters_go_to_the_address_of_the_application(institute: Institute) -> None:
    """Who was found to be somebody else's duplicate by mistake is still written to by their own name."""
    ichiro, _jiro, jiro_again = await twins(institute)
    await joined(jiro_again, ichiro)

    address = "SELECT email FROM iehe.applications JOIN iehe.people USING (person_id) WHERE case_id = $1"
    assert await institute.pool.fetchval(address, jiro_again.case_id) == jiro_again.row.email


async def test_a14_a_wrong_finding_taken_back_ends_nothing(institute: Institute) -> None:
    """The wrong twin was named and it was noticed in time: the acceptance there stays without effect."""
    ichiro, _jiro, jiro_again = await twins(institute)
    await joined(jiro_again, ichiro)

    await jiro_again.decide(ReopenDuplicate, "office-1", reason_id=await jiro_again.text())
    await ichiro.to_offered()
    await ichiro.event("offer-answered", answer="accepted")

    superseded = "SELECT superseded_by FROM iehe.applications WHERE case_id = $1"
    assert await institute.pool.fetchval(superseded, jiro_again.case_id) is None
    finding = "SELECT same_person FROM iehe.duplicate_findings WHERE case_id = $1"
    rows = await institute.pool.fetch(finding, jiro_again.case_id)
    assert [row["same_person"] for row in rows] == [None, None]


async def test_a14_with_an_accepted_offer_nothing_goes_on_as_the_same_person(institute: Institute) -> None:
    """Who has accepted has no second application that could go on: found to be the same, it ends."""
    ichiro, _jiro, jiro_again = await twins(institute)
    await ichiro.to_offered()
    await ichiro.event("offer-answered", answer="accepted")

    with pytest.raises(Refused) as refused:
        await joined(jiro_again, ichiro)

    assert refused.value.code == "other-offer-accepted"


async def test_a14_what_followed_from_a_finding_keeps_it(institute: Institute) -> None:
    """Another application of the same person has been accepted meanwhile: too late to take it back."""
    ichiro, _jiro, jiro_again = await twins(institute)
    await joined(jiro_again, ichiro)
    # accepted there, and this case has not been told yet
    update = "UPDATE iehe.applications SET superseded_by = $1 WHERE case_id = $2"
    await institute.pool.execute(update, ichiro.case_id, jiro_again.case_id)

    with pytest.raises(Refused) as refused:
        await jiro_again.decide(ReopenDuplicate, "office-1", reason_id=await jiro_again.text())

    assert refused.value.code == "finding-followed"
