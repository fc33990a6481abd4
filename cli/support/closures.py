"""`iehe support closures`: days on which the office is closed, or open at other hours (S19)."""

from typing import Annotated

import typer

from cli.case_arguments import command
from cli.session import Session
from cli.support.files import import_closures
from cli.tables import Columns, print_rows

app = typer.Typer(no_args_is_help=True, help="Days on which the office is closed, or open at other hours.")


@app.command("list")
@command
async def list_closures(session: Session) -> None:
    """List the closures to come, and those of the last month."""
    from cases.closures import list_closures as listed
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
    print_rows(session, await listed(await session.pool(), SUPPORT), columns)


app.command("import")(import_closures)


@app.command("remove")
@command
async def remove_closure(
    session: Session, closure: Annotated[int, typer.Argument(help="Number of the closure, as listed.")]
) -> None:
    """Take a closure back; every running case counts again, never later than was promised."""
    from cases.closures import remove_closure as remove
    from workflows.support.process import SUPPORT

    actor = await session.administer("change-closures", SUPPORT.name)
    await remove(await session.pool(), SUPPORT, closure, actor.id)
    session.answer({"closure": closure}, "closure-removed")


def _clock(at: object, *, end: bool = False) -> str:
    text = "" if at is None else f"{at:%H:%M}"
    return "24:00" if end and text == "00:00" else text
