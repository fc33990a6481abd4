"""`iehe tasks`: whose turn it is, overdue first."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cli.case_arguments import LimitOption, carry_out, say
from cli.japanese import word
from cli.known import completed, offered, roles, staff_ids
from cli.session import JsonOption, Session, local, print_json
from cli.tables import table
from cli.typed import known_value

if TYPE_CHECKING:
    import asyncpg

DEAD_LETTER: Final = "dead-letter"


def tasks(
    *,
    role: Annotated[
        str | None, typer.Option("--role", help="Such as admissions_office.", autocompletion=offered(roles))
    ] = None,
    assignee: Annotated[
        str | None, typer.Option("--assignee", help="Staff id.", autocompletion=completed(staff_ids))
    ] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose due time has passed.")] = False,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List open tasks, and events that could not be delivered: overdue first, then what is due next."""

    async def work(session: Session) -> None:
        from activities.kernel.queries import queries
        from cases.registry import PROCESSES

        known_value(role, roles(), "--role")
        pool, sql = await session.pool(), queries("kernel/office")
        if assignee is not None:
            known_value(assignee, await staff_ids(pool), "--assignee")
        offices = {str(name): str(each.office) for name, each in PROCESSES.items()}
        found = await pool.fetch(
            sql["tasks"], role, assignee, overdue, list(offices), list(offices.values()), limit
        )
        total, dead = (found[0]["total"], found[0]["dead_letters"]) if found else (0, 0)
        rows = [_task(row) for row in found]
        if session.as_json:
            print_json({"tasks": rows, "total": total, "dead_letters": dead})
            return
        _print(session, rows)
        say(session, f"{len(rows)} of {total} open tasks", f"未完了の作業 {total} 件中 {len(rows)} 件")
        if dead:
            say(
                session,
                f"{dead} of them are events that could not be delivered (iehe events list --state dead): "
                "iehe events retry SOURCE ID, or iehe events drop SOURCE ID --reason …",
                f"うち {dead} 件は配信できなかった通知です（iehe events list --state dead）: "
                "iehe events retry SOURCE ID または iehe events drop SOURCE ID --reason …",
            )

    carry_out(work, as_json=as_json)


def _task(row: asyncpg.Record) -> dict[str, Any]:
    from cases.registry import PROCESSES

    task = dict(row)
    del task["total"], task["dead_letters"]
    task["task"] = task.pop("key")
    if task["kind"] == DEAD_LETTER:
        at = f"{shlex.quote(task['source'])} {shlex.quote(task['event_id'])}"
        task["act"] = [f"iehe events retry {at}", f"iehe events drop {at} --reason …"]
        return task
    del task["source"], task["event_id"], task["reason"]
    info = PROCESSES[task["process"]].lifecycle.stages[task["stage"]]
    task["stage_text"] = {"en": info.en, "ja": info.ja}
    return task


def _print(session: Session, rows: list[dict[str, Any]]) -> None:
    ja = session.settings.language == "ja"
    headers = ("due", "", "task", "of", "case", "stage or reason")
    shown = (
        (
            *(local(row["due_at"]), ("期限超過" if ja else "overdue") if row["overdue"] else ""),
            *(row["task"], row["assignee"] or word(row["role"]), row["case_id"]),
            row["reason"] if row["kind"] == DEAD_LETTER else row["stage_text"]["ja" if ja else "en"],
        )
        for row in rows
    )
    print(table(headers, shown))
