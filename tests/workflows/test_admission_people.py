"""Rules that need more than one person or more than one application: A7, A12, A13, A14, places."""

import asyncio
import json
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from cases.starting import start_case
from schemas.admission.commands import (
    AcceptReview,
    AnswerOffer,
    AssignReviewers,
    CastVote,
    ChangePolicy,
    ConfirmEligibility,
    DecideAccommodation,
    DeclineReview,
    JudgeConflict,
    PermitLate,
    RecordDecision,
    RecordEnrolment,
    ResolveDuplicate,
    SubmitScores,
)
from schemas.admission.roles import Role
from schemas.kernel.case import CompleteTask
from schemas.kernel.people import Employment
from spreadsheets.admission.checking import check_file
from spreadsheets.staff import check_staff_file
from tests.office import GOOD, POOR, Case, Institute, Refused, person, staff

# as an office types them; the people are made up
STAFF_SPELLED = """教職員ID,氏名,メールアドレス,連絡言語,役割,所属歴,関係者,電話番号,住所
reviewer-20,審査 一,r20@example.ac.jp,ja,審査員,見本高校,,,
reviewer-21,審査 二,r21@example.ac.jp,ja,審査員,,,+81 90-0000-1111,
reviewer-22,審査 三,r22@example.ac.jp,ja,審査員,,高橋 太郎,,
reviewer-23,審査 四,r23@example.ac.jp,ja,審査員,,,,見本県例示郡1丁目2番3号
reviewer-24,審査 五,r24@example.ac.jp,ja,審査員,見本高等学校,,,
"""
APPLICATION_SPELLED = """\
受験番号,選抜区分,学部コード,ポータルID,姓,名,セイ,メイ,生年月日,性別,メールアドレス,電話番号,郵便番号,住所,\
出身学校名,学校コード,出願日,志望理由,保護者氏名
CO-000001,2027-comprehensive,science,,相反,子,ソウハン,コ,2008-04-01,女,co1@example.com,090-0000-1111,\
000-0000,見本県例示郡1-2-3,見本高等学校,X00001,2026-11-01,学びたい,髙橋 太郎
"""


async def reviewers(case: Case) -> dict[str, str]:
    rows = await case.institute.pool.fetch(
        "SELECT reviewer, state FROM iehe.reviews WHERE case_id = $1", case.case_id
    )
    return {row["reviewer"]: row["state"] for row in rows}


async def until_active(case: Case, count: int) -> list[str]:
    async with asyncio.timeout(15):
        while True:
            active = [r for r, state in (await reviewers(case)).items() if state in ("invited", "accepted")]
            if len(active) == count:
                return sorted(active)
            await asyncio.sleep(0.01)


async def _settled(case: Case) -> bool:
    state = await case.state()
    return len(state["reviews"]) == 3 or state["draw_failed"]


