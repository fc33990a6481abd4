"""Schedules on the real server: made, kept, caught up with after outages, resumed after a crash."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

import pytest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleCalendarSpec,
    ScheduleHandle,
    ScheduleRange,
    ScheduleUpdate,
)
from temporalio.worker import Worker

from activities.kernel.scheduled import Batch, ScheduledActivities, ScheduledWork, Tools, works_of
from cases.registry import ROOMS
from embedded.ports import free_port
from embedded.temporal import TemporalPorts, TemporalServer
from encryption.ring import KeyRing
from schemas.kernel.japan import TOKYO
from schemas.kernel.schedules import Occasion
from workers.schedules import declared_schedule, ensure_schedules, handle_of, schedule_id, status_of
from workers.temporal import encrypted, sandbox
from workflows.kernel.scheduled import ScheduledWorkflow

EVERY_SECOND = ScheduleCalendarSpec(
    second=[ScheduleRange(0, 59)], minute=[ScheduleRange(0, 59)], hour=[ScheduleRange(0, 23)]
)


class Diary:
    """A work of three batches that writes down each time it is called."""

    def __init__(self, name: str | None = None) -> None:
        self.work = ScheduledWork(
            name=name or f"diary-{uuid4().hex[:8]}",
            title=("日誌", "Writes a diary"),
            at=time(3, 30),
            run=self.batch,
        )
        self.calls: list[tuple[Occasion, int]] = []

    async def batch(self, _tools: Tools, occasion: Occasion, position) -> Batch:
        number = position or 0
        self.calls.append((occasion, number))
        return Batch(counts={"pages": 2}, position=number + 1 if number < 2 else None)

    @property
    def runs(self) -> set[str]:
        return {occasion.run for occasion, _ in self.calls}


def worker(client: Client, queue: str, diary: Diary, fault=None) -> Worker:
    tools = Tools(None, client, ROOMS, *([fault] if fault else []))
    activities = ScheduledActivities(tools, works_of([diary.work]))
    return Worker(
        client,
        task_queue=queue,
        workflows=[ScheduledWorkflow],
        activities=[activities.run],
        workflow_runner=sandbox(),
    )


async def actions(handle: ScheduleHandle) -> int:
    return (await handle.describe()).info.num_actions


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
async def made(client: Client, diary: Diary) -> AsyncIterator[ScheduleHandle]:
    """Its schedule, on a queue of its own."""
    await ensure_schedules(client, [diary.work], diary.work.name)
    handle = handle_of(client, diary.work.name)
    yield handle
    await handle.delete()


async def test_a_schedule_says_what_it_is_and_is_on_the_institutes_clock(client, made, diary) -> None:
    """Missing it is made: for its local time, on its queue, with an id and a summary that tell what it is."""
    described = await made.describe()
    assert described.id == f"scheduled/{diary.work.name}"
    (next_at, *_) = described.info.next_action_times
    assert next_at.astimezone(TOKYO).time() == time(3, 30)
    assert described.schedule.spec.time_zone_name == "Asia/Tokyo"
    assert described.schedule.action.task_queue == diary.work.name
    summary = described.schedule.action.static_summary
    told = await client.data_converter.decode([summary])
    assert told == ["Writes a diary / 日誌"]


async def test_what_is_as_declared_is_left_alone(client, made, diary) -> None:
    """A second worker's start changes nothing: a change would lose runs that are still to be caught up."""
    before = (await made.describe()).info.last_updated_at
    assert await ensure_schedules(client, [diary.work], diary.work.name) == []
    assert (await made.describe()).info.last_updated_at == before


