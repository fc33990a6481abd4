"""`iehe log`: who changed policies, staff, sources and keys."""

import json
from typing import Annotated

import typer

from cli.case_arguments import LimitOption, command
from cli.session import Session
from cli.tables import print_rows


@command
async def log(
    session: Session,
    *,
    act: Annotated[str | None, typer.Option(help="Only such as import-staff.")] = None,
    before: Annotated[int | None, typer.Option(help="Go on before this entry.")] = None,
    limit: LimitOption = 50,
) -> None:
    """List the administration log, newest first: who changed what and when."""
    from cases.administration import READ_LOG

    await session.administer(READ_LOG)
    found = await session.fetch("kernel/administration:entries", act, before, limit + 1)
    rows = [{**row, "details": json.loads(row["details"])} for row in found[:limit]]
    following = rows[-1]["entry"] if len(found) > limit else None
    columns = (
        ("entry", "entry"),
        ("at", "at"),
        ("by", "actor"),
        ("act", "act"),
        ("subject", "subject"),
        ("details", lambda row: row["details"] and json.dumps(row["details"], ensure_ascii=False)),
    )
    print_rows(session, rows, columns, {"entries": rows, "next": following})
    if following and not session.as_json:
        session.say("more", option="--before", following=following)
