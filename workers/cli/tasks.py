"""`iehe tasks`: whose turn it is, overdue first."""

from __future__ import annotations

from typing import Annotated

import typer

from workers.cli.casework import LimitOption, carry_out, say
from workers.cli.session import JsonOption, Session, local, print_json
from workers.cli.tables import table
from workers.cli.typed import usage


def tasks(
    *,
    role: Annotated[str | None, typer.Option("--role", help="Such as admissions_office.")] = None,
    assignee: Annotated[str | None, typer.Option("--assignee", help="Staff id.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose due time has passed.")] = False,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List open tasks: overdue first, then what is due next."""

    async def work(session: Session) -> None:
        from activities.sql import queries
        from schemas.identifiers import Role
        from workflows.rules.admission import LIFECYCLE

        known = [each.value for each in Role]
        if role is not None and role not in known:
            listed = ", ".join(known)
            raise usage(
                "unknown-role",
                f"There is no role '{role}'. Roles: {listed}.",
                f"役割「{role}」はありません。役割: {listed}",
                known=known,
            )
        pool, sql = await session.pool(), queries("office")
        filters = (role, assignee, overdue)
        rows = [dict(row) for row in await pool.fetch(sql["tasks"], *filters, limit)]
        total = await pool.fetchval(sql["open_tasks"], *filters)
        for row in rows:
            info = LIFECYCLE.stages[row["stage"]]
            row["task"] = row.pop("key")
            row["stage_text"] = {"en": info.en, "ja": info.ja}
        if session.as_json:
            print_json({"tasks": rows, "total": total})
            return
        ja = session.settings.language == "ja"
        headers = ("due", "", "task", "of", "case", "stage")
        shown = (
            (
                *(local(row["due_at"]), ("期限超過" if ja else "overdue") if row["overdue"] else ""),
                *(row["task"], row["assignee"] or row["role"], row["case_id"]),
                row["stage_text"]["ja" if ja else "en"],
            )
            for row in rows
        )
        print(table(headers, shown))
        say(session, f"{len(rows)} of {total} open tasks", f"未完了の作業 {total} 件中 {len(rows)} 件")

    carry_out(work, as_json=as_json)
