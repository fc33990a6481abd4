"""`iehe case history`: the log of a case, and whether it is what was written."""

from __future__ import annotations

import json

import typer

from cli.case_arguments import CaseArgument, carry_out, find_case, say
from cli.session import CommandError, Exit, JsonOption, Session, local, print_json
from cli.tables import table


def history(case: CaseArgument, *, as_json: JsonOption = False) -> None:
    """Show a case's log, step by step, and verify its chain of hashes."""

    async def work(session: Session) -> None:
        from activities.kernel.case_log import broken_at
        from activities.kernel.queries import queries
        from workflows.kernel.sight import Field

        row = await find_case(session, case, field=Field.WORK)
        pool = await session.pool()
        found = await pool.fetch(queries("kernel/office")["log_of_case"], row["case_id"])
        entries = [{**entry, "details": json.loads(entry["details"])} for entry in found]
        broken = broken_at(entries)
        if broken is None and len(entries) != row["version"]:
            broken = len(entries) + 1
        if session.as_json:
            print_json(
                {"case_id": row["case_id"], "intact": broken is None, "broken_at": broken, "log": entries}
            )
        else:
            print(table(("version", "when", "step", "stage", "by", "cause", "details"), map(_line, entries)))
        if broken is not None:
            _report_broken(session, row["case_id"], broken)
        elif not session.as_json:
            count = len(entries)
            say(session, f"chain of {count} entries intact", f"{count} 件の記録の連鎖に異常はありません")

    carry_out(work, as_json=as_json)


def _line(entry: dict[str, object]) -> tuple[object, ...]:
    moved = entry["from_stage"] != entry["stage"]
    stage = f"{entry['from_stage'] or '·'} → {entry['stage']}" if moved else entry["stage"]
    details = entry["details"]
    shown = ", ".join(f"{key}={value}" for key, value in details.items()) if isinstance(details, dict) else ""
    by = (
        f"{entry['actor_kind']} {entry['actor_id']}" if entry["actor_kind"] == "person" else entry["actor_id"]
    )
    return (entry["version"], local(entry["at"]), entry["step"], stage, by, entry["cause"], shown)  # type: ignore[arg-type]


def _report_broken(session: Session, case_id: str, version: int) -> None:
    error = CommandError(
        "log-broken",
        f"The log of {case_id} is not what was written: its chain breaks at version {version}. "
        "Keep the database as it is and tell whoever answers for it (docs/ops.md).",
        f"{case_id} の記録は版 {version} で連鎖が途切れています。"
        "データベースを変更せず、責任者に連絡してください（docs/ops.md）。",
        Exit.PROBLEMS,
        {"broken_at": version},
    )
    if not session.as_json:
        raise error
    # one document was printed already; it says the same
    raise typer.Exit(Exit.PROBLEMS)
