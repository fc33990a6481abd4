"""Support cases, from a referral until the student is helped, or until nobody needs to do anything more.

A referral is judged by a rubric, which gives its level; the level gives the clocks and their calendars. A
unit, and one of its members, works on it; warnings come before a clock is missed, and then one person after
the other is asked until somebody acknowledges. Who says that somebody is in danger pages the duty officer,
around the clock, until a person has spoken to the student and stands down.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.kernel.step import CaseStart
    from workflows.kernel.case import CaseWorkflow
    from workflows.support.process import SUPPORT


@workflow.defn(name=SUPPORT.name)
class SupportCaseWorkflow(CaseWorkflow, process=SUPPORT):
    """One execution per case."""

    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: CaseStart) -> str | None:
        """Live through the case; the answer is its outcome."""
        return await self.live(start)
