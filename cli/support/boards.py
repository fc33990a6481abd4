"""`iehe support queue`, `load`, `breaches` and `crises`: what people look at together, within their sight."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from cli.case_arguments import LimitOption, command
from cli.session import Session
from cli.tables import Columns, print_rows

DaysOption = Annotated[int, typer.Option(min=1, max=400, help="So many days back.")]


def boards(app: typer.Typer) -> None:
    """Give a group its boards."""
    for name, board in (("queue", queue), ("load", load), ("breaches", breaches), ("crises", crises)):
        app.command(name)(board)


@command
async def queue(session: Session, *, limit: LimitOption = 50) -> None:
    """List open cases by when they are due, with what is due and how that was counted."""
    from cases.support import boards as shared

    await session.actor()
    rows = await shared.queue(await session.pool(), limit)
    columns: Columns = (
        ("due", "due_at"),
        ("case", "case_id"),
        ("level", "level"),
        ("unit", "unit"),
        ("owner", "owner"),
        ("why", lambda row: row["deadline"] or row["task"]),
        ("calculation", lambda row: _calculation(session, row)),
    )
    print_rows(session, rows, columns)


@command
async def load(session: Session) -> None:
    """List how many open cases each owner and each queue has, and who is away until when."""
    from cases.support import boards as shared

    await session.actor()
    columns: Columns = (
        ("unit", "unit"),
        ("owner", "owner"),
        ("open", "open"),
        ("away until", "away_until"),
        ("stand-in", "substitute"),
    )
    print_rows(session, await shared.load(await session.pool()), columns)


@command
async def breaches(session: Session, *, days: DaysOption = 30, limit: LimitOption = 50) -> None:
    """List the clocks that were missed, the last first, with how each was counted."""
    from cases.support import boards as shared

    await session.actor()
    rows = await shared.breaches(await session.pool(), days, limit)
    columns: Columns = (
        ("due", "due_at"),
        ("done", "ended_at"),
        ("case", "case_id"),
        ("deadline", "deadline"),
        ("level", "level"),
        ("unit", "unit"),
        ("owner", "owner"),
        ("calculation", lambda row: _calculation(session, row)),
    )
    print_rows(session, rows, columns)


@command
async def crises(session: Session) -> None:
    """List the crises that nobody has stood down: which page, at which step, who has it, and since when."""
    from cases.support import boards as shared

    await session.actor()
    rows = await shared.crises(await session.pool())
    columns: Columns = (
        ("since", "since"),
        ("case", "case_id"),
        ("page", "page"),
        ("step", "step"),
        ("rung", "rung"),
        ("who", lambda row: ", ".join(row["lead"] or row["paged"])),
    )
    print_rows(session, rows, columns)


def _calculation(session: Session, row: Mapping[str, Any]) -> str:
    return " / ".join(row["calculation"].get(session.settings.language, ()))
