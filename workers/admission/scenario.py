"""The demonstration of admission: a cohort of sample applications, from import to the last ending."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any, ClassVar, Final
from uuid import uuid4

from activities.admission.applications import store_applications
from activities.kernel.staff import store_staff
from schemas.admission.commands import (
    AcceptReview,
    AnswerOffer,
    CastVote,
    ConfirmEligibility,
    DeclineReview,
    RecordDecision,
    RecordEnrolment,
    Rejudge,
    ResolveDuplicate,
    SubmitScores,
)
from schemas.admission.roles import Role
from schemas.admission.stages import Choice, Stage, Verdict
from schemas.admission.state import AdmissionState, ItemState
from schemas.kernel.case import Actor
from spreadsheets.admission.checking import check_file
from spreadsheets.admission.sample_files import write_csv, write_staff_csv
from spreadsheets.admission.samples import sample_applications, sample_staff
from spreadsheets.staff import check_staff_file
from workers.demo import scenario
from workers.demo.scenario import Turn
from workflows.admission.process import ADMISSION_REVIEW

AdmissionTurn = Turn[AdmissionState]
ROUND: Final = "2027-comprehensive"
OFFICE: Final = Actor(id="office-1", roles=(Role.ADMISSIONS_OFFICE,))
HEAD: Final = Actor(id="head-1", roles=(Role.HEAD_OF_ADMISSIONS,))
ITEMS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("document-received", {"item": "transcript"}),
    ("document-received", {"item": "identity"}),
    ("fee-paid", {}),
    ("recommendation-received", {}),
)


class Scenario(scenario.Scenario[AdmissionState]):
    """Everybody who acts on an application."""

    process = ADMISSION_REVIEW
    settled: ClassVar = frozenset({Stage.REJECTED})
    slow: ClassVar = frozenset({Stage.WAITLISTED})

    @property
    def turns(self) -> Mapping[str, Callable[[AdmissionTurn], Awaitable[None]]]:
        """What happens to an application, by its stage."""
        return {
            "completeness": self._send_parts,
            "eligibility": self._check,
            "review": self._review,
            "committee": self._vote,
            "ranked": self._decide,
            "offered": self._answer,
            "waitlisted": self._promote,
            "accepted": self._enrol,
            "rejected": self._look_again,
        }

    async def prepare(self) -> None:
        """Import a file of staff and one of applications, one place for two dozen of them."""
        file, staff = self.folder / "applications.csv", self.folder / "staff.csv"
        write_csv(file, sample_applications(self.cases, self.seed, ROUND), encoding="cp932")
        write_staff_csv(staff, sample_staff())
        checked = check_file(file, round_id=ROUND, known_programmes=None, today=date(2026, 12, 31))
        async with self.servers.pool.acquire() as connection:
            await store_staff(connection, [row.data for row in check_staff_file(staff).rows])
            places = max(1, self.cases // 24)
            await connection.execute("UPDATE iehe.round_places SET places = $1", places)
            await store_applications(
                connection,
                checked.rows,
                file_sha256=uuid4().hex,
                round_id=ROUND,
                skipped=0,
                imported_by="demo",
                starts_itself=True,
            )

    async def _send_parts(self, turn: AdmissionTurn) -> None:
        if turn.happens(0.01):
            await self.event(turn, "withdrawal-requested", {"reason": "other-university"})
            return
        never = turn.case_id.endswith(("3", "7")) and turn.lot() < 0.35  # noqa: PLR2004
        for fact, data in ITEMS:
            key = data.get("item") or {"fee-paid": "fee"}.get(fact, "recommendation")
            there = turn.state.items.get(key, ItemState()).present
            if not there and not (never and key == "identity") and turn.happens(0.45):
                await self.event(turn, fact, data)

    async def _check(self, turn: AdmissionTurn) -> None:
        if "resolve-duplicate" in turn.state.tasks:
            looked = await self.words(turn, "別人と確認（見本）")
            await self.decide(turn, ResolveDuplicate, OFFICE, same_person=False, reason_id=looked)
        eligible = turn.lot() > 0.04  # noqa: PLR2004
        reason = None if eligible else await self.words(turn, "出願資格を満たさない（見本）")
        await self.decide(turn, ConfirmEligibility, OFFICE, eligible=eligible, reason_id=reason)

    async def _review(self, turn: AdmissionTurn) -> None:
        for reviewer, review in turn.state.reviews.items():
            actor = Actor(id=reviewer, roles=(Role.REVIEWER,))
            if review.state == "invited" and turn.happens(0.06):
                await self.decide(turn, DeclineReview, actor, conflict=True)
            elif review.state == "invited" and turn.happens(0.7):
                await self.decide(turn, AcceptReview, actor, no_conflict=True)
            elif review.state == "accepted" and turn.happens(0.5):
                merit = turn.lot("merit")
                points = {
                    key: round(min(10.0, max(0.0, 10 * merit + turn.chance.uniform(-1.5, 3))), 1)
                    for key in ("academic", "motivation", "activities")
                }
                await self.decide(turn, SubmitScores, actor, points=points)

    async def _vote(self, turn: AdmissionTurn) -> None:
        if not turn.state.ballots:
            return
        voted = turn.state.ballots[-1].votes
        verdicts = [review.verdict for review in turn.state.reviews.values() if review.verdict]
        good = verdicts.count(Verdict.POSITIVE) * 2 >= len(verdicts)
        casting = "casting-vote" in turn.state.tasks
        for member in turn.state.committee:
            if member.conflict or member.near or (casting and not member.chair):
                continue
            if (member.member in voted and not casting) or not turn.happens(0.75):
                continue
            role = Role.COMMITTEE_CHAIR if member.chair else Role.COMMITTEE_MEMBER
            choice = Choice.ADMIT if good ^ turn.happens(0.15) else Choice.REJECT
            reason = await self.words(turn, "委員会での審議による（見本）")
            actor = Actor(id=member.member, roles=(role,))
            await self.decide(turn, CastVote, actor, choice=choice, casting=casting, reason_id=reason)

    async def _decide(self, turn: AdmissionTurn) -> None:
        if turn.state.result == Choice.REJECT:
            await self.decide(turn, RecordDecision, HEAD, decision="rejected")
        elif not await self.decide(turn, RecordDecision, HEAD, decision="offered"):
            await self.decide(turn, RecordDecision, HEAD, decision="waitlisted")

    async def _answer(self, turn: AdmissionTurn) -> None:
        lot = turn.lot("answer")
        if lot < 0.12 or not turn.happens(0.4):  # noqa: PLR2004 - some never answer
            return
        answer = "accepted" if lot > 0.3 else "declined"  # noqa: PLR2004
        if turn.happens(0.2):
            await self.decide(turn, AnswerOffer, OFFICE, answer=answer)
        else:
            await self.event(turn, "offer-answered", {"answer": answer})

    async def _promote(self, turn: AdmissionTurn) -> None:
        if turn.happens(0.3):
            await self.decide(turn, RecordDecision, HEAD, decision="offered")

    async def _enrol(self, turn: AdmissionTurn) -> None:
        if turn.happens(0.3):
            lot = turn.lot("enrol")
            result = "deferred" if lot < 0.05 else "conditions_not_met" if lot < 0.1 else "enrolled"  # noqa: PLR2004
            reason = await self.words(turn, "手続の結果（見本）")
            await self.decide(turn, RecordEnrolment, OFFICE, result=result, reason_id=reason)

    async def _look_again(self, turn: AdmissionTurn) -> None:
        if turn.lot("again") < 0.05 and turn.happens(0.5):  # noqa: PLR2004
            reason = await self.words(turn, "採点の誤りを確認（見本）")
            await self.decide(turn, Rejudge, HEAD, reason_id=reason)
