"""`iehe support incident`: one event behind several cases; each is worked on, and ends, by itself (S16)."""

from typing import Annotated

import typer

from cli.case_arguments import CaseArgument, command, find_case
from cli.session import Session
from cli.tables import Columns, print_rows

incidents = typer.Typer(no_args_is_help=True, help="Incidents behind several cases, each worked on alone.")

IncidentArgument = Annotated[int, typer.Argument(help="Number of the incident, as the list has it.")]


@incidents.command("open")
@command
async def open_incident(
    session: Session, label: Annotated[str, typer.Argument(help="A code for it, without what happened.")]
) -> None:
    """Note that several cases come from one event; nothing of what happened is said here."""
    from cases.support import incidents as shared

    number = await shared.open_incident(await session.pool(), await _administer(session), label)
    session.answer({"incident": number, "label": label}, "incident-opened")


@incidents.command("add")
@command
async def add_case(session: Session, incident: IncidentArgument, case: CaseArgument) -> None:
    """Add a case that you may open to an incident; nothing of the case changes."""
    from cases.support import incidents as shared

    row, by = await find_case(session, case, "support"), await _administer(session)
    await shared.add_case(await session.pool(), by, incident, row["case_id"])
    session.answer({"incident": incident, "case_id": row["case_id"]}, "incident-case-added")


@incidents.command("close")
@command
async def close_incident(session: Session, incident: IncidentArgument) -> None:
    """Close an incident; each of its cases goes on by itself."""
    from cases.support import incidents as shared

    await shared.close_incident(await session.pool(), await _administer(session), incident)
    session.answer({"incident": incident}, "incident-closed")


@incidents.command("list")
@command
async def list_incidents(session: Session) -> None:
    """List the incidents, with how many of their cases you may open."""
    from cases.support import incidents as shared

    actor = await session.actor()
    columns: Columns = (
        ("incident", "incident"),
        ("label", "label"),
        ("cases", "cases"),
        ("opened", "opened_at"),
        ("closed", "closed_at"),
    )
    print_rows(session, await shared.incidents(await session.pool(), actor), columns)


@incidents.command("show")
@command
async def show_incident(session: Session, incident: IncidentArgument) -> None:
    """List the cases of an incident that you may open."""
    from cases.support import incidents as shared

    actor = await session.actor()
    columns: Columns = (("case", "case_id"), ("stage", "stage"), ("due", "due_at"))
    print_rows(session, await shared.cases_of(await session.pool(), incident, actor), columns)


async def _administer(session: Session) -> str:
    from workflows.support.process import SUPPORT

    return (await session.administer("change-incidents", SUPPORT.name)).id
