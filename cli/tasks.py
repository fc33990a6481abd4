"""`iehe tasks`: whose turn it is, overdue first."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.case_arguments import LimitOption, carry_out, say
from cli.japanese import word
from cli.known import completed, offered, roles, staff_ids
from cli.session import ActorOption, JsonOption, Session, local
from cli.tables import AfterOption, place_after, print_page
from cli.typed import known_value

if TYPE_CHECKING:
    from cases.lists import Total


def tasks(
    *,
    role: Annotated[
        str | None, typer.Option("--role", help="Such as admissions_office.", autocompletion=offered(roles))
    ] = None,
    assignee: Annotated[
        str | None, typer.Option("--assignee", help="Staff id.", autocompletion=completed(staff_ids))
    ] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose due time has passed.")] = False,
    after: AfterOption = None,
    limit: LimitOption = 50,
    as_: ActorOption = None,
    as_json: JsonOption = False,
) -> None:
    """List open tasks, and events that could not be delivered: overdue first, then what is due next."""

    async def work(session: Session) -> None:
        from datetime import datetime

        from cases import lists
        from cases.list_questions import TaskFilters

        known_value(role, roles(), "--role")
        actor, pool = await session.actor(as_), await session.pool()
        if assignee is not None:
            known_value(assignee, await staff_ids(pool), "--assignee")
        view, beyond = lists.view_of_tasks(actor), place_after(after, tuple[datetime, str, str])
        wanted = TaskFilters(role=role, assignee=assignee, overdue=overdue or None)
        page = await lists.list_tasks(pool, view, wanted, beyond, limit)
        total = await lists.count_tasks(pool, view, wanted)
        for row in page.rows:
            _add_words(row)
        columns = (
            ("due", lambda row: local(row["due_at"])),
            ("", lambda row: word("overdue") if row["overdue"] else ""),
            ("task", lambda row: row["task"]),
            ("of", lambda row: row["assignee"] or word(row["role"])),
            ("case", lambda row: row["case_id"]),
            ("stage or reason", lambda row: _stage_or_reason(row, session.settings.language)),
        )
        told = {"total": total.tasks, "more": total.more, "dead_letters": total.dead_letters}
        print_page(session, "tasks", page, columns, **told)
        if not session.as_json:
            _print_total(session, len(page.rows), total)

    carry_out(work, as_json=as_json)


def _add_words(row: dict[str, Any]) -> None:
    from cases.list_questions import DEAD_LETTER
    from cases.registry import PROCESSES

    if row["kind"] == DEAD_LETTER:
        at = f"{shlex.quote(row['source'])} {shlex.quote(row['event_id'])}"
        row["act"] = [f"iehe events retry {at}", f"iehe events drop {at} --reason …"]
        return
    del row["source"], row["event_id"], row["reason"]
    info = PROCESSES[row["process"]].lifecycle.stages[row["stage"]]
    row["stage_text"] = {"en": info.en, "ja": info.ja}


def _stage_or_reason(row: dict[str, Any], language: str) -> object:
    return row["stage_text"][language] if "stage_text" in row else row["reason"]


def _print_total(session: Session, shown: int, total: Total) -> None:
    number = f"{total.tasks:,}"
    say(
        session,
        f"{shown} of {'more than ' if total.more else ''}{number} open tasks",
        f"未完了の作業 {number} 件{'以上' if total.more else ''}のうち {shown} 件",
    )
    if total.dead_letters:
        say(
            session,
            f"{total.dead_letters} of them are events that could not be delivered "
            "(iehe events list --state dead): "
            "iehe events retry SOURCE ID, or iehe events drop SOURCE ID --reason …",
            f"うち {total.dead_letters} 件は配信できなかった通知です（iehe events list --state dead）: "
            "iehe events retry SOURCE ID または iehe events drop SOURCE ID --reason …",
        )
