"""A round: applications, scores, ranked lists that two persons answer for, one hour, offers, the end."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.kernel.step import CaseStart
    from workflows.kernel.case import CaseWorkflow
    from workflows.round.process import ROUND


@workflow.defn(name=ROUND.name)
class AdmissionRoundWorkflow(CaseWorkflow, process=ROUND):
    """One execution per round."""

    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: CaseStart) -> str | None:
        """Live through the case; the answer is its outcome."""
        return await self.live(start)
