"""`iehe support queue`, `load`, `breaches` and `crises`: what people look at together, within their sight."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from cli.case_arguments import LimitOption, command
from cli.session import Session
from cli.tables import Columns, print_rows

DaysOption = Annotated[int, typer.Option(min=1, max=400, help="So many days back.")]
_HIDDEN = ("process", "state", "clock", "deadline_state")
"""What of a row is only for the counting."""


def boards(app: typer.Typer) -> None:
    """Give a group its boards."""
    for name, board in (("queue", queue), ("load", load), ("breaches", breaches), ("crises", crises)):
        app.command(name)(board)


@command
async def queue(session: Session, *, limit: LimitOption = 50) -> None:
    """List open cases by when they are due, with what is due and how that was counted."""
    await session.actor()
    rows = await _counted(session, await session.fetch("support/boards:queue", limit))
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
    await session.actor()
    columns: Columns = (
        ("unit", "unit"),
        ("owner", "owner"),
        ("open", "open"),
        ("away until", "away_until"),
        ("stand-in", "substitute"),
    )
    print_rows(session, await session.fetch("support/boards:load"), columns)


@command
async def breaches(session: Session, *, days: DaysOption = 30, limit: LimitOption = 50) -> None:
    """List the clocks that were missed, the last first, with how each was counted."""
    await session.actor()
    since = datetime.now(UTC) - timedelta(days=days)
    rows = await _counted(session, await session.fetch("support/boards:breaches", limit, since))
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
    await session.actor()
    rows = await session.fetch("support/boards:crises")
    await _note(session, rows)
    columns: Columns = (
        ("since", "since"),
        ("case", "case_id"),
        ("page", "page"),
        ("step", "step"),
        ("rung", "rung"),
        ("who", lambda row: ", ".join(row["lead"] or row["paged"])),
    )
    print_rows(session, rows, columns)


async def _counted(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows with how the clock of each came about, in both languages."""
    from cases.clocks import explained
    from cases.states import read_state

    pool, now = await session.pool(), datetime.now(UTC)
    await _note(session, rows)
    told = []
    for row in rows:
        shown = {name: value for name, value in row.items() if name not in _HIDDEN}
        shown["calculation"] = {}
        if row["clock"] is not None:
            policy = (await read_state(pool, row)).policy
            named = {"deadline": row["deadline"], "state": row["deadline_state"]}
            shown["calculation"] = explained(named, json.loads(row["clock"]), policy, now)
        told.append(shown)
    return told


async def _note(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    from cases.sight import note_reads
    from workflows.kernel.sight import Field

    await note_reads(await session.pool(), sorted({row["case_id"] for row in rows}), "list", Field.WORK)


def _calculation(session: Session, row: Mapping[str, Any]) -> str:
    return " / ".join(row["calculation"].get(session.settings.language, ()))
