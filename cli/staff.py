"""`iehe staff`: who may act, in which roles, and what conflicts of interest are computed from."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import typer

from cli.case_arguments import carry_out, say
from cli.progress import from_thread, progress
from cli.session import CommandError, Exit, JsonOption, Session, print_json
from cli.tables import table

app = typer.Typer(no_args_is_help=True, help="Members of staff: roles, load caps, employers, relations.")

LIST = """
SELECT s.staff_id, s.name, s.email, s.language, s.roles, s.load_cap, s.available_from, s.available_to,
       s.active, (SELECT count(*) FROM iehe.reviews r
                  WHERE r.reviewer = s.staff_id AND r.state IN ('invited', 'accepted')) AS open_reviews
FROM iehe.staff s ORDER BY s.active DESC, s.staff_id
"""


@app.command("list")
def list_staff(*, as_json: JsonOption = False) -> None:
    """List the staff with their roles and open reviews."""

    async def work(session: Session) -> None:
        pool = await session.pool()
        rows = [dict(row) for row in await pool.fetch(LIST)]
        if session.as_json:
            print_json(rows)
            return
        headers = ("id", "name", "roles", "open reviews", "cap", "available", "active")
        shown = (
            (
                *(row["staff_id"], row["name"], ", ".join(row["roles"]), row["open_reviews"]),
                *(row["load_cap"], _span(row), "yes" if row["active"] else "no"),
            )
            for row in rows
        )
        print(table(headers, shown))

    carry_out(work, as_json=as_json)


@app.command("import")
def import_staff(file: Path, *, as_json: JsonOption = False) -> None:
    """Check a CSV or XLSX file of staff and add or update everybody in it; nothing of a faulty file."""

    async def work(session: Session) -> None:
        from activities.admission.applications import store_staff
        from cli import faults
        from spreadsheets.staff import check_staff_file

        with progress("rows checked / 行を確認", 0) as told:
            checked = await asyncio.to_thread(check_staff_file, file, from_thread(told))
        if not session.as_json:
            faults.show(checked.faults, None)
        if errors := len(checked.errors):
            raise CommandError(
                "file-faulty",
                f"{file.name}: {errors} errors; nothing was imported. Mend it and import it again.",
                f"{file.name}: {errors} 件の誤りがあり、登録していません。修正して再登録してください。",
                Exit.FAULTY_FILE,
                {"faults": faults.as_json(checked.faults)},
            )
        pool = await session.pool()
        connection: Any
        async with pool.acquire() as connection:
            given = await store_staff(connection, (row.data for row in checked.rows))
        if session.as_json:
            print_json({"imported": given, "warnings": faults.as_json(checked.faults)})
        else:
            say(
                session,
                f"{file.name}: {given} members of staff added or updated (iehe staff list)",
                f"{file.name}: 教職員 {given} 名を登録・更新しました（iehe staff list）",
            )

    carry_out(work, as_json=as_json)


def _span(row: dict[str, Any]) -> str:
    first, last = row["available_from"], row["available_to"]
    return f"{first or ''}..{last or ''}" if first or last else ""
