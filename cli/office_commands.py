"""`iehe office`: the offices' pages, and on the embedded stack the way in to them."""

from __future__ import annotations

from typing import Annotated

import typer

from activities.kernel.queries import queries
from cli.case_arguments import command
from cli.known import completed, staff_ids
from cli.login import no_such_staff
from cli.server_processes import run_until_told
from cli.session import CommandError, Session

app = typer.Typer()


@app.callback(invoke_without_command=True)
def office(context: typer.Context) -> None:
    """Serve the offices' pages until SIGTERM or SIGINT; waits for PostgreSQL."""
    if context.invoked_subcommand is None:
        from workers.office_process import run_office

        run_until_told(run_office)


@app.command("login")
@command
async def login(
    session: Session,
    *,
    other: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="STAFF_ID",
            help="As another member of staff that this account may act as.",
            autocompletion=completed(staff_ids),
        ),
    ] = None,
) -> None:
    """Print a link that signs you in to the pages on this machine, once and within 60 seconds."""
    from embedded.logins import account
    from office.bindings import LinkKind, make_link
    from workers.office_process import signs_in_by_links
    from workers.settings import office_url

    if not signs_in_by_links(session.settings):
        raise CommandError("links-from-elsewhere")
    staff_id = other or (await session.actor()).id
    name = account()
    sql = queries("kernel/administration")
    async with session.transaction() as connection:
        bound = [row["staff_id"] for row in await connection.fetch(sql["bound"], name)]
        if staff_id not in bound:
            raise CommandError("account-not-bound", name=name, staff_id=staff_id)
        if not await connection.fetch(sql["roles_on_record"], [staff_id]):
            raise no_such_staff(staff_id)
        key = await make_link(connection, LinkKind.SIGN_IN, staff_id, f"account:{name}")
    link = f"{office_url(session.settings)}/sign-in/link/{key}"
    session.answer({"link": link, "staff_id": staff_id}, "office-link")
