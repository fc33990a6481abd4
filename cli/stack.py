"""`iehe up`, `iehe migrate`: everything on one machine, and the schema that it needs."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cases.words import process_words
from cli.case_arguments import command
from cli.server_processes import run_until_told
from cli.session import CommandError, Session, local, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.migrations import MigrationStatus

PR_SET_PDEATHSIG = 1
PROGRAMS = ("worker", "relay", "gateway", "office")
"""Started by `iehe up`, in this order."""
HINTS = (
    "doctor",
    "demo",
    "staff import docs/samples/staff.csv",
    "login admin-1",
    "staff bind office-1",
    "login office-1",
    *(hint for words in process_words().values() for hint in words.get("hints", ())),
    "tasks",
    "office login",
    "mail list",
)


def up(
    *,
    with_parent: Annotated[
        bool, typer.Option("--with-parent", hidden=True, help="Stop when the parent process is gone.")
    ] = False,
    worker_per_home: Annotated[
        bool,
        typer.Option("--worker-per-home", help="A worker for each home instead of one for all of them."),
    ] = False,
) -> None:
    """Start PostgreSQL, Temporal with its UI, worker, relay, gateway, pages and mail; Ctrl-C stops all."""
    from cases.homes import homes
    from embedded.stack import WORKER, run_stack
    from workers.preparation import prepare

    if with_parent:
        _stop_with_parent()
    commands = {name: [sys.executable, "-m", "cli.main", name] for name in PROGRAMS}
    if worker_per_home:
        whole = commands.pop(WORKER)
        each = {f"{WORKER}-{name}": [*whole, "--home", name] for name in homes()}
        commands = each | commands
    hints = ["try next:", *(f"  {_program()} {words}" for words in HINTS)]

    def say(line: str) -> None:
        print(line, flush=True)

    run_until_told(
        lambda settings: run_stack(settings, prepare, commands, report=say, hints=hints), "warning"
    )


@command
async def migrate(
    session: Session,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Apply everything pending and take it back.")
    ] = False,
    status: Annotated[bool, typer.Option("--status", help="Only show what is applied and pending.")] = False,
) -> None:
    """Bring the database up to this release, as its owner (IEHE_OWNER_DATABASE_URL, or the embedded one)."""
    from workers import migrations
    from workers.preparation import owner_connection, store_settings

    async with owner_connection(session.settings) as connection:
        try:
            if status:
                _show_status(await migrations.status(connection), session)
                return
            names = await migrations.migrate(connection, dry_run=dry_run)
            if not dry_run:
                await store_settings(connection, session.settings)
        except migrations.MigrationError as error:
            raise CommandError("migration-failed", error=error) from None
    if session.as_json:
        print_json({"applied": names, "dry_run": dry_run})
    elif names:
        for name in names:
            session.say("migration-would-apply" if dry_run else "migration-applied", name=name)
    else:
        session.say("up-to-date")


def _show_status(files: Sequence[MigrationStatus], session: Session) -> None:
    if session.as_json:
        print_json([{"name": file.name, "applied_at": file.applied_at} for file in files])
        return
    for file in files:
        if file.applied_at:
            print(f"{local(file.applied_at):<18}{file.name}")
        else:
            session.say("migration-pending", name=file.name)


def _stop_with_parent() -> None:
    """Be told by the kernel when the parent dies: `make run` killed by -9 must leave nothing behind."""
    import ctypes

    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))


def _program() -> str:
    """How this program is called from where the user stands."""
    here = Path(sys.argv[0])
    if here.name != "iehe":
        return f"{Path(sys.executable).name} -m cli.main"
    beside = Path(sys.executable).with_name("iehe")
    try:
        return str(beside.relative_to(Path.cwd()))
    except ValueError:
        return "iehe"
