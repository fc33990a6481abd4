"""Requests of high schools for a lecture, a visit or an online talk, until they are held and reported.

The connection office checks a request; lecturers are asked one after the other, and silence is a no; the
school confirms what a lecturer has accepted; both are reminded of the day. Schools close, warnings come,
lecturers fall ill: then the date is open again, it goes online, or it is cancelled. After the day the
lecturer reports, the school is asked how it was, and the contact's data is erased when its time is over.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.kernel.step import CaseStart
    from workflows.kernel.case import CaseWorkflow
    from workflows.outreach.process import OUTREACH


@workflow.defn(name=OUTREACH.name)
class SchoolOutreachWorkflow(CaseWorkflow, process=OUTREACH):
    """One execution per request."""

    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: CaseStart) -> str | None:
        """Live through the case; the answer is its outcome."""
        return await self.live(start)
