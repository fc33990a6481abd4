"""A house and term: requests, a list that is drawn and confirmed, offers, until all have left."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.kernel.step import CaseStart
    from workflows.dormitory.process import DORMITORY
    from workflows.kernel.case import CaseWorkflow


@workflow.defn(name=DORMITORY.name)
class DormitoryAllocationWorkflow(CaseWorkflow, process=DORMITORY):
    """One execution per house and term."""

    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: CaseStart) -> str | None:
        """Live through the case; the answer is its outcome."""
        return await self.live(start)
