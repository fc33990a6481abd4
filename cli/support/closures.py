"""`iehe support closures`: days on which the office is closed, or open at other hours (S19)."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cli import faults
from cli.case_arguments import command
from cli.session import CommandError, Session
from cli.tables import Columns, print_rows

app = typer.Typer(no_args_is_help=True, help="Days on which the office is closed, or open at other hours.")

CheckOption = Annotated[bool, typer.Option("--check", help="Only check the file; nothing is changed.")]
SHOWN_AFTER = 31
"""Days for which a closure that is over is still listed."""


@app.command("list")
@command
async def list_closures(session: Session) -> None:
    """List the closures to come, and those of the last month."""
    from workflows.support.process import SUPPORT

    await session.actor()
    columns: Columns = (
        ("closure", "closure"),
        ("from", "first"),
        ("until", "last"),
        ("opens", lambda row: _clock(row["opens"])),
        ("closes", lambda row: _clock(row["closes"], end=True)),
        ("calendar", "calendar"),
        ("why", "why"),
    )
    print_rows(session, await session.fetch("kernel/closures:list", SUPPORT.name, SHOWN_AFTER), columns)


@app.command("import")
@command
async def import_closures(session: Session, file: Path, *, check: CheckOption = False) -> None:
    """Note the closures of a CSV or XLSX file, nothing of a faulty one; every running case counts again."""
    from cases.administration import note
    from cases.closures import note_closures
    from spreadsheets.closures import check_closures_file
    from workflows.support.process import SUPPORT

    actor = await session.administer("change-closures", SUPPORT.name)
    calendars = [row["calendar"] for row in await session.fetch("kernel/closures:calendars", SUPPORT.name)]
    checked = await asyncio.to_thread(check_closures_file, file, calendars)
    if not session.as_json:
        faults.show(checked.faults, None)
    if errors := len(checked.errors):
        raise CommandError(
            "file-faulty", {"faults": faults.as_json(checked.faults)}, file=file.name, errors=errors
        )
    if check:
        session.answer({"rows": checked.total}, "closures-fit", rows=checked.total)
        return
    async with session.transaction() as connection:
        new = await note_closures(connection, SUPPORT, [row.data.closure for row in checked.rows], actor.id)
        if new:
            await note(connection, actor.id, "import-closures", file.name, new=new)
    session.answer({"new": new, "same": checked.total - new}, "closures-noted", new=new)


@app.command("remove")
@command
async def remove_closure(
    session: Session, closure: Annotated[int, typer.Argument(help="Number of the closure, as listed.")]
) -> None:
    """Take a closure back; every running case counts again, never later than was promised."""
    from cases.administration import note
    from cases.closures import remove_closure as remove
    from workflows.support.process import SUPPORT

    actor = await session.administer("change-closures", SUPPORT.name)
    async with session.transaction() as connection:
        if not await remove(connection, SUPPORT, closure, actor.id):
            raise CommandError("closure-unknown", closure=closure)
        await note(connection, actor.id, "remove-closure", str(closure))
    session.answer({"closure": closure}, "closure-removed")


def _clock(at: object, *, end: bool = False) -> str:
    text = "" if at is None else f"{at:%H:%M}"
    return "24:00" if end and text == "00:00" else text
