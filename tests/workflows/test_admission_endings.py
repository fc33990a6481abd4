"""Every ending of an application, driven from outside: people decide, systems send, time passes."""

import pytest

from schemas.admission.commands import (
    AnswerOffer,
    CastVote,
    ConfirmEligibility,
    RecordDecision,
    RecordEnrolment,
    Rejudge,
    Withdraw,
)
from tests.office import Case, Institute, person


async def ended(case: Case, outcome: str, by: str) -> None:
    """The workflow has ended with the outcome, and the database says the same and who made it."""
    assert await case.result() == outcome
    row = await case.row_()
    assert row is not None
    assert (row["stage"], row["outcome"], row["outcome_by"]) == (outcome, outcome, by)
    assert row["closed_at"] is not None
    assert not await case.tasks()
    assert {each["state"] for each in (await case.deadlines()).values()} <= {"met", "cancelled", "expired"}
    assert {each["state"] for each in await case.notices()} <= {"accepted", "suppressed"}


@pytest.mark.parametrize("result", ["enrolled", "conditions_not_met", "deferred"])
async def test_accepted_offer_ends_as_the_office_records(institute: Institute, result: str) -> None:
    """An application goes from arrival to acceptance; how the enrolment went ends the case."""
    case = await institute.apply()

    await case.to_offered()
    await case.event("offer-answered", answer="accepted")
    await case.decide(RecordEnrolment, "office-1", result=result, reason_id=await case.text())

    await ended(case, result, "person")


async def test_declined(institute: Institute) -> None:
    """The office enters a refusal that came by post."""
    case = await institute.apply()

    await case.to_offered()
    await case.decide(AnswerOffer, "office-1", answer="declined")

    await ended(case, "declined", "person")


async def test_lapsed(institute: Institute) -> None:
    """Nobody answers for ten working days: the clock lets the offer lapse, after one reminder."""
    case = await institute.apply()

    await case.to_offered()
    await case.forward(days=25)

    await ended(case, "lapsed", "clock")
    assert len(await case.notices("offer-reminder")) == 1


async def test_released_by_the_head(institute: Institute) -> None:
    """A place on the waitlist is released by decision."""
    case = await institute.apply()

    await case.to_ranked()
    await case.decide(RecordDecision, "head-1", decision="waitlisted")
    await case.decide(RecordDecision, "head-1", decision="released")

    await ended(case, "released", "person")


async def test_released_by_the_clock(institute: Institute) -> None:
    """The waitlist's last day passes."""
    case = await institute.apply()

    await case.to_ranked()
    await case.decide(RecordDecision, "head-1", decision="waitlisted")
    await case.forward(days=200)

    await ended(case, "released", "clock")


async def test_rejected(institute: Institute) -> None:
    """A rejection stays open to a re-judgment for a year and is then closed as a person's decision."""
    case = await institute.apply()

    await case.to_ranked(choice="reject")
    await case.decide(RecordDecision, "head-1", decision="rejected")
    assert (await case.row_())["closed_at"] is None
    await case.forward(days=380)

    await ended(case, "rejected", "person")


async def test_rejudged(institute: Institute) -> None:
    """An error found after release turns a rejection into an offer."""
    case = await institute.apply()

    await case.to_ranked(choice="reject")
    await case.decide(RecordDecision, "head-1", decision="rejected")
    await case.decide(Rejudge, "head-1", reason_id=await case.text())
    await case.event("offer-answered", answer="accepted")
    await case.decide(RecordEnrolment, "office-1", result="enrolled")

    await ended(case, "enrolled", "person")


async def test_withdrawn_by_the_applicant(institute: Institute) -> None:
    """The portal reports a withdrawal during the review; the reviewers' tasks go with it."""
    case = await institute.apply()

    await case.to_review()
    await case.send("withdrawal-requested", reason="other-university")

    await ended(case, "withdrawn", "system")


async def test_withdrawn_by_the_office(institute: Institute) -> None:
    """The office enters a withdrawal."""
    case = await institute.apply()

    await case.until_stage("completeness")
    await case.decide(Withdraw, "office-1", reason="personal")

    await ended(case, "withdrawn", "person")


async def test_ineligible(institute: Institute) -> None:
    """The office finds that the applicant may not apply by this route."""
    case = await institute.apply()

    await case.complete()
    await case.decide(ConfirmEligibility, "office-1", eligible=False, reason_id=await case.text())

    await ended(case, "ineligible", "person")


async def test_incomplete(institute: Institute) -> None:
    """What is required does not come in time: closed by the clock, with each chaser sent once."""
    case = await institute.apply()

    await case.until_stage("completeness")
    await case.forward(days=90)

    await ended(case, "incomplete", "clock")
    assert len(await case.notices("items-chaser")) == 3
    assert len(await case.notices("recommendation-chaser")) == 3


async def test_post_not_received(institute: Institute) -> None:
    """A web registration whose post does not arrive is no application."""
    case = await institute.apply(person(round_id="2027-general"))

    await case.until_stage("submitted")
    await case.forward(days=100)

    await ended(case, "incomplete", "clock")
    assert await case.notices("post-not-received")


async def test_tied_committee(institute: Institute) -> None:
    """Two tied ballots, then the chair's casting vote decides."""
    case = await institute.apply()

    await case.to_committee()
    reason = await case.text()
    for _ballot in range(2):
        await case.until_task("vote:chair-1")
        for member, choice in zip(
            ("member-1", "member-2", "member-3", "member-4", "chair-1"),
            ("admit", "admit", "reject", "reject", "abstain"),
            strict=True,
        ):
            await case.decide(CastVote, member, choice=choice, reason_id=reason)
    await case.until_task("casting-vote")
    await case.decide(CastVote, "chair-1", choice="admit", reason_id=reason, casting=True)

    await case.until_stage("ranked")
    assert (await case.state())["result"] == "admit"
