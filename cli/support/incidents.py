"""`iehe support incident`: one event behind several cases; each is worked on, and ends, by itself (S16)."""

from typing import Annotated, Any

import typer

from activities.kernel.queries import queries
from cli.case_arguments import CaseArgument, command, find_case
from cli.session import CommandError, Session
from cli.tables import Columns, print_rows

incidents = typer.Typer(no_args_is_help=True, help="Incidents behind several cases, each worked on alone.")

IncidentArgument = Annotated[int, typer.Argument(help="Number of the incident, as the list has it.")]


@incidents.command("open")
@command
async def open_incident(
    session: Session, label: Annotated[str, typer.Argument(help="A code for it, without what happened.")]
) -> None:
    """Note that several cases come from one event; nothing of what happened is said here."""
    from schemas.kernel.identifiers import CODE

    if not CODE.fullmatch(label):
        raise CommandError("incident-label", label=label)
    number = await _change(session, "open", label)
    session.answer({"incident": number, "label": label}, "incident-opened")


@incidents.command("add")
@command
async def add_case(session: Session, incident: IncidentArgument, case: CaseArgument) -> None:
    """Add a case that you may open to an incident; nothing of the case changes."""
    row = await find_case(session, case, "support")
    await _change(session, "add", incident, row["case_id"])
    session.answer({"incident": incident, "case_id": row["case_id"]}, "incident-case-added")


@incidents.command("close")
@command
async def close_incident(session: Session, incident: IncidentArgument) -> None:
    """Close an incident; each of its cases goes on by itself."""
    await _change(session, "close", incident)
    session.answer({"incident": incident}, "incident-closed")


@incidents.command("list")
@command
async def list_incidents(session: Session) -> None:
    """List the incidents, with how many of their cases you may open."""
    rows = await session.fetch("support/incidents:incidents", None)
    seen = await _seen(session, None)
    for row in rows:
        row["cases"] = sum(each["incident"] == row["incident"] for each in seen)
    columns: Columns = (
        ("incident", "incident"),
        ("label", "label"),
        ("cases", "cases"),
        ("opened", "opened_at"),
        ("closed", "closed_at"),
    )
    print_rows(session, rows, columns)


@incidents.command("show")
@command
async def show_incident(session: Session, incident: IncidentArgument) -> None:
    """List the cases of an incident that you may open."""
    if not await session.fetch("support/incidents:incidents", incident):
        raise CommandError("no-such-incident", incident=incident)
    columns: Columns = (("case", "case_id"), ("stage", "stage"), ("due", "due_at"))
    print_rows(session, await _seen(session, incident), columns)


async def _seen(session: Session, incident: int | None) -> list[dict[str, Any]]:
    """Cases that are neither shown nor counted are not there for who may not open them."""
    from cases.sight import fields_of

    actor, pool = await session.actor(), await session.pool()
    rows = await session.fetch("support/incidents:cases", incident, actor.id)
    return [row for row in rows if await fields_of(pool, row["case_id"], actor)]


async def _change(session: Session, query: str, *values: Any) -> int:
    from cases.administration import note
    from workflows.support.process import SUPPORT

    actor = await session.administer("change-incidents", SUPPORT.name)
    async with session.transaction() as connection:
        number = await connection.fetchval(queries("support/incidents")[query], *values, actor.id)
        if number is None:
            raise CommandError("no-such-incident", incident=values[0])
        await note(connection, actor.id, f"{query}-incident", str(number))
    return int(number)
