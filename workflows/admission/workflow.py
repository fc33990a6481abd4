"""Admission review: one application from its arrival to enrolment, or to any other ending.

The application must be complete, with documents, fee and recommendation, by a deadline; the office
checks eligibility and finds duplicates; reviewers without a conflict of interest score masked material;
a committee votes; the head of admissions records the decision. An offer is answered or lapses, a waitlist
place is offered or released, a rejection can be re-judged, and the applicant may withdraw at any time.
Whatever no person decides in time, the clock does, and says that it was the clock.
"""

from functools import partial

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.admission.lookups import AdmissionActivities
    from schemas.admission.commands import (
        AcceptReview,
        AnswerOffer,
        AssignReviewers,
        CastVote,
        ChangePolicy,
        CloseBallot,
        ConfirmEligibility,
        DecideAccommodation,
        DeclineReview,
        JudgeConflict,
        PermitLate,
        RecordDecision,
        RecordEnrolment,
        Rejudge,
        ReleaseReviewer,
        ReopenDuplicate,
        ResolveDuplicate,
        SubmitScores,
        Withdraw,
    )
    from schemas.admission.facts import SiblingAccepted
    from schemas.admission.lookups import ApplicationRequest, PolicyRequest, ReviewerDraw, ReviewersDrawn
    from schemas.admission.stages import Stage
    from schemas.admission.state import AdmissionState, OpenApplication
    from schemas.kernel.case import Receipt
    from schemas.kernel.identifiers import ProcessName, admission_case_id
    from schemas.kernel.refusals import Refusal
    from workflows.admission import committee as admission_committee
    from workflows.admission import intake as admission_intake
    from workflows.admission import outcome as admission_outcome
    from workflows.admission import review as admission_review
    from workflows.admission.process import ADMISSION_REVIEW
    from workflows.kernel.case import CaseWorkflow
    from workflows.kernel.database import database
    from workflows.kernel.draft import Draft
    from workflows.kernel.messages import as_error, decision


