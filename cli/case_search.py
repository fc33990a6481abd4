"""`iehe case find`: cases by a part of their number, or by whom they are about."""

from typing import Annotated

import typer

from cli.case_arguments import LimitOption, acting
from cli.japanese import role_word, word
from cli.session import Session
from cli.tables import print_rows


@acting
async def find(
    session: Session,
    text: Annotated[str, typer.Argument(help="A part of a number, name, reading or mail address.")],
    *,
    limit: LimitOption = 50,
) -> None:
    """Find cases by number, and of those of which you see whom they are about by name, reading or address."""
    from cases.page import stage_text
    from cases.search import search

    actor, pool = await session.actor(), await session.pool()
    found = await search(pool, actor, text, await session.vault(), limit)
    rows = [row | {"stage_text": stage_text(row["process"], row["stage"])} for row in found.rows]
    columns = (
        ("case", "case_id"),
        ("name", "name"),
        ("stage", lambda row: row["stage_text"][session.settings.language]),
        ("waits for", lambda row: role_word(row["waiting_for"] or "")),
        ("due", "due_at"),
        ("", lambda row: word("overdue") if row["overdue"] else ""),
    )
    print_rows(session, rows, columns, {"cases": rows, "total": found.total})
    if not session.as_json:
        session.say("cases-found", shown=len(rows), total=f"{found.total:,}")
