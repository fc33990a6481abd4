"""`iehe tasks`: whose turn it is, overdue first."""

import shlex
from datetime import datetime
from typing import Annotated, Any

import typer

from cli.case_arguments import LimitOption, acting
from cli.japanese import role_word, word
from cli.known import completed, offered, roles, staff_ids
from cli.session import Session
from cli.tables import AfterOption, place_after, print_page
from cli.typed import known_value


@acting
async def tasks(
    session: Session,
    *,
    role: Annotated[
        str | None, typer.Option(help="Such as administrator.", autocompletion=offered(roles))
    ] = None,
    assignee: Annotated[
        str | None, typer.Option(help="Staff id.", autocompletion=completed(staff_ids))
    ] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose due time has passed.")] = False,
    after: AfterOption = None,
    limit: LimitOption = 50,
) -> None:
    """List open tasks, and events that could not be delivered: overdue first, then what is due next."""
    from cases import lists
    from cases.list_questions import TaskFilters

    known_value(role, roles(), "--role")
    actor, pool = await session.actor(), await session.pool()
    if assignee is not None:
        known_value(assignee, await staff_ids(pool), "--assignee")
    view, beyond = lists.view_of_tasks(actor), place_after(after, tuple[datetime, str, str])
    wanted = TaskFilters(role=role, assignee=assignee, overdue=overdue or None)
    page = await lists.list_tasks(pool, view, wanted, beyond, limit)
    total = await lists.count_tasks(pool, view, wanted)
    for row in page.rows:
        _add_words(row)
    columns = (
        ("due", "due_at"),
        ("", lambda row: word("overdue") if row["overdue"] else ""),
        ("task", "task"),
        ("of", lambda row: row["assignee"] or role_word(row["role"])),
        ("case", "case_id"),
        ("stage or reason", lambda row: _stage_or_reason(row, session.settings.language)),
    )
    told = {"total": total.tasks, "more": total.more, "dead_letters": total.dead_letters}
    print_page(session, "tasks", page, columns, **told)
    if not session.as_json:
        how_many = "tasks-shown-of-more" if total.more else "tasks-shown"
        session.say(how_many, shown=len(page.rows), total=f"{total.tasks:,}")
        if total.dead_letters:
            session.say("dead-letters", dead_letters=total.dead_letters)


def _add_words(row: dict[str, Any]) -> None:
    from cases.list_questions import DEAD_LETTER
    from cases.registry import PROCESSES

    if row["kind"] == DEAD_LETTER:
        at = f"{shlex.quote(row['source'])} {shlex.quote(row['event_id'])}"
        row["act"] = [f"iehe events retry {at}", f"iehe events drop {at} --reason …"]
        return
    del row["source"], row["event_id"], row["reason"]
    if row["stage"] is None:
        return
    info = PROCESSES[row["process"]].lifecycle.stages[row["stage"]]
    row["stage_text"] = {"en": info.en, "ja": info.ja}


def _stage_or_reason(row: dict[str, Any], language: str) -> object:
    return row["stage_text"][language] if "stage_text" in row else row.get("reason")
