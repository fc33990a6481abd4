"""The workflow that a schedule starts: one work, done by one activity, for the time that it was due."""

from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from activities.kernel.scheduled import RUN_WORK
    from schemas.kernel.schedules import Occasion, ScheduledStart, WorkReport

SCHEDULED_FOR: Final = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
GIVEN_UP_AFTER: Final = timedelta(hours=20)
"""Then a run has failed, and is seen, before the next day's is due."""
WHOLE_ATTEMPT: Final = timedelta(hours=6)
ONE_BATCH: Final = timedelta(minutes=10)
RETRY: Final = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=10))


@workflow.defn(name="scheduled-work")
class ScheduledWorkflow:
    """One run of a scheduled work."""

    @workflow.run
    async def run(self, start: ScheduledStart) -> WorkReport:
        """Do the work; an outage of whatever length before its beginning costs nothing but the delay."""
        info = workflow.info()
        scheduled_at = info.typed_search_attributes.get(SCHEDULED_FOR) or info.start_time
        occasion = Occasion(work=start.work, scheduled_at=scheduled_at, run=info.workflow_id)
        report: WorkReport = await workflow.execute_activity(
            RUN_WORK,
            occasion,
            result_type=WorkReport,
            schedule_to_close_timeout=GIVEN_UP_AFTER,
            start_to_close_timeout=WHOLE_ATTEMPT,
            heartbeat_timeout=ONE_BATCH,
            retry_policy=RETRY,
            summary=f"{start.work} for {occasion.day}",
        )
        return report