class TestReviewers:
    async def test_a07_conflicts_of_interest_are_computed(self, institute: Institute) -> None:
        """Same school within three years, a declared relation, the same address: none of them is drawn."""
        row = person(school_name="見本第一高等学校", related_staff="職員reviewer-3", phone="0220000000")
        await institute.employ(
            staff("reviewer-1", Role.REVIEWER, employers=(Employment(name="見本第一高等学校"),)),
            staff("reviewer-2", Role.REVIEWER, relations=(row.email,)),
            staff("reviewer-3", Role.REVIEWER),
            staff("reviewer-4", Role.REVIEWER, phone="0220000000"),
        )
        case = await institute.apply(row)
        await case.complete()
        await case.decide(ConfirmEligibility, "office-1", eligible=True)
        await until_active(case, 2)

        assert sorted(await reviewers(case)) == ["reviewer-5", "reviewer-6"]
        await case.until_task("assign-reviewers")
        with pytest.raises(Refused) as refused:
            await case.decide(AssignReviewers, "office-1", reviewers=("reviewer-1",))
        assert refused.value.code == "reviewer-conflict"

    async def test_a07_conflicts_are_found_however_they_are_spelled(
        self, institute: Institute, tmp_path: Path
    ) -> None:
        """From two files as an office types them: no spelling of a school, telephone or address is drawn."""
        staff_file, applications = tmp_path / "staff.csv", tmp_path / "applications.csv"
        staff_file.write_text(STAFF_SPELLED, encoding="utf-8")
        applications.write_text(APPLICATION_SPELLED, encoding="utf-8")
        employed = check_staff_file(staff_file)
        applied = check_file(
            applications, round_id="2027-comprehensive", known_programmes=None, today=date(2026, 11, 2)
        )
        await institute.employ(*(row.data for row in employed.rows))
        case = await institute.apply(applied.rows[0].data)

        await case.complete()
        await case.decide(ConfirmEligibility, "office-1", eligible=True)
        drawn = await until_active(case, 3)

        assert set(drawn) <= {f"reviewer-{number}" for number in range(1, 7)}
        for alike in range(20, 25):
            with pytest.raises(Refused) as refused:
                await case.decide(AssignReviewers, "office-1", reviewers=(f"reviewer-{alike}",))
            assert refused.value.code in {"reviewer-conflict", "reviewers-too-many"}

    async def test_a07_near_conflict_is_only_named_by_a_person(self, institute: Institute) -> None:
        """A school without its prefecture: not drawn, and named only by who says to have looked."""
        row = person(school_name="見本県立見本第三高等学校")
        near = (Employment(name="見本第三高校"),)
        await institute.employ(*(staff(f"reviewer-{n}", Role.REVIEWER, employers=near) for n in range(3, 7)))
        case = await institute.apply(row)
        await case.complete()
        await case.decide(ConfirmEligibility, "office-1", eligible=True)
        await case.until_task("assign-reviewers")
        assert await until_active(case, 2) == ["reviewer-1", "reviewer-2"]

        with pytest.raises(Refused) as refused:
            await case.decide(AssignReviewers, "office-1", reviewers=("reviewer-3",))
        assert refused.value.code == "reviewer-near-conflict"
        await case.decide(AssignReviewers, "office-1", reviewers=("reviewer-3",), looked_at=True)

        assert await until_active(case, 3) == ["reviewer-1", "reviewer-2", "reviewer-3"]
        details = json.loads((await case.log())[-1]["details"])
        assert details["near_conflicts"] == {"reviewer-3": "same-school"}

    async def test_a07_no_score_without_a_declaration(self, institute: Institute) -> None:
        """Refused with what to do; declared, the same scores count."""
        case = await institute.apply()
        first = (await case.to_review())[0]
        with pytest.raises(Refused) as refused:
            await case.decide(SubmitScores, first, points=GOOD)
        assert refused.value.code == "declaration-missing"
        assert "accept-review" in refused.value.message

        await case.score(first)

        assert (await reviewers(case))[first] == "scored"

    async def test_a07_declared_conflict_draws_a_replacement(self, institute: Institute) -> None:
        """A reviewer who declares a conflict is replaced by an alternate, never by the same person."""
        case = await institute.apply()
        first = await case.to_review()

        await case.decide(DeclineReview, first[0], conflict=True)
        active = await until_active(case, 3)

        assert first[0] not in active
        assert (await reviewers(case))[first[0]] == "conflict"
        with pytest.raises(Refused) as refused:
            await case.decide(SubmitScores, first[0], points=GOOD)
        assert refused.value.code == "not-assigned"

    async def test_a07_silence_draws_a_replacement(self, institute: Institute) -> None:
        """Reviewers who do not answer in three working days are replaced by the clock."""
        case = await institute.apply()
        first = await case.to_review()
        await case.decide(AcceptReview, first[0], no_conflict=True)

        await case.forward(days=6)
        await case.until(lambda row: len(json.loads(row["state"])["reviews"]) >= 5)

        states = await reviewers(case)
        assert states[first[0]] == "accepted"
        assert {states[first[1]], states[first[2]]} == {"silent"}

    async def test_a07_load_cap_holds_under_concurrency(self, institute: Institute) -> None:
        """Thirteen cases at once and six reviewers with six places each: nobody gets a seventh.

        A case stays short only when everybody who is not yet its reviewer is full, and says so by a task.
        """
        cases = await asyncio.gather(*(institute.apply() for _ in range(13)))
        await asyncio.gather(*(case.complete() for case in cases))
        await asyncio.gather(*(case.decide(ConfirmEligibility, "office-1", eligible=True) for case in cases))
        async with asyncio.timeout(30):
            while not all([await _settled(case) for case in cases]):
                await asyncio.sleep(0.02)

        rows = await institute.pool.fetch("SELECT reviewer, count(*) FROM iehe.reviews GROUP BY 1")
        loads = {row["reviewer"]: row["count"] for row in rows}
        full = {reviewer for reviewer, load in loads.items() if load == 6}
        assert max(loads.values()) == 6
        for case in cases:
            own = set(await reviewers(case))
            assert ("assign-reviewers" in await case.tasks()) == (len(own) < 3)
            assert len(own) == 3 or full | own == loads.keys()

    async def test_a07_reviewers_who_become_free_are_drawn_later(self, institute: Institute) -> None:
        """Nobody was free at first: the next working day the system looks again by itself."""
        await institute.pool.execute("UPDATE iehe.staff SET active = false WHERE 'reviewer' = ANY (roles)")
        case = await institute.apply()
        await case.complete()
        await case.decide(ConfirmEligibility, "office-1", eligible=True)
        await case.until_task("assign-reviewers")

        await institute.pool.execute("UPDATE iehe.staff SET active = true")
        await case.forward(days=4)

        await until_active(case, 3)
        assert "assign-reviewers" not in await case.tasks()

    async def test_a11_conflicting_reviews_get_one_more_reviewer(self, institute: Institute) -> None:
        """Two for, one against: a fourth reviewer is drawn before the committee."""
        case = await institute.apply()
        first = await case.to_review()
        for reviewer, points in zip(first, (GOOD, GOOD, POOR), strict=True):
            await case.score(reviewer, points)

        (fourth,) = await until_active(case, 1)
        await case.score(fourth)

        assert await case.stage() == "committee"

    async def test_a10_scores_out_of_bounds_are_refused(self, institute: Institute) -> None:
        """Eleven of ten points, a missing or unknown criterion: refused, nothing changed."""
        case = await institute.apply()
        (reviewer, *_) = await case.to_review()
        await case.decide(AcceptReview, reviewer, no_conflict=True)
        before = await case.version()

        for points, code in (
            (GOOD | {"academic": 11}, "score-out-of-bounds"),
            (GOOD | {"academic": -1}, "score-out-of-bounds"),
            ({"academic": 5}, "score-missing"),
            (GOOD | {"charm": 5}, "score-unknown"),
        ):
            with pytest.raises(Refused) as refused:
                await case.decide(SubmitScores, reviewer, points=points)
            assert refused.value.code == code

        assert await case.version() == before


