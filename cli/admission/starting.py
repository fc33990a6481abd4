"""Starting the cases of what is stored, with its progress; `iehe admission imports` and `start-pending`."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Annotated, Any

import typer

from cli.case_arguments import INTERRUPTED, LimitOption, carry_out, require_role, say
from cli.progress import progress
from cli.session import CommandError, JsonOption, Session, leave, local, print_json
from cli.tables import table

ConcurrencyOption = Annotated[
    int, typer.Option("--concurrency", min=1, max=500, help="Cases started at the same time.")
]
DEFAULT_CONCURRENCY = 50


def imports(*, limit: LimitOption = 50, as_json: JsonOption = False) -> None:
    """List the imports, newest first: rows of the file, left out, stored, cases started."""

    async def work(session: Session) -> None:
        from activities.kernel.queries import queries
        from workflows.admission.process import OFFICE

        require_role(await session.actor(), OFFICE)
        pool = await session.pool()
        rows = [dict(row) for row in await pool.fetch(queries("kernel/office")["imports"], limit)]
        if session.as_json:
            print_json(rows)
            return
        headers = ("when", "round", "rows", "left out", "stored", "started", "by", "file", "batch")
        shown = (
            (
                *(local(row["imported_at"]), row["round_id"], row["rows"], row["skipped"], row["stored"]),
                *(row["started"], row["imported_by"], row["file_sha256"][:12], row["batch_id"]),
            )
            for row in rows
        )
        print(table(headers, shown))

    carry_out(work, as_json=as_json)


def start_pending(
    *, concurrency: ConcurrencyOption = DEFAULT_CONCURRENCY, as_json: JsonOption = False
) -> None:
    """Start every stored application that has neither a case nor a running workflow, of whichever import."""

    async def work(session: Session) -> None:
        from workflows.admission.process import OFFICE

        require_role(await session.actor(), OFFICE)
        report: dict[str, Any] = {}
        await start(session, None, concurrency, report)
        if session.as_json:
            print_json(report)
            return
        count, running = report["started"], report["running"]
        say(
            session,
            f"{count} cases started; {running} more are being opened already.",
            f"案件 {count} 件を開始しました（ほか {running} 件は開始処理中）。",
        )
        say_completed(session, report)

    carry_out(work, as_json=as_json)


async def start(
    session: Session, numbers: list[str] | None, concurrency: int, report: dict[str, Any]
) -> None:
    """Start what has no case yet, showing progress.

    Puts into the report `started`, `running` (a workflow of theirs runs already), `completed` (cases that
    only Temporal knows, ended), `seconds` and `rate`.
    """
    from cases.starting import Starts, start_cases, waiting_to_start
    from schemas.admission.identifiers import admission_case_id
    from workflows.admission.process import ADMISSION_REVIEW

    pool = await session.pool()
    cases = None if numbers is None else [admission_case_id(number) for number in numbers]
    waiting = await waiting_to_start(pool, ADMISSION_REVIEW.room, cases)
    began, done, starts = time.monotonic(), 0, Starts()

    def count(so_far: int) -> None:
        nonlocal done
        done = so_far
        told(so_far)

    if waiting:
        try:
            client = await session.client()
            with progress("cases started / 案件開始", len(waiting)) as told:
                starts = await start_cases(pool, client, waiting, concurrency=concurrency, told=count)
        except asyncio.CancelledError:
            _say_how_to_resume(done, len(waiting))
            leave(INTERRUPTED)
        except CommandError:
            _say_how_to_resume(done, len(waiting))
            raise
        except BaseExceptionGroup as group:
            _say_how_to_resume(done, len(waiting))
            raise group.exceptions[0] from None
    seconds = time.monotonic() - began
    rate = round(done / seconds, 1) if done else 0
    report |= {"started": starts.new, "running": starts.running, "completed": starts.completed}
    report |= {"seconds": round(seconds, 3), "rate": rate}


def say_completed(session: Session, report: dict[str, Any]) -> None:
    """Name the cases that ended in Temporal and are not in the database: only a person can say why."""
    if report["completed"]:
        names = " ".join(report["completed"])
        say(
            session,
            f"not started, because Temporal has completed them and the database has lost them (docs/ops.md, "
            f"After restoring a backup): {names}",
            f"次の案件は Temporal では完了済みですが、データベースにないため開始していません"
            f"（docs/ops.md「After restoring a backup」）: {names}",
        )


def _say_how_to_resume(done: int, total: int) -> None:
    print(
        f"\nstopped: at least {done} of {total} cases started. Everything is stored; run the same command "
        "again, or iehe admission start-pending, to start the rest.\n"
        f"停止しました: {total} 件中少なくとも {done} 件を開始。データは登録済みです。同じコマンド、または "
        "iehe admission start-pending を実行すると残りを開始します。",
        file=sys.stderr,
    )
