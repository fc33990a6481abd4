"""`iehe dormitory beds`, `plan` and `waitlist`: a house and who waits, beside the decisions of its runs."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import faults
from cli.case_arguments import command
from cli.session import CommandError, Session
from cli.tables import Columns, print_rows

app = typer.Typer(no_args_is_help=True)
beds = typer.Typer(no_args_is_help=True, help="The beds of the houses.")
app.add_typer(beds, name="beds")
CheckOption = Annotated[bool, typer.Option("--check", help="Only check the file; nothing is changed.")]


@beds.command("load")
@command
async def load_beds(session: Session, file: Path, *, check: CheckOption = False) -> None:
    """Check a house's list of beds (CSV or XLSX) and take it over, compared with what is known."""
    from cases.dormitory import beds as shared
    from spreadsheets.dormitory.beds import check_beds_file
    from workflows.dormitory.process import DORMITORY

    actor = await session.administer("load-beds", DORMITORY.name)
    checked = await asyncio.to_thread(check_beds_file, file)
    if not session.as_json:
        faults.show(checked.faults, None)
    if errors := len(checked.errors):
        found = {"faults": faults.as_json(checked.faults)}
        raise CommandError("file-faulty", found, file=file.name, errors=errors)
    if check:
        session.answer({"rows": checked.total}, "beds-fit")
        return
    told = await shared.load_beds(
        await session.pool(), actor.id, [row.data for row in checked.rows], file.name
    )
    counts = {fate: len(names) for fate, names in told.items()}
    session.answer(told, "beds-loaded", **counts)
    if told["vanished"] and not session.as_json:
        session.say("beds-vanished", names=", ".join(told["vanished"]))


@app.command("plan")
@command
async def show_plan(
    session: Session,
    house: str,
    *,
    days: Annotated[int, typer.Option(min=1, max=400, help="So many days ahead.")] = 60,
    since: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = None,
) -> None:
    """Show the beds of a house by days: held, promised, occupied, closed, cleaned, and why one is empty."""
    from cases.dormitory import beds as shared
    from workflows.dormitory.process import DORMITORY

    await session.administer("read-plan", DORMITORY.name)
    first = since.date() if since is not None else None
    columns: Columns = (
        ("bed", "bed"),
        ("kind", "kind"),
        ("state", "state"),
        ("why empty", "empty"),
        ("days", _days),
    )
    print_rows(session, await shared.plan(await session.pool(), house, days, first), columns)


def _days(row: Mapping[str, Any]) -> str:
    return "; ".join(f"{each['first']}–{each['until'] or ''} {each['state']}" for each in row["days"])


@app.command("waitlist")
@command
async def show_waitlist(
    session: Session,
    house: str,
    *,
    unplaced: Annotated[bool, typer.Option("--unplaced", help="Who waits no more and has none.")] = False,
) -> None:
    """List who waits for a bed of a house, in order, with the reason and needs as codes."""
    from cases.dormitory import beds as shared
    from workflows.dormitory.process import DORMITORY

    await session.administer("read-plan", DORMITORY.name)
    read = shared.unplaced if unplaced else shared.waitlist
    columns: Columns = (
        ("run", "run"),
        ("case", "mobility"),
        ("kinds", lambda row: ", ".join(row["types"])),
        ("from", "first"),
        ("to", "until"),
        ("needs", lambda row: ", ".join(row["needs"])),
        ("reason", "reason"),
    )
    print_rows(session, await read(await session.pool(), house), columns)
