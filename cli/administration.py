"""`iehe log`: who changed policies, places, staff, sources and keys."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from cli.case_arguments import LimitOption, carry_out, say
from cli.session import JsonOption, Session, local, print_json
from cli.tables import table


def log(
    *,
    act: Annotated[str | None, typer.Option("--act", help="Only such as import-staff.")] = None,
    before: Annotated[int | None, typer.Option("--before", help="Go on before this entry.")] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List the administration log, newest first: who changed what and when."""

    async def work(session: Session) -> None:
        from activities.kernel.queries import queries
        from cases.administration import READ_LOG

        await session.administer(READ_LOG)
        pool = await session.pool()
        found = await pool.fetch(queries("kernel/administration")["entries"], act, before, limit + 1)
        rows = [{**row, "details": json.loads(row["details"])} for row in found[:limit]]
        following = rows[-1]["entry"] if len(found) > limit else None
        if session.as_json:
            print_json({"entries": rows, "next": following})
            return
        shown = (
            (
                *(row["entry"], local(row["at"]), row["actor"], row["act"], row["subject"]),
                json.dumps(row["details"], ensure_ascii=False) if row["details"] else "",
            )
            for row in rows
        )
        print(table(("entry", "at", "by", "act", "subject", "details"), shown))
        if following:
            say(session, f"more: --before {following}", f"続き: --before {following}")

    carry_out(work, as_json=as_json)