async def test_a_changed_declaration_changes_the_schedule_and_keeps_a_pause(client, made, diary) -> None:
    """A release with another time moves it; what an operator has paused stays paused, with the reason."""
    await made.pause(note="chief-1: moving house")
    moved = replace(diary.work, at=time(4, 45), weekdays=frozenset({0}))
    assert await ensure_schedules(client, [moved], diary.work.name) == [diary.work.name]
    described = await made.describe()
    assert (described.schedule.state.paused, described.schedule.state.note) == (True, "chief-1: moving house")
    local = [each.astimezone(TOKYO) for each in described.info.next_action_times]
    assert {(each.weekday(), each.time()) for each in local} == {(0, time(4, 45))}
    status = await status_of(client, moved)
    assert (status.paused, status.note, status.next_at) == (True, "chief-1: moving house", None)


async def test_a_run_is_for_its_day_and_tells_what_it_did(client, made, diary, eventually) -> None:
    """Started by the schedule the work learns for when it was due, and all its batches are counted."""
    async with worker(client, diary.work.name, diary):
        await made.trigger()

        async def ended():
            status = await status_of(client, diary.work)
            return status if status.last == "completed" else None

        status = await eventually(ended)
    assert status.counts == {"pages": 6}
    (occasion, *_) = [occasion for occasion, _ in diary.calls]
    assert occasion.scheduled_at == status.scheduled_at.replace(microsecond=0)
    assert occasion.day == status.scheduled_at.astimezone(TOKYO).date()
    assert status.run.startswith(f"scheduled/{diary.work.name}-")
    assert [number for _, number in diary.calls] == [0, 1, 2]
    assert not status.overdue


async def test_after_a_crash_a_run_goes_on_where_it_was(client, made, diary, eventually) -> None:
    """The second attempt does no batch again that the first had told of, and counts them all."""
    died = []

    async def die(point: str) -> None:
        if point == "batch-done:2" and not died:
            died.append(point)
            raise RuntimeError("the worker dies")

    async with worker(client, diary.work.name, diary, die):
        await made.trigger()

        async def counted():
            return (await status_of(client, diary.work)).counts

        assert await eventually(counted) == {"pages": 6}
    assert [number for _, number in diary.calls] == [0, 1, 2]
    assert died


async def every_second(handle: ScheduleHandle, diary: Diary) -> None:
    def faster(now) -> ScheduleUpdate:
        schedule: Schedule = declared_schedule(diary.work, diary.work.name, now.description.schedule.state)
        schedule.spec.calendars = [EVERY_SECOND]
        return ScheduleUpdate(schedule)

    await handle.update(faster)


async def test_without_workers_for_whatever_time_one_run_waits(client, made, diary, eventually) -> None:
    """While nobody works only the first that was due waits; the others are left out, and one run is done."""
    await every_second(made, diary)

    async def left_out():
        return (await made.describe()).info.num_actions_skipped_overlap >= 3

    await eventually(left_out, 20)
    assert await actions(made) == 1
    # nothing more is due, as at the end of the night
    await made.pause()
    async with worker(client, diary.work.name, diary):
        await eventually(lambda: len(diary.calls) == 3)
    (occasion, *_) = [occasion for occasion, _ in diary.calls]
    assert len(diary.runs) == 1
    assert occasion.scheduled_at < datetime.now(UTC) - timedelta(seconds=2)


