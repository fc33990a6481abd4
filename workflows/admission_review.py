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
    from activities.admission import AdmissionActivities

    from schemas.admission import (
        AdmissionState,
        OpenApplication,
        ReviewerDraw,
        ReviewersDrawn,
        Stage,
    )
    from schemas.identifiers import ProcessName, admission_case_id
    from schemas.refusals import Refusal
    from workflows.case import CaseWorkflow
    from workflows.rules import admission_committee, admission_intake, admission_review
    from workflows.rules.admission import ADMISSION_REVIEW


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
        if not self.state.version:
            await self._open(start)
        await self.live()
        if not self.finished:
            workflow.continue_as_new(
                OpenApplication(application_no=start.application_no, resume=self.handed_over())
            )
        return self.state.outcome

    async def _open(self, start: OpenApplication) -> None:
        facts = await self.database(
            AdmissionActivities.load_application, start.application_no, "look up application and policy"
        )
        await self.apply("open", partial(admission_intake.open_application, facts=facts))

    async def follow_up(self) -> None:
        await self._draw_reviewers()
        await self._convene_committee()

    async def _draw_reviewers(self) -> None:
        wanted = admission_review.reviewers_wanted(self.state)
        policy = self.state.policy
        if wanted <= 0 or self.state.draw_failed or policy is None or not policy.review.automatic:
            return
        drawn = await self._draw(wanted)
        try:
            await self.apply("draw-reviewers", partial(admission_review.assign_drawn, drawn=drawn))
        except Refusal:
            # somebody else's case took the last free reviewer between the draw and the write
            self._changed = True

    async def _draw(self, wanted: int, named: tuple[str, ...] = ()) -> ReviewersDrawn:
        policy = admission_intake.policy_of(self.state).review
        draw = ReviewerDraw(
            case_id=self.state.case_id,
            wanted=wanted,
            named=named,
            exclude=tuple(self.state.reviews),
            load_cap=policy.load_cap,
            conflict_years=policy.conflict_years,
            at=workflow.now(),
        )
        return await self.database(AdmissionActivities.draw_reviewers, draw, f"draw {wanted} reviewers")

    async def _convene_committee(self) -> None:
        state = self.state
        waits = "appoint-committee" in state.tasks
        if state.stage == Stage.COMMITTEE and not state.committee and not waits:
            committee = await self.database(
                AdmissionActivities.committee, self._conflict_query(), "look up the committee"
            )
            await self.apply("convene-committee", partial(admission_committee.convene, committee=committee))
