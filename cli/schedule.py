"""`iehe schedule`: what is done by the clock for all cases together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.case_arguments import acting, command, wait_for
from cli.session import CommandError, Exit, Session
from cli.tables import print_rows

if TYPE_CHECKING:
    from activities.kernel.scheduled import ScheduledWork

app = typer.Typer(
    no_args_is_help=True, help="What is done by the clock: last and next runs, run, pause, resume."
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="As iehe schedule list names it.")]
WaitOption = Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for its end.")]
ENDINGS = {
    "completed": "schedule-completed",
    "failed": "schedule-failed",
    "running": "schedule-running-still",
    "gone": "schedule-running-still",
}
BEGUN_WITHIN = 15.0
"""Seconds until Temporal has begun a run that was asked for."""


def _works() -> Mapping[str, ScheduledWork]:
    from cases.registry import ROOMS
    from workers.schedules import all_works

    return all_works(ROOMS.values())


def _work(name: str) -> ScheduledWork:
    works = _works()
    if name not in works:
        raise CommandError("no-such-schedule", {"known": list(works)}, name=name, known=", ".join(works))
    return works[name]


@app.command("list")
@command
async def list_schedules(session: Session) -> None:
    """List the schedules: last run and what came of it, next run, and who has paused which and why."""
    from workers.schedules import status_of

    # what a run has counted is encrypted
    client = await session.client()
    ja = session.settings.language == "ja"
    rows = [asdict(await status_of(client, work)) for work in _works().values()]
    columns = (
        ("schedule", "name"),
        ("", lambda row: row["title"][0 if ja else 1]),
        ("last run", "started_at"),
        ("result", _result),
        ("next run", "next_at"),
        ("paused", lambda row: row["paused"] and (row["note"] or "yes")),
    )
    print_rows(session, rows, columns, {"schedules": rows})


def _result(row: Mapping[str, Any]) -> str:
    counted = " ".join(f"{name}={count}" for name, count in row["counts"].items())
    state = "missing" if row["missing"] else row["last"] or ""
    return f"{'overdue ' if row['overdue'] else ''}{state} {counted}".strip()


@app.command("run")
@acting
async def run(
    session: Session,
    name: NameArgument,
    *,
    wait: WaitOption = 60.0,
) -> Exit:
    """Run a schedule's work now; its own time stays as it is."""
    return await run_now(session, name, "run-schedule", wait)


async def run_now(session: Session, name: str, act: str, wait: float) -> Exit:
    """Run a schedule's work for somebody who may, and tell what came of it."""
    from temporalio.client import ScheduleOverlapPolicy

    from workers.schedules import Status, handle_of, status_of

    work = _work(name)
    actor = await session.administer(act)
    client = await session.client()
    before = await status_of(client, work)
    if before.missing:
        raise CommandError("schedule-missing", name=name)
    if before.last == "running":
        raise CommandError("schedule-running", name=name, run=before.run)
    await _note(session, actor.id, act, name)
    # Temporal may learn of the last run's end a moment after us
    await handle_of(client, name).trigger(overlap=ScheduleOverlapPolicy.BUFFER_ONE)

    async def begun() -> Status | None:
        now = await status_of(client, work)
        return now if now.started_at != before.started_at else None

    async def ended() -> Status | None:
        now = await status_of(client, work)
        return now if now.last != "running" else None

    if await wait_for(begun, BEGUN_WITHIN) is None:
        raise CommandError("schedule-not-begun", name=name)
    last = await wait_for(ended, wait) or await status_of(client, work)
    told = {"schedule": name, "run": last.run, "last": last.last, "counts": dict(last.counts)}
    session.answer(told, ENDINGS[last.last or "running"], result=_result(asdict(last)))
    return Exit.PROBLEMS if last.last == "failed" else Exit.OK


@app.command("pause")
@acting
async def pause(
    session: Session,
    name: NameArgument,
    *,
    reason: Annotated[str, typer.Option(help="Why; shown in the Temporal UI: nothing personal.")],
) -> None:
    """Have a schedule's work not done until it is resumed."""
    await _switch(session, name, "pause-schedule", reason)


@app.command("resume")
@acting
async def resume(session: Session, name: NameArgument) -> None:
    """Have a paused schedule's work done again, from its next time on."""
    await _switch(session, name, "resume-schedule", "")


async def _switch(session: Session, name: str, act: str, reason: str) -> None:
    from workers.schedules import handle_of, status_of

    work = _work(name)
    actor = await session.administer(act)
    client = await session.client()
    if (await status_of(client, work)).missing:
        raise CommandError("schedule-missing", name=name)
    await _note(session, actor.id, act, name)
    handle = handle_of(client, name)
    if act == "pause-schedule":
        await handle.pause(note=f"{actor.id}: {reason}")
    else:
        await handle.unpause(note=actor.id)
    status = await status_of(client, work)
    told = {"schedule": name, "paused": status.paused, "next_at": status.next_at}
    session.answer(told, "schedule-paused" if status.paused else "schedule-resumed")


async def _note(session: Session, actor: str, act: str, name: str) -> None:
    from cases.administration import note

    async with session.transaction() as connection:
        await note(connection, actor, act, name)
