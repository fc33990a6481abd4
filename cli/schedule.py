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
    from schemas.kernel.homes import CaseHome

app = typer.Typer(
    no_args_is_help=True, help="What is done by the clock: last and next runs, run, pause, resume."
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="As iehe schedule list names it.")]
HomeOption = Annotated[
    str | None,
    typer.Option("--home", metavar="HOME", help="Of cases; without: the first that has it, common first."),
]
WaitOption = Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for its end.")]
ENDINGS = {
    "completed": "schedule-completed",
    "failed": "schedule-failed",
    "running": "schedule-running-still",
    "gone": "schedule-running-still",
}
BEGUN_WITHIN = 15.0
"""Seconds until Temporal has begun a run that was asked for."""


def _works() -> list[tuple[CaseHome, ScheduledWork]]:
    """Every work in each home that it is done in."""
    from cases.homes import homes
    from workers.schedules import works_in

    return [(home, work) for home in homes().values() for work in works_in(home).values()]


def _work(name: str, home: str | None) -> tuple[CaseHome, ScheduledWork]:
    """A work by its name, in a home; by default in the first that has it, the common one before others."""
    for at, work in _works():
        if work.name == name and home in (None, at.name):
            return at, work
    known = list(dict.fromkeys(work.name for at, work in _works() if home in (None, at.name)))
    raise CommandError("no-such-schedule", {"known": known}, name=name, known=", ".join(known) or "-")


@app.command("list")
@command
async def list_schedules(session: Session) -> None:
    """List the schedules: last run and what came of it, next run, and who has paused which and why."""
    from workers.schedules import status_of

    ja = session.settings.language == "ja"
    rows = [
        # what a run has counted is encrypted
        {**asdict(await status_of(await session.client(home), work)), "home": home.name}
        for home, work in _works()
    ]
    columns = (
        ("schedule", "name"),
        ("home", "home"),
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
    home: HomeOption = None,
    wait: WaitOption = 60.0,
) -> Exit:
    """Run a schedule's work now; its own time stays as it is."""
    return await run_now(session, name, home, "run-schedule", wait)


async def run_now(session: Session, name: str, home: str | None, act: str, wait: float) -> Exit:
    """Run a schedule's work for somebody who may, and tell what came of it."""
    from temporalio.client import ScheduleOverlapPolicy

    from workers.schedules import Status, handle_of, status_of

    at, work = _work(name, home)
    actor = await session.administer(act)
    client = await session.client(at)
    before = await status_of(client, work)
    if before.missing:
        raise CommandError("schedule-missing", name=name)
    if before.last == "running":
        raise CommandError("schedule-running", name=name, run=before.run)
    await _note(session, actor.id, act, name, at)
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
    told = {"schedule": name, "home": at.name, "run": last.run}
    told |= {"last": last.last, "counts": dict(last.counts)}
    session.answer(told, ENDINGS[last.last or "running"], result=_result(asdict(last)))
    return Exit.PROBLEMS if last.last == "failed" else Exit.OK


@app.command("pause")
@acting
async def pause(
    session: Session,
    name: NameArgument,
    *,
    reason: Annotated[str, typer.Option(help="Why; shown in the Temporal UI: nothing personal.")],
    home: HomeOption = None,
) -> None:
    """Have a schedule's work not done until it is resumed."""
    await _switch(session, name, home, "pause-schedule", reason)


@app.command("resume")
@acting
async def resume(session: Session, name: NameArgument, *, home: HomeOption = None) -> None:
    """Have a paused schedule's work done again, from its next time on."""
    await _switch(session, name, home, "resume-schedule", "")


async def _switch(session: Session, name: str, home: str | None, act: str, reason: str) -> None:
    from workers.schedules import handle_of, status_of

    at, work = _work(name, home)
    actor = await session.administer(act)
    client = await session.client(at)
    if (await status_of(client, work)).missing:
        raise CommandError("schedule-missing", name=name)
    await _note(session, actor.id, act, name, at)
    handle = handle_of(client, name)
    if act == "pause-schedule":
        await handle.pause(note=f"{actor.id}: {reason}")
    else:
        await handle.unpause(note=actor.id)
    status = await status_of(client, work)
    told = {"schedule": name, "home": at.name, "paused": status.paused, "next_at": status.next_at}
    session.answer(told, "schedule-paused" if status.paused else "schedule-resumed")


async def _note(session: Session, actor: str, act: str, name: str, home: CaseHome) -> None:
    from cases.administration import note

    async with session.transaction() as connection:
        await note(connection, actor, act, name, home=home.name)