class TestCommittee:
    async def test_a12_member_with_a_conflict_only_abstains(self, institute: Institute) -> None:
        """A member from the applicant's school is not asked, and may not vote for or against."""
        row = person(school_name="見本第二高等学校")
        await institute.employ(
            staff("member-1", Role.COMMITTEE_MEMBER, employers=(Employment(name="見本第二高等学校"),))
        )
        case = await institute.apply(row)
        await case.to_committee()

        assert "vote:member-1" not in await case.tasks()
        with pytest.raises(Refused) as refused:
            await case.decide(CastVote, "member-1", choice="admit", reason_id=await case.text())

        assert refused.value.code == "must-abstain"

    async def test_a12_near_conflict_of_a_member_waits_for_the_office(self, institute: Institute) -> None:
        """The office judges it with a reason, and the member is asked to vote."""
        near = (Employment(name="県立見本第四高校"),)
        await institute.employ(staff("member-1", Role.COMMITTEE_MEMBER, employers=near))
        case = await institute.apply(person(school_name="見本県立見本第四高等学校"))
        await case.to_committee()
        assert "judge-conflict:member-1" in await case.tasks()
        assert "vote:member-1" not in await case.tasks()

        judged = {"member": "member-1", "conflict": False, "reason_id": await case.text()}
        await case.decide(JudgeConflict, "office-1", **judged)

        await case.until_task("vote:member-1")

    async def test_a12_committee_below_its_quorum_becomes_a_task(self, institute: Institute) -> None:
        """Too few members: the office appoints more, and the committee is convened again."""
        await institute.pool.execute(
            "UPDATE iehe.staff SET active = false WHERE staff_id IN ('member-1', 'member-2', 'member-3')"
        )
        case = await institute.apply()
        for reviewer in await case.to_review():
            await case.score(reviewer)
        await case.until_task("appoint-committee")
        await institute.pool.execute("UPDATE iehe.staff SET active = true")

        await case.decide(CompleteTask, "office-1", task="appoint-committee")

        await case.until_task("vote:member-1")


