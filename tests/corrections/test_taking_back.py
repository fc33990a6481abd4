"""Decisions of an admission review that are taken back, on real servers and through the doors."""

import asyncio

from embedded.mail import MailCatcher, caught_mails
from schemas.admission.commands import ConfirmEligibility, RecordDecision, RecordEnrolment
from schemas.kernel.case import Command, Receipt
from schemas.kernel.taking_back import ConfirmTakeBack, RefuseTakeBack, TakeBack
from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401
from tests.corrections.doors import at_door, refused
from tests.office import Case, Institute, actor
from tests.workflows.conftest import (  # noqa: F401
    institute,
    mortal_worker,
    notices,
    pool,
    relax,
    vacant,
    worker_pool,
)
from workers.worker import running_worker

# ruff: noqa: F811 - fixtures are imported and asked for by name


async def decided(
    case: Case, command: type[Command], by: str, reason: str | None = None, **values
) -> Receipt:
    """By the way of every door, which wakes the workflow of a case that has ended."""
    pool, client = case.institute.pool, case.institute.client
    return await at_door(pool, client, case.case_id, command, actor(by), reason, **values)


async def taken(case: Case, by: str, version: int | None = None) -> Receipt:
    version = await case.version() if version is None else version
    return await decided(case, TakeBack, by, "押し間違い", taken=version)


async def of_step(case: Case, step: str) -> int:
    return max(entry["version"] for entry in await case.log() if entry["step"] == step)


async def settled(case: Case) -> None:
    await case.until_notices(len(await case.notices()))


async def ineligible(institute: Institute) -> Case:
    case = await institute.apply()
    await case.complete()
    await settled(case)
    await case.decide(ConfirmEligibility, "office-1", eligible=False, reason_id=await case.text())
    return case


async def test_what_only_staff_has_seen_is_taken_back_at_once(institute: Institute) -> None:
    """Eligible by a slip: the invited are released and told, it is checked again, they may be drawn again."""
    case = await institute.apply()
    reviewers = await case.to_review()
    receipt = await taken(case, "office-1", await of_step(case, "confirm-eligibility"))
    assert receipt.stage == "eligibility"
    assert sorted(each["recipient_id"] for each in await case.notices("review-released")) == reviewers
    assert "check-eligibility" in await case.tasks()
    assert len(await case.notices("application-complete")) == 1
    await case.decide(ConfirmEligibility, "office-1", eligible=True)
    await case.until(lambda row: row["stage"] == "review" and row["version"] > receipt.version + 1)
    assert len((await case.state())["reviews"]) == 3


async def test_where_a_letter_has_left_another_person_confirms(
    institute: Institute, mail: MailCatcher
) -> None:
    """It is proposed, not done; the proposer cannot confirm; confirmed, a correcting letter follows."""
    case = await ineligible(institute)
    await settled(case)
    proposed = await taken(case, "office-1")
    assert proposed.stage == "ineligible"
    assert "confirm-take-back" in await case.tasks()
    with refused("own-take-back"):
        await decided(case, ConfirmTakeBack, "office-1")
    done = await decided(case, ConfirmTakeBack, "head-1")
    assert done.stage == "eligibility"
    row = await case.row_()
    assert row is not None
    assert (row["closed_at"], row["outcome"]) == (None, None)
    assert "confirm-take-back" not in await case.tasks()
    await settled(case)
    subjects = [each.subject for each in caught_mails(mail.folder)]
    assert subjects.count("先にお送りしたご連絡について") == 1
    # and it goes on as any other
    await case.decide(ConfirmEligibility, "office-1", eligible=True)
    await case.until_stage("review")


async def test_a_letter_that_has_not_left_is_withdrawn(institute: Institute) -> None:
    """In the quiet hours the letter waits: taken back at once it is never sent, and none follows it."""
    async with institute.pool.acquire() as connection:
        await relax(connection, {"notices": {"quiet_from": "00:00", "quiet_until": "23:59"}})
    case = await institute.apply()
    await case.complete()
    await case.decide(ConfirmEligibility, "office-1", eligible=False, reason_id=await case.text())
    receipt = await taken(case, "office-1")
    assert receipt.stage == "eligibility"
    (letter,) = await case.notices("ineligible")
    assert (letter["state"], letter["reason"]) == ("suppressed", "taken-back")
    assert await case.notices("decision-taken-back") == []


