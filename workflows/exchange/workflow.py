"""Incoming exchange students, from a partner coordinator's nomination to the transcript.

The office verifies and holds a place under the agreement; the student applies; an advisor, the faculty and
the office agree; certificate, visa, bed, scholarship, learning agreement and tutor go on side by side until
the arrival is certain; after it a checklist, a signature a month, and the end of the stay. What a case has
taken is given back however it ends.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.kernel.step import CaseStart
    from workflows.exchange.process import EXCHANGE
    from workflows.kernel.case import CaseWorkflow


@workflow.defn(name=EXCHANGE.name)
class ExchangeOnboardingWorkflow(CaseWorkflow, process=EXCHANGE):
    """One execution per mobility."""

    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: CaseStart) -> str | None:
        """Live through the case; the answer is its outcome."""
        return await self.live(start)