class TestSiblings:
    async def test_a13_accepting_one_offer_ends_the_others(self, institute: Institute) -> None:
        """The other open applications of the round are withdrawn at once and nobody writes about them."""
        row = person()
        first = await institute.apply(row)
        other_row = row.model_copy(
            update={"application_no": row.application_no + "-B", "programme": "engineering"}
        )
        second = await institute.apply(other_row)
        await second.until_stage("completeness")
        await first.to_offered()
        silent_from = len(await second.notices())

        await first.event("offer-answered", answer="accepted")
        await second.until_stage("withdrawn")

        assert await second.result() == "withdrawn"
        assert len(await second.notices()) == silent_from
        decision = await institute.pool.fetchrow(
            "SELECT reason_code, made_by_kind FROM iehe.decisions WHERE case_id = $1", second.case_id
        )
        assert decision["reason_code"] == "other-offer-accepted"

    async def test_a13_only_one_of_two_offers_can_be_accepted(self, institute: Institute) -> None:
        """Both offers accepted in the same moment: one is, the other ends."""
        row = person()
        first = await institute.apply(row)
        second = await institute.apply(
            row.model_copy(update={"application_no": row.application_no + "-B", "programme": "law"})
        )
        await first.to_offered()
        await second.to_offered()

        answers = await asyncio.gather(
            first.decide(AnswerOffer, "office-1", answer="accepted"),
            second.decide(AnswerOffer, "office-1", answer="accepted"),
            return_exceptions=True,
        )
        await asyncio.gather(
            *(case.until(lambda row: row["stage"] in ("accepted", "withdrawn")) for case in (first, second))
        )

        assert Counter([await first.stage(), await second.stage()]) == {"accepted": 1, "withdrawn": 1}
        assert sum(isinstance(answer, Refused) for answer in answers) == 1

    async def test_a13_sibling_not_yet_started(self, institute: Institute) -> None:
        """An application stored but not started when the other offer is accepted gets no offer later."""
        row = person()
        first = await institute.apply(row)
        await first.to_offered()
        second = await institute.apply(
            row.model_copy(update={"application_no": row.application_no + "-B", "programme": "law"}),
            start=False,
        )
        await first.event("offer-answered", answer="accepted")
        await first.until_stage("accepted")

        async with asyncio.timeout(15):
            while await institute.pool.fetchval("SELECT reason FROM iehe.events") != "waiting-for-case":
                await asyncio.sleep(0.01)
        await start_case(institute.skipper.client, second.case_id)

        await second.until_stage("withdrawn")
        assert not [n for n in await second.notices() if n["state"] == "accepted"]


class TestDuplicates:
    async def test_a14_same_person_twice_is_put_to_a_person(self, institute: Institute) -> None:
        """Another e-mail address, the same name and birthday: the later one waits for the office."""
        row = person()
        await institute.apply(row)
        double = await institute.apply(
            row.model_copy(
                update={
                    "application_no": "Z" + row.application_no[1:],
                    "email": "x" + row.email,
                }
            )
        )
        await double.until_task("resolve-duplicate")
        await double.complete()
        with pytest.raises(Refused) as refused:
            await double.decide(ConfirmEligibility, "office-1", eligible=True)
        assert refused.value.code == "duplicate-open"

        reason = await double.text()
        await double.decide(ResolveDuplicate, "office-1", same_person=True, reason_id=reason)

        assert await double.result() == "withdrawn"

    @pytest.mark.parametrize(
        "spelled",
        [
            {"family_kana": "ミ ホン"},
            {"given_kana": "シガンシヤ・ケンイチロー"},
            {"given_kana": "シガンシャ", "phone": "+819000003333"},
        ],
        ids=["a space", "small kana and a long vowel", "the telephone"],
    )
    async def test_a14_same_person_in_another_spelling(
        self, institute: Institute, spelled: dict[str, str]
    ) -> None:
        """The reading, or the telephone, written otherwise: the later one waits for the office."""
        row = person(given_kana="シガンシャケンイチロウ", phone="09000003333")
        await institute.apply(row)
        changes = {"application_no": "Z" + row.application_no[1:], "email": "x" + row.email, "phone": None}
        changes |= {"given_name": "別表記"} | spelled

        double = await institute.apply(row.model_copy(update=changes))

        await double.until_task("resolve-duplicate")

    async def test_a14_twins_go_on(self, institute: Institute) -> None:
        """Two persons who share a mail address: the office says so and the case goes on."""
        row = person()
        await institute.apply(row)
        twin = await institute.apply(
            row.model_copy(
                update={
                    "application_no": "Z" + row.application_no[1:],
                    "given_kana": "フタゴ",
                    "given_name": "双子",
                }
            )
        )
        await twin.until_task("resolve-duplicate")

        reason = await twin.text()
        await twin.decide(ResolveDuplicate, "office-1", same_person=False, reason_id=reason)
        await twin.complete()
        answer = await twin.decide(ConfirmEligibility, "office-1", eligible=True)

        assert answer.stage == "review"