async def test_after_an_outage_of_temporal_what_was_missed_is_done_in_one_run(
    server_home, ring: KeyRing, diary, eventually, tmp_path
) -> None:
    """A server that was away for several due times makes up for all of them by one run, for the first."""
    ports = TemporalPorts(frontend=free_port(), http=free_port(), metrics=free_port())

    async def start() -> tuple[TemporalServer, Client]:
        server = TemporalServer(ports, folder=tmp_path, log=server_home.logs / "temporal-schedules.log")
        await server.start()
        return server, await Client.connect(server.address, data_converter=encrypted(ring, "default"))

    server, client = await start()
    try:
        await ensure_schedules(client, [diary.work], diary.work.name)
        due = datetime.now(UTC) + timedelta(seconds=5)
        spec = [
            ScheduleCalendarSpec(
                second=[ScheduleRange(each.second)],
                minute=[ScheduleRange(each.minute)],
                hour=[ScheduleRange(each.hour)],
            )
            for each in (due + timedelta(seconds=n) for n in range(3))
        ]

        def soon(now) -> ScheduleUpdate:
            schedule = declared_schedule(diary.work, diary.work.name, now.description.schedule.state)
            schedule.spec.calendars, schedule.spec.time_zone_name = spec, "UTC"
            return ScheduleUpdate(schedule)

        handle = handle_of(client, diary.work.name)
        await handle.update(soon)

        async def taken():
            return (await handle.describe()).info.next_action_times[0] < due

        await eventually(taken)
    finally:
        await server.stop()
    assert datetime.now(UTC) < due, "the server was not stopped in time"
    await eventually(lambda: datetime.now(UTC) > due + timedelta(seconds=3))

    server, client = await start()
    try:
        handle = handle_of(client, diary.work.name)
        # a worker that starts leaves the schedule alone, or what was missed would be lost
        assert await ensure_schedules(client, [diary.work], diary.work.name) == []
        async with worker(client, diary.work.name, diary):
            await eventually(lambda: len(diary.calls) == 3, 20)

            async def settled():
                return (await status_of(client, diary.work)).last == "completed"

            await eventually(settled)
        info = (await handle.describe()).info
        assert info.num_actions == 1
        assert len(diary.runs) == 1
        assert info.num_actions_skipped_overlap == 2
        assert diary.calls[0][0].scheduled_at.replace(microsecond=0) == due.replace(microsecond=0)
    finally:
        await server.stop()


async def test_two_works_of_one_name_are_refused() -> None:
    """A process that takes the name of another's work is told so when the worker starts."""
    with pytest.raises(ValueError, match="two scheduled works are called same"):
        works_of([Diary("same").work], [Diary("same").work])


@pytest.mark.parametrize(
    ("now", "latest"),
    [
        ("2026-11-26T03:29+09:00", "2026-11-23T03:30+09:00"),
        ("2026-11-30T03:30+09:00", "2026-11-30T03:30+09:00"),
        ("2026-11-30T23:00+00:00", "2026-11-30T03:30+09:00"),
    ],
)
def test_the_last_time_at_which_a_work_was_due(now: str, latest: str) -> None:
    """On its own days of the week alone, on the institute's clock."""
    mondays = replace(Diary("m").work, weekdays=frozenset({0}))
    assert mondays.latest(datetime.fromisoformat(now)) == datetime.fromisoformat(latest)


@pytest.mark.parametrize(
    ("now", "latest"),
    [
        ("2026-11-30T14:29+09:00", "2026-11-30T13:30+09:00"),
        ("2026-11-30T14:30+09:00", "2026-11-30T14:30+09:00"),
        ("2026-11-30T00:10+09:00", "2026-11-23T23:30+09:00"),
    ],
)
def test_the_last_hour_at_which_an_hourly_work_was_due(now: str, latest: str) -> None:
    """At its minute of every hour, on its own days of the week."""
    mondays = replace(Diary("m").work, every_hour=True, weekdays=frozenset({0}))
    assert mondays.latest(datetime.fromisoformat(now)) == datetime.fromisoformat(latest)


async def test_an_hourly_work_is_due_every_hour(client, made, diary) -> None:
    """Declared so, the schedule has each hour of the day, at the same minute."""
    assert await ensure_schedules(client, [replace(diary.work, every_hour=True)], diary.work.name)
    first, second, *_ = (await made.describe()).info.next_action_times
    assert second - first == timedelta(hours=1)
    assert first.minute == 30


async def test_what_a_schedule_is_started_with_is_encrypted(client, made) -> None:
    """As every payload: the name of the work is in the clear only in ids and summaries."""
    action = (await made.describe()).schedule.action
    assert isinstance(action, ScheduleActionStartWorkflow)
    assert [each.metadata["encoding"] for each in action.args] == [b"binary/encrypted"]
    assert action.id == schedule_id(made.id.partition("/")[2])