@workflow.defn(name=ProcessName.ADMISSION_REVIEW)
class AdmissionReviewWorkflow(CaseWorkflow[AdmissionState]):
    """One execution per application.

    Facts arrive by the signal `event`; each decision of a person is an update of its own, refused by its
    validator when the stage, the version or the role does not fit.
    """

    @workflow.init
    def __init__(self, start: OpenApplication) -> None:
        new = AdmissionState(
            case_id=admission_case_id(start.application_no), process=ProcessName.ADMISSION_REVIEW
        )
        super().__init__(ADMISSION_REVIEW, start.resume or new)

    @workflow.run
    async def run(self, start: OpenApplication) -> str | None:
        """Live through the case; the answer is its outcome."""
        if not self.state.version:
            await self.uncancelled(partial(self._open, start))
        elif start.superseded_by is not None and not self.state.closed:
            await self.uncancelled(partial(self._superseded, start.superseded_by))
        await self.live()
        if not self.finished:
            workflow.continue_as_new(
                OpenApplication(application_no=start.application_no, resume=self.handed_over())
            )
        return self.state.outcome

    async def _open(self, start: OpenApplication) -> None:
        facts = await database(
            AdmissionActivities.load_application,
            ApplicationRequest(application_no=start.application_no, at=workflow.now()),
            "look up application and policy",
        )
        if not self.state.version:
            await self.apply("open", partial(admission_intake.open_application, facts=facts))
        if facts.superseded_by is not None and not self.state.closed:
            await self._superseded(facts.superseded_by)

    async def _superseded(self, by_case: str) -> None:
        accepted = SiblingAccepted(by_case=by_case)
        rule = partial(admission_outcome.sibling_accepted, fact=accepted)
        await self.by_itself("sibling-accepted", rule)

    async def follow_up(self) -> None:
        """Find reviewers and committee members when the stage wants them."""
        await self._draw_reviewers()
        await self._convene_committee()

    async def _draw_reviewers(self) -> None:
        wanted = admission_review.reviewers_wanted(self.state)
        policy = self.state.policy
        if wanted <= 0 or self.state.draw_failed or policy is None or not policy.review.automatic:
            return
        drawn = await self._draw(wanted)
        # refused when another case took a free reviewer between the draw and the write: drawn again
        await self.by_itself("draw-reviewers", partial(admission_review.assign_drawn, drawn=drawn))

    async def _draw(
        self, wanted: int, named: tuple[str, ...] = (), *, looked_at: bool = False
    ) -> ReviewersDrawn:
        draw = self._draw_terms(wanted, named, looked_at=looked_at)
        return await database(AdmissionActivities.draw_reviewers, draw, f"draw {wanted} reviewers")

    def _draw_terms(
        self, wanted: int = 0, named: tuple[str, ...] = (), *, looked_at: bool = False
    ) -> ReviewerDraw:
        policy = admission_intake.policy_of(self.state).review
        return ReviewerDraw(
            case_id=self.state.case_id,
            wanted=wanted,
            named=named,
            looked_at=looked_at,
            exclude=tuple(self.state.reviews),
            load_cap=policy.load_cap,
            conflict_years=policy.conflict_years,
            at=workflow.now(),
        )

    async def _convene_committee(self) -> None:
        state = self.state
        waits = "appoint-committee" in state.tasks
        if state.stage == Stage.COMMITTEE and not state.committee and not waits:
            committee = await database(
                AdmissionActivities.committee, self._draw_terms(), "look up the committee"
            )
            await self.by_itself(
                "convene-committee", partial(admission_committee.convene, committee=committee)
            )

    # decisions

    permit_late = decision(PermitLate)
    resolve_duplicate = decision(ResolveDuplicate)
    reopen_duplicate = decision(ReopenDuplicate)
    confirm_eligibility = decision(ConfirmEligibility)
    decide_accommodation = decision(DecideAccommodation)
    accept_review = decision(AcceptReview)
    decline_review = decision(DeclineReview)
    release_reviewer = decision(ReleaseReviewer)
    submit_scores = decision(SubmitScores)
    cast_vote = decision(CastVote)
    close_ballot = decision(CloseBallot)
    judge_conflict = decision(JudgeConflict)
    record_decision = decision(RecordDecision)
    answer_offer = decision(AnswerOffer)
    record_enrolment = decision(RecordEnrolment)
    withdraw = decision(Withdraw)
    rejudge = decision(Rejudge)

    @workflow.update(name=AssignReviewers.step, description="Name reviewers, or have them drawn.")
    async def assign_reviewers(self, command: AssignReviewers) -> Receipt:
        """Who is fit is known to the database, so they are looked up before the step is taken."""
        wanted = admission_review.reviewers_wanted(self.state)
        drawn = await self._draw(wanted, command.reviewers, looked_at=command.looked_at)

        def rule(draft: Draft[AdmissionState]) -> None:
            admission_review.assign_reviewers(draft, command)
            admission_review.assign_drawn(draft, drawn)

        return await self.decide(command, rule)

    @assign_reviewers.validator
    def _check_assign_reviewers(self, command: AssignReviewers) -> None:
        self.check(command)

    @workflow.update(name=ChangePolicy.step, description="Move the case to another policy version.")
    async def change_policy(self, command: ChangePolicy) -> Receipt:
        """The version is looked up first; an unknown one is refused."""
        route = admission_intake.policy_of(self.state).route
        request = PolicyRequest(version=command.version, route=route)
        try:
            policy = await database(AdmissionActivities.load_policy, request, "look up policy")
        except Refusal as refusal:
            raise as_error(refusal) from None
        return await self.decide(command.model_copy(update={"policy": policy}))

    @change_policy.validator
    def _check_change_policy(self, command: ChangePolicy) -> None:
        self.check(command)