class TestPlaces:
    async def test_offer_takes_a_place_before_enrolment(self, institute: Institute) -> None:
        """Places count open offers, not finished enrolments; the last goes once; re-judgment goes beyond."""
        await institute.pool.execute("UPDATE iehe.round_places SET places = 1")
        first, second = await institute.apply(), await institute.apply()
        await first.to_ranked()
        await second.to_ranked()

        answers = await asyncio.gather(
            *(case.decide(RecordDecision, "head-1", decision="offered") for case in (first, second)),
            return_exceptions=True,
        )

        refused = [answer for answer in answers if isinstance(answer, Refused)]
        assert [answer.code for answer in refused] == ["places-full"]
        assert Counter([await first.stage(), await second.stage()]) == {"offered": 1, "ranked": 1}


class TestTimes:
    async def test_a16_post_by_the_hour(self, institute: Institute) -> None:
        """Post of 12:00 entered two hours later counts; post of 12:01 does not, until it is permitted."""
        row = person(round_id="2027-general")
        case = await institute.apply(row)
        await case.until_stage("submitted")
        cutoff = (await case.deadlines())["post"]["due_at"]
        span = cutoff - await case.now() + timedelta(hours=2)
        await case.forward(seconds=span.total_seconds())

        await case.event("post-arrived", at=cutoff + timedelta(minutes=1))
        assert await case.stage() == "submitted"
        await case.decide(
            PermitLate,
            "office-1",
            item="post",
            until=cutoff + timedelta(days=1),
            reason_id=await case.text(),
        )
        await case.event("post-arrived", at=cutoff + timedelta(minutes=1))
        assert await case.stage() == "completeness"

        other = await institute.apply(person(round_id="2027-general"))
        await other.until_stage("submitted")
        await other.forward(seconds=span.total_seconds())
        await other.event("post-arrived", at=cutoff)
        assert await other.stage() == "completeness"

    async def test_a15_accommodation_is_a_side_process(self, institute: Institute) -> None:
        """A request after its deadline is late unless sudden; granting a late one needs a permit."""
        case = await institute.apply()
        await case.until_stage("completeness")
        await case.event("accommodation-requested", requested_on="2026-10-20")
        assert (await case.state())["accommodation"]["state"] == "late"
        with pytest.raises(Refused) as refused:
            await case.decide(DecideAccommodation, "office-1", result="granted")
        assert refused.value.code == "accommodation-late"

        until = await case.now() + timedelta(days=3)
        await case.decide(
            PermitLate, "office-1", item="accommodation", until=until, reason_id=await case.text()
        )
        await case.decide(DecideAccommodation, "office-1", result="granted")
        await case.complete()

        sudden = await institute.apply()
        await sudden.until_stage("completeness")
        await sudden.event("accommodation-requested", requested_on="2026-11-20", sudden=True)
        await sudden.decide(DecideAccommodation, "office-1", result="granted")
        assert (await sudden.state())["accommodation"]["state"] == "granted"

    async def test_policy_stays_with_the_case(self, institute: Institute) -> None:
        """A newer policy holds for cases opened after it; a person can move a case to it."""
        old = await institute.apply()
        await old.until_stage("completeness")
        body = json.loads(await institute.pool.fetchval("SELECT body FROM iehe.policies"))
        body["version"] = "next"
        for route in body["routes"].values():
            route["offer_reply"]["days"] = 3
        await institute.pool.execute(
            "INSERT INTO iehe.policies (process, version, valid_from, body, sha256, loaded_by) "
            "VALUES ('admission-review', 'next', '2026-11-02', $1, '-', 'test')",
            json.dumps(body),
        )
        new = await institute.apply()
        await new.until_stage("completeness")

        assert (await old.row_())["policy_version"] == "default-1"
        assert (await new.row_())["policy_version"] == "next"
        with pytest.raises(Refused) as refused:
            await old.decide(ChangePolicy, "head-1", version="nonsense")
        assert refused.value.code == "policy-unknown"
        await old.decide(ChangePolicy, "head-1", version="next")
        assert (await old.row_())["policy_version"] == "next"

    async def test_lost_part_stops_the_decision(self, institute: Institute) -> None:
        """A document revoked after the review: no decision before it is back."""
        case = await institute.apply()
        await case.to_ranked()
        await case.event("document-revoked", item="transcript")
        await case.until_task("missing-part:transcript")

        with pytest.raises(Refused) as refused:
            await case.decide(RecordDecision, "head-1", decision="offered")
        assert refused.value.code == "parts-missing"

        await case.event("document-received", item="transcript")
        await case.decide(RecordDecision, "head-1", decision="offered")
        await case.decide(AnswerOffer, "office-1", answer="accepted")
        await case.decide(RecordEnrolment, "office-1", result="enrolled")
        assert await case.result() == "enrolled"
