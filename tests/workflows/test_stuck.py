"""What must not wedge a case or leave it without anybody to act: each of these once did."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from activities.admission.lookups import SQL
from activities.admission.material import review_material
from cases.starting import restart_case
from schemas.admission.commands import (
    AcceptReview,
    CastVote,
    PermitLate,
    RecordDecision,
    Rejudge,
    ReleaseReviewer,
    SubmitScores,
    Withdraw,
)
from schemas.kernel.case import CompleteTask, MoveDeadline, PauseDeadline, ReassignTask
from schemas.kernel.refusals import Refusal
from tests.office import GOOD, Case, Institute, Refused, person
from tests.workflows.test_case import _pending_activities, _unreachable, _until


async def goes_on(case: Case) -> None:
    """The case still takes facts."""
    before = await case.version()
    async with asyncio.timeout(10):
        await case.event("fee-paid")
    assert await case.version() == before + 1


class TestCancelled:
    @pytest.mark.timeout(240)
    async def test_while_the_database_is_away(self, institute: Institute, postgres, database) -> None:
        """Somebody presses Cancel while a step waits for the database: nothing is lost."""
        case = await institute.apply()
        await case.until_stage("completeness")

        async with _unreachable(postgres, database):
            await case.send("document-received", item="transcript", event_id="kept")
            await _until(partial(_pending_activities, case))
            await case.handle.cancel()
        await case.until(lambda row: row["version"] == 2)

        assert (await case.log())[-1]["cause"] == "test#kept"
        await goes_on(case)

    async def test_while_it_waits_for_a_policy(self, institute: Institute) -> None:
        """Cancelled before its first step, the case opens as soon as a policy is there."""
        await institute.pool.execute("CREATE TABLE iehe.kept AS SELECT * FROM iehe.policies")
        await institute.pool.execute("DELETE FROM iehe.policies")
        case = await institute.apply()
        async with asyncio.timeout(10):
            while not (await case.handle.describe()).raw_description.pending_activities:
                await asyncio.sleep(0.02)

        await case.handle.cancel()
        await institute.pool.execute("INSERT INTO iehe.policies SELECT * FROM iehe.kept")

        await case.until_stage("completeness")


class TestPoison:
    @pytest.mark.parametrize(
        "args", [[None], [{"id": "a", "source": "s", "type": "t", "data": {"x": "a\x00"}}]]
    )
    async def test_signal(self, institute: Institute, args: list) -> None:
        """A null payload, a character that no database stores: recorded, and the case goes on."""
        case = await institute.apply()
        await case.until_stage("completeness")

        await case.handle.signal("event", args=args)
        await case.until(lambda row: row["version"] == 2)

        assert (await case.steps())[-1] == "refuse-event"
        await goes_on(case)

    async def test_update(self, institute: Institute) -> None:
        """The same in a decision is refused."""
        case = await institute.apply()
        await case.complete()

        with pytest.raises(Refused):
            await case.decide(ReassignTask, "office-1", task="check-eligibility", assignee="a\x00")

        await goes_on(case)

    async def test_far_dates(self, institute: Institute) -> None:
        """A wrong century is refused instead of being counted day by day."""
        case = await institute.apply()
        await case.until_stage("completeness")
        far, reason = datetime(9999, 12, 31, 10, tzinfo=UTC), await case.text()

        for command, values in (
            (PermitLate, {"item": "transcript", "until": far, "reason_id": reason}),
            (MoveDeadline, {"deadline": "completeness", "due_at": far}),
        ):
            with pytest.raises(Refused) as refused:
                await case.decide(command, "office-1", **values)
            assert refused.value.code == "deadline-too-far"

        await goes_on(case)

    async def test_words_do_not_get_into_the_log(self, institute: Institute) -> None:
        """A reason is an id; words in its place are refused."""
        case = await institute.apply()
        await case.until_stage("completeness")

        with pytest.raises(Refused) as refused:
            await case.decide(PauseDeadline, "office-1", deadline="completeness", reason_id="見本花子は病気")

        assert refused.value.code == "unknown-text"

    async def test_nobody_ends_a_case_by_a_made_up_sibling(self, institute: Institute) -> None:
        """That another offer was accepted is looked up, not believed."""
        case = await institute.apply()
        await case.until_stage("completeness")

        await case.event("sibling-accepted", by_case=case.case_id)

        assert await case.stage() == "completeness"

    async def test_flood_of_malformed_signals(self, institute: Institute) -> None:
        """Forty of them: all in the log, twenty on the list of tasks."""
        case = await institute.apply()
        await case.until_stage("completeness")

        for _ in range(40):
            await case.handle.signal("nonsense")
        await case.until(lambda row: row["version"] == 41)

        assert len(await case.tasks()) == 20


class TestNobodyActs:
    async def test_reviewer_who_fell_ill(self, institute: Institute) -> None:
        """The office releases a reviewer who had accepted; another is drawn; nothing of it counts on."""
        case = await institute.apply()
        (ill, *_others) = await case.to_review()
        await case.decide(AcceptReview, ill, no_conflict=True)

        await case.decide(ReleaseReviewer, "office-1", reviewer=ill, reason_id=await case.text())

        await case.until(lambda row: '"released"' in row["state"])
        async with asyncio.timeout(10):
            while len((await case.state())["reviews"]) < 4:
                await asyncio.sleep(0.02)

    async def test_silent_committee(self, institute: Institute) -> None:
        """Two of five have voted and the others are gone: after its time the office convenes it anew."""
        case = await institute.apply()
        await case.to_committee()
        reason = await case.text()
        for member in ("chair-1", "member-1"):
            await case.decide(CastVote, member, choice="admit", reason_id=reason)

        await case.forward(days=15)
        await case.until_task("reconvene")
        await case.decide(CompleteTask, "office-1", task="reconvene")
        await case.until_task("vote:chair-1")
        for member in ("chair-1", "member-1", "member-2", "member-3", "member-4"):
            await case.decide(CastVote, member, choice="admit", reason_id=reason)

        assert await case.stage() == "ranked"

    async def test_soft_part_that_never_comes(self, institute: Institute) -> None:
        """A person has given it more time; when that is over too the clock closes the case."""
        case = await institute.apply()
        await case.until_stage("completeness")
        for fact, data in (
            ("document-received", {"item": "transcript"}),
            ("document-received", {"item": "identity"}),
            ("fee-paid", {}),
        ):
            await case.event(fact, **data)
        await case.forward(days=60)
        await case.until_task("parts-overdue")

        due_at = await case.now() + timedelta(days=5)
        await case.decide(MoveDeadline, "office-1", deadline="completeness", due_at=due_at)
        await case.forward(days=20)

        assert await case.result() == "incomplete"


class TestWhatIsOver:
    async def test_reviews_of_a_withdrawn_case_are_no_load(self, institute: Institute) -> None:
        """The reviewers are free again, and see nothing of it any more."""
        case = await institute.apply()
        (reviewer, *_others) = await case.to_review()
        await case.decide(Withdraw, "office-1", reason="personal")

        rows = await institute.pool.fetch(SQL["staff_for_conflicts"], ["reviewer"], 6, date(2026, 12, 1))
        async with institute.pool.acquire() as connection:
            with pytest.raises(Refusal):
                await review_material(connection, case.case_id, reviewer)

        assert sum(row["load"] for row in rows) == 0

    async def test_what_asks_is_not_sent_any_more(self, institute: Institute, mail) -> None:
        """The mail server was away: invitations to a review that is over are never sent."""
        case = await institute.apply()
        await case.until_notices(2)
        await mail.stop()
        await case.to_review()
        await case.decide(Withdraw, "office-1", reason="personal")

        assert {n["state"] for n in await case.notices("review-invitation")} == {"suppressed"}
        await case.handle.terminate("the mail server stays away")

    async def test_rejected_leaves_no_task(self, institute: Institute) -> None:
        """A request for exam adjustments that was never decided ends with the rejection."""
        case = await institute.apply()
        await case.until_stage("completeness")
        await case.event("accommodation-requested", requested_on="2026-07-01")
        await case.to_ranked(choice="reject")

        await case.decide(RecordDecision, "head-1", decision="rejected")

        assert await case.tasks() == {}

    async def test_older_fact_does_not_undo_a_newer(self, institute: Institute) -> None:
        """A revocation of the morning that arrives after the document of noon changes nothing."""
        case = await institute.apply()
        await case.until_stage("completeness")
        now = await case.now()

        await case.event("document-received", item="transcript", at=now)
        await case.event("document-revoked", item="transcript", at=now - timedelta(hours=5))

        assert (await case.state())["items"]["transcript"]["present"]


class TestOthers:
    async def test_a14_the_later_one_waits_whatever_its_number(self, institute: Institute) -> None:
        """The duplicate that came second is put to a person though its number sorts first."""
        row = person()
        first = await institute.apply(row.model_copy(update={"application_no": "Z" + row.application_no[1:]}))
        await first.until_stage("completeness")
        second = await institute.apply(
            row.model_copy(update={"application_no": "A" + row.application_no[1:], "email": "x" + row.email})
        )

        await second.until_task("resolve-duplicate")

    async def test_re_judgment_takes_no_regular_place(self, institute: Institute) -> None:
        """A place beyond the quota leaves the quota to the others."""
        await institute.pool.execute("UPDATE iehe.round_places SET places = 1")
        wronged, other = await institute.apply(), await institute.apply()
        await wronged.to_ranked(choice="reject")
        await wronged.decide(RecordDecision, "head-1", decision="rejected")
        await wronged.decide(Rejudge, "head-1", reason_id=await wronged.text())
        await other.to_ranked()

        answer = await other.decide(RecordDecision, "head-1", decision="offered")

        assert answer.stage == "offered"

    async def test_a13_restarted_sibling_is_told(self, institute: Institute) -> None:
        """Its workflow was lost when the other offer was accepted: restarted, it ends."""
        row = person()
        first = await institute.apply(row)
        second = await institute.apply(
            row.model_copy(update={"application_no": row.application_no + "-B", "programme": "law"})
        )
        await first.to_offered()
        await second.to_offered()
        await second.handle.terminate("lost")
        await first.event("offer-answered", answer="accepted")
        async with asyncio.timeout(10):
            while await institute.pool.fetchval("SELECT reason FROM iehe.events") != "workflow-lost":
                await asyncio.sleep(0.02)

        await restart_case(institute.pool, institute.client, second.case_id)

        await second.until_stage("withdrawn")

    async def test_a12_a_failed_ballot_is_no_tie(self, institute: Institute) -> None:
        """All abstained, the committee was convened anew: its first tie leads to a second ballot."""
        case = await institute.apply()
        await case.to_committee()
        members = ("member-1", "member-2", "member-3", "member-4", "chair-1")
        for member in members:
            await case.decide(CastVote, member, choice="abstain")
        await case.until_task("appoint-committee")
        await case.decide(CompleteTask, "office-1", task="appoint-committee")
        await case.until_task("vote:chair-1")
        reason = await case.text()
        for member, choice in zip(members, ("admit", "admit", "reject", "reject", "abstain"), strict=True):
            await case.decide(CastVote, member, choice=choice, reason_id=reason)

        assert "casting-vote" not in await case.tasks()
        assert "vote:chair-1" in await case.tasks()

    async def test_command_id_of_somebody_else(self, institute: Institute) -> None:
        """Two people who use the same command id have both decided."""
        case = await institute.apply()
        first, second, _third = await case.to_review()

        for reviewer in (first, second):
            await case.decide(AcceptReview, reviewer, no_conflict=True)
            await case.decide(SubmitScores, reviewer, points=GOOD, command_id="same")

        reviews = (await case.state())["reviews"]
        assert [reviews[reviewer]["state"] for reviewer in (first, second)] == ["scored", "scored"]
