"""`iehe retention`: what went because its time was over, what would go, and which cases are held."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import uuid4

import typer

from activities.kernel.queries import queries
from cli.case_arguments import CaseArgument, LimitOption, acting, find_case
from cli.schedule import HomeOption, WaitOption, run_now
from cli.session import CommandError, Exit, Session
from cli.tables import print_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer(no_args_is_help=True, help="What is kept how long: what went, what would go, holds.")

READ: Final = "read-retention"


@app.command("list")
@acting
async def list_erasures(
    session: Session,
    *,
    cases: Annotated[
        bool, typer.Option("--cases", help="The certificates of erased cases instead of all runs.")
    ] = False,
    limit: LimitOption = 50,
) -> None:
    """List what went, newest first: when, by which rule, how many rows, the oldest and the newest."""
    await session.administer(READ)
    if cases:
        await _list_certificates(session, limit)
        return
    rows = await session.fetch("kernel/retention:gone", limit, of_host=True)
    columns = (
        ("at", "at"),
        ("kind", "kind"),
        ("process", "process"),
        ("rows", "rows"),
        ("rule", _rule),
        ("oldest", "oldest"),
        ("newest", "newest"),
        ("run", "run"),
    )
    print_rows(session, rows, columns, {"erasures": rows})


async def _list_certificates(session: Session, limit: int) -> None:
    from cases.registry import PROCESSES

    found = await session.fetch("kernel/retention:certificates", list(PROCESSES), limit, of_host=True)
    rows = [{**row, "rows": json.loads(row["rows"])} for row in found]
    columns = (
        ("case", "case_id"),
        ("closed", "closed_at"),
        ("erased", "erased_at"),
        ("rule", _rule),
        ("rows", lambda row: sum(row["rows"].values())),
        ("last hash", lambda row: row["last_hash"][:12]),
        ("run", "run"),
    )
    print_rows(session, rows, columns, {"certificates": rows})


@app.command("run")
@acting
async def run(
    session: Session,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would go, by which rule, and what is kept.")
    ] = False,
    home: HomeOption = None,
    wait: WaitOption = 60.0,
) -> Exit:
    """Have everything go now whose time is over, as the nightly schedule does."""
    if not dry_run:
        return await run_now(session, "retention", home, "run-retention", wait)
    await session.administer(READ)
    due = await session.fetch("kernel/retention:due", of_host=True)
    cases = await session.fetch("kernel/retention:cases_due", of_host=True)
    rows: list[Mapping[str, Any]] = [
        *due,
        *({**row, "kind": "cases", "rows": row["cases"], "days": None} for row in cases),
    ]
    columns = (
        ("kind", "kind"),
        ("process", "process"),
        ("rows", "rows"),
        ("rule", _rule),
        ("oldest", "oldest"),
        ("newest", "newest"),
        ("kept because", lambda row: row.get("kept_because")),
    )
    print_rows(session, rows, columns, {"rows": due, "cases": cases})
    return Exit.OK


def _rule(row: Mapping[str, Any]) -> str:
    span = f"{row['days']} d" if row.get("days") else f"{row['years']} y"
    return f"{span} ({row['policy_version']})" if row["policy_version"] else span


@app.command("hold")
@acting
async def hold(
    session: Session,
    case: CaseArgument,
    *,
    reason: Annotated[str, typer.Option(help="Why it is to be kept.")],
) -> None:
    """Keep everything of a case, whatever the policy says, until it is released."""
    from cases.texts import keep_text

    row = await find_case(session, case, field="work")
    actor = await session.administer("hold-case", row["process"])
    text_id, case_id, vault = uuid4(), row["case_id"], await session.vault()
    async with session.transaction() as connection:
        await keep_text(connection, vault, text_id, case_id, actor.id, reason)
        held = await connection.fetchval(queries("kernel/retention")["hold"], case_id, actor.id, text_id)
        if held is None:
            raise CommandError("case-held", case_id=case_id)
    session.answer({"case_id": case_id, "held_by": actor.id, "held_at": held}, "case-on-hold")


@app.command("release")
@acting
async def release(session: Session, case: CaseArgument) -> None:
    """Let a case that was held go by its policy again."""
    row = await find_case(session, case, field="work")
    actor = await session.administer("hold-case", row["process"])
    async with session.transaction() as connection:
        held = await connection.fetchval(queries("kernel/retention")["release"], row["case_id"], actor.id)
    if held is None:
        raise CommandError("case-not-held", case_id=row["case_id"])
    session.answer({"case_id": row["case_id"], "held_at": held, "released_by": actor.id}, "case-released")
