"""Schedules in Temporal: made and kept as they are declared, and what has become of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, cast

from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleDescription,
    ScheduleHandle,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
    WorkflowExecutionStatus,
)
from temporalio.converter import WorkflowSerializationContext
from temporalio.service import RPCError, RPCStatusCode

from activities.kernel.digest import DIGEST_WORK
from activities.kernel.document_sweep import DOCUMENTS_WORK
from activities.kernel.links import LINKS_WORK
from activities.kernel.retention import RETENTION_WORK
from activities.kernel.room import Room
from activities.kernel.scheduled import ScheduledWork, works_of
from cases.homes import rooms_in
from schemas.kernel.homes import CaseHome
from schemas.kernel.japan import TOKYO
from schemas.kernel.schedules import ScheduledStart, WorkReport
from workflows.kernel.scheduled import GIVEN_UP_AFTER, ScheduledWorkflow

CATCH_UP: Final = timedelta(days=365)
"""What was due while Temporal was away is still done when it is back within this time."""
LATE: Final = timedelta(hours=2)
"""After this a run that was due and is not begun is overdue."""
HOST_WORKS: Final = (RETENTION_WORK, DIGEST_WORK, DOCUMENTS_WORK, LINKS_WORK)

LastRun = Literal["running", "completed", "failed", "gone"]


def all_works(rooms: Iterable[Room]) -> Mapping[str, ScheduledWork]:
    """The works of the host and of some processes, by name."""
    return works_of(HOST_WORKS, *(room.schedules for room in rooms))


def works_in(home: CaseHome) -> Mapping[str, ScheduledWork]:
    """The works of a home: those of the host, done there for its cases alone, and those of its processes."""
    return all_works(rooms_in(home).values())


async def ensure_schedules_of(client: Client, home: CaseHome) -> list[str]:
    """The same as `ensure_schedules` for the works of a home, in its namespace and for its workers."""
    return await ensure_schedules(client, works_in(home).values(), home.cases_queue)


def schedule_id(work: str) -> str:
    """The id of a work's schedule, and what the ids of its runs begin with."""
    return f"scheduled/{work}"


def handle_of(client: Client, work: str) -> ScheduleHandle:
    """The schedule of a work, whether it is there or not."""
    return client.get_schedule_handle(schedule_id(work))


def declared_schedule(work: ScheduledWork, queue: str, state: ScheduleState | None = None) -> Schedule:
    """A work's schedule.

    A run that is due while another one is still under way, or waits for a worker, is left out: so that after
    an outage of whatever length of Temporal, or of all workers, what was missed is done in one run.
    """
    return Schedule(
        action=ScheduleActionStartWorkflow(
            ScheduledWorkflow.run,
            ScheduledStart(work=work.name, declared=work.declared),
            id=schedule_id(work.name),
            task_queue=queue,
            static_summary=f"{work.title[1]} / {work.title[0]}",
        ),
        spec=ScheduleSpec(
            calendars=[
                ScheduleCalendarSpec(
                    hour=[ScheduleRange(0, 23) if work.every_hour else ScheduleRange(work.at.hour)],
                    minute=[ScheduleRange(work.at.minute)],
                    # of Temporal's days of the week Sunday is 0
                    day_of_week=[ScheduleRange((day + 1) % 7) for day in sorted(work.weekdays)],
                )
            ],
            time_zone_name=TOKYO.key,
        ),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP),
        state=state or ScheduleState(),
    )


async def ensure_schedules(client: Client, works: Iterable[ScheduledWork], queue: str) -> list[str]:
    """Make what is missing and bring up to date whatever is declared otherwise; a pause is kept.

    A schedule that is as declared is left alone: Temporal does not make up for runs that were due before a
    change.

    Returns:
        The names of those made or changed.
    """
    changed = []
    for work in works:
        handle = handle_of(client, work.name)
        described = await _described(handle)
        if described is None:
            try:
                await client.create_schedule(handle.id, declared_schedule(work, queue))
            except ScheduleAlreadyRunningError:
                continue  # by another worker that started at the same time
        elif await _declared(client, described) == (work.declared, queue):
            continue
        else:
            await handle.update(lambda now, work=work: _updated(now, work, queue))  # type: ignore[misc]
        changed.append(work.name)
    return changed


def _updated(now: ScheduleUpdateInput, work: ScheduledWork, queue: str) -> ScheduleUpdate:
    return ScheduleUpdate(declared_schedule(work, queue, now.description.schedule.state))


async def _described(handle: ScheduleHandle) -> ScheduleDescription | None:
    try:
        return await handle.describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None


async def _declared(client: Client, described: ScheduleDescription) -> tuple[str, str] | None:
    """From which declaration a schedule was made, and for which queue; None when that cannot be read."""
    action = described.schedule.action
    if not isinstance(action, ScheduleActionStartWorkflow):
        return None
    sealed = [each for each in action.args if isinstance(each, Payload)]
    context = WorkflowSerializationContext(namespace=client.namespace, workflow_id=action.id)
    try:
        (start,) = await client.data_converter.with_context(context).decode(sealed, [ScheduledStart])
    except Exception:  # noqa: BLE001 - of another ring or form: made anew
        return None
    return start.declared, action.task_queue


@dataclass(frozen=True, slots=True)
class Status:
    """What has become of a schedule. Times are None where there is none."""

    name: str
    title: tuple[str, str]
    missing: bool = False
    paused: bool = False
    note: str | None = None
    """Who has paused it and why."""
    run: str | None = None
    """Id of the last run's workflow."""
    scheduled_at: datetime | None = None
    """When the last run was due."""
    started_at: datetime | None = None
    last: LastRun | None = None
    """How the last run ended; gone: Temporal does not keep it any more."""
    counts: Mapping[str, int] = field(default_factory=dict)
    next_at: datetime | None = None
    overdue: bool = False
    """It was due and has not begun, or it is under way for longer than it may be."""


async def status_of(client: Client, work: ScheduledWork, now: datetime | None = None) -> Status:
    """Ask Temporal for a work's schedule and its last run."""
    now = now or datetime.now(UTC)
    described = await _described(handle_of(client, work.name))
    if described is None:
        return Status(work.name, work.title, missing=True, overdue=False)
    info, state = described.info, described.schedule.state
    found: dict[str, Any] = {
        "paused": state.paused,
        "note": state.note,
        "next_at": None if state.paused else next(iter(info.next_action_times), None),
    }
    since = info.last_updated_at or info.created_at
    if info.recent_actions:
        latest = info.recent_actions[-1]
        since = max(since, latest.scheduled_at)
        run = cast("ScheduleActionExecutionStartWorkflow", latest.action)
        found |= {"scheduled_at": latest.scheduled_at, "started_at": latest.started_at}
        found |= {"run": run.workflow_id, **await _run(client, run.workflow_id, run.first_execution_run_id)}
        too_long = found["last"] == "running" and now - latest.started_at > GIVEN_UP_AFTER + LATE
    else:
        too_long = False
    due = work.latest(now - LATE)
    return Status(work.name, work.title, **found, overdue=too_long or (not state.paused and since < due))


async def _run(client: Client, workflow_id: str, run_id: str) -> dict[str, Any]:
    handle = client.get_workflow_handle(workflow_id, run_id=run_id, result_type=WorkReport)
    try:
        status = (await handle.describe()).status
        if status is WorkflowExecutionStatus.COMPLETED:
            return {"last": "completed", "counts": (await handle.result()).counts}
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return {"last": "gone"}
    return {"last": "running" if status is WorkflowExecutionStatus.RUNNING else "failed"}
