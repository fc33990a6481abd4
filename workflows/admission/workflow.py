"""Admission review: one application from its arrival to enrolment, or to any other ending.

The application must be complete, with documents, fee and recommendation, by a deadline; the office
checks eligibility and finds duplicates; reviewers without a conflict of interest score masked material;
a committee votes; the head of admissions records the decision. An offer is answered or lapses, a waitlist
place is offered or released, a rejection can be re-judged, and the applicant may withdraw at any time.
Whatever no person decides in time, the clock does, and says that it was the clock.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.kernel.step import CaseStart
    from workflows.admission.process import ADMISSION_REVIEW
    from workflows.kernel.case import CaseWorkflow


@workflow.defn(name=ADMISSION_REVIEW.name)
class AdmissionReviewWorkflow(CaseWorkflow, process=ADMISSION_REVIEW):
    """One execution per application.

    Facts arrive by the signal `event`; each decision of a person is an update of its own, refused by its
    validator when the stage, the version or the role does not fit.
    """

    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: CaseStart) -> str | None:
        """Live through the case; the answer is its outcome."""
        return await self.live(start)