async def test_an_offer_is_taken_back_until_it_is_accepted(institute: Institute) -> None:
    """Its place counts as given: another person confirms; once it is accepted that is refused."""
    case = await institute.apply()
    await case.to_offered()
    offered = await of_step(case, "record-decision")
    await taken(case, "head-1", offered)
    done = await decided(case, ConfirmTakeBack, "office-1")
    assert done.stage == "ranked"
    await case.decide(RecordDecision, "head-1", decision="offered")
    await case.event("offer-answered", answer="accepted")
    with refused("wrong-stage") as told:
        await taken(case, "head-1", await of_step(case, "record-decision"))
    assert "record-enrolment" in told.value.text("en")


async def test_enrolment_is_entered_again(institute: Institute) -> None:
    """A case that has ended opens again and is where it was; the workflow, long gone, is woken for it."""
    case = await institute.apply()
    await case.to_offered()
    await case.event("offer-answered", answer="accepted")
    await case.decide(RecordEnrolment, "office-1", result="deferred", reason_id=await case.text())
    await settled(case)
    proposed = await taken(case, "office-1")
    assert proposed.stage == "deferred"
    done = await decided(case, ConfirmTakeBack, "head-1")
    assert (done.stage, done.outcome) == ("accepted", None)
    assert len(await case.notices("offer-accepted")) == 1
    last = await case.decide(RecordEnrolment, "office-1", result="enrolled")
    assert last.outcome == "enrolled"


async def test_a_proposal_is_refused_or_falls(institute: Institute) -> None:
    """Refused by another person with a reason, or answered by nobody for three working days: it stands."""
    case = await ineligible(institute)
    await settled(case)
    version = await case.version()
    await taken(case, "office-1", version)
    with refused("reason-required"):
        await decided(case, RefuseTakeBack, "head-1")
    await decided(case, RefuseTakeBack, "head-1", "取り消さない")
    assert await case.tasks() == {}
    await taken(case, "office-1", version)
    await case.forward(days=9)
    assert (await case.steps())[-1] == "drop-take-back"
    assert await case.stage() == "ineligible"
    assert (await case.state()).get("take_back") is None
    with refused("no-take-back"):
        await decided(case, ConfirmTakeBack, "head-1")


async def test_a_proposal_falls_when_the_case_moves_on(institute: Institute) -> None:
    """While it waits the applicant withdraws: nothing is left to confirm, and no task either."""
    case = await institute.apply()
    await case.to_offered()
    await taken(case, "head-1", await of_step(case, "record-decision"))
    await case.event("withdrawal-requested", reason="personal")
    assert await case.stage() == "withdrawn"
    assert "confirm-take-back" not in await case.tasks()
    assert (await case.state()).get("take_back") is None


async def test_what_is_not_declared_says_what_can_be(institute: Institute) -> None:
    """A vote cannot be taken back, nor a step that is none, nor by a role that did not make it."""
    case = await institute.apply()
    await case.to_ranked()
    await case.decide(RecordDecision, "head-1", decision="waitlisted")
    with refused("not-taken-back") as told:
        await taken(case, "head-1", await of_step(case, "cast-vote"))
    assert "record-decision" in told.value.text("en")
    with refused("no-such-step"):
        await taken(case, "head-1", 999)
    with refused("role-missing"):
        await taken(case, "office-1")


async def test_from_the_command_line(institute: Institute, iehe: CommandLine) -> None:
    """Both are commands; a stale version is refused as for any decision."""
    case = await ineligible(institute)
    await settled(case)
    version = str(await case.version())
    words = ("case", "take-back", case.case_id, version, "--reason", "押し間違い")
    assert (await iehe.refused(*words, "--version", "2", by="office-1"))[1] == "stale-version"
    await iehe.ok(*words, by="office-1")
    done = await iehe.ok("case", "confirm-take-back", case.case_id, by="head-1")
    assert done["stage"] == "eligibility"


async def test_killed_in_the_confirmation_it_is_taken_back_once(
    vacant: Institute, client, worker_pool, notices, mortal_worker
) -> None:
    """The worker dies when the database has it and Temporal does not: asked again, it stands, once."""
    doomed = await mortal_worker("written:confirm-take-back")
    case = await ineligible(vacant)
    await settled(case)
    await taken(case, "office-1")
    asking = asyncio.create_task(decided(case, ConfirmTakeBack, "head-1", key="c-1"))
    assert await doomed.wait() == 9
    asking.cancel()
    async with running_worker(client, worker_pool, notices):
        answer = await decided(case, ConfirmTakeBack, "head-1", key="c-1")
        assert answer.stage == "eligibility"
        assert (await case.steps()).count("confirm-take-back") == 1
        await settled(case)
    assert len(await case.notices("decision-taken-back")) == 1
