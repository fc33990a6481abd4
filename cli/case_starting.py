"""`iehe case start-pending`, and starting the cases of what is stored with its progress."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Collection
from typing import Annotated, Any

import typer

from cli.case_arguments import INTERRUPTED, acting, require_role
from cli.progress import progress
from cli.session import CommandError, Session, leave, print_json

ConcurrencyOption = Annotated[
    int, typer.Option("--concurrency", min=1, max=500, help="Cases started at the same time.")
]
DEFAULT_CONCURRENCY = 50


@acting
async def start_pending(session: Session, *, concurrency: ConcurrencyOption = DEFAULT_CONCURRENCY) -> None:
    """Start whatever is stored and has neither a case nor a running workflow, of every process."""
    from cases.administration import entering, roles_that_enter
    from cases.registry import PROCESSES

    actor = await session.actor()
    require_role(actor, roles_that_enter())
    rooms = {PROCESSES[name].room for name in entering(actor)}
    report: dict[str, Any] = {}
    await start(session, rooms, None, concurrency, report)
    if session.as_json:
        print_json(report)
        return
    session.say("cases-started", **report)
    say_completed(session, report)


async def start(
    session: Session,
    rooms: Collection[str],
    cases: list[str] | None,
    concurrency: int,
    report: dict[str, Any],
) -> None:
    """Start what has no case yet, showing progress: of these cases, or of all of these rooms.

    Puts into the report `started`, `running` (a workflow of theirs runs already), `completed` (cases that
    only Temporal knows, ended), `seconds` and `rate`.
    """
    from cases.starting import Starts, start_cases, waiting_to_start

    pool = await session.pool(of_host=True)
    waiting = await waiting_to_start(pool, rooms, cases)
    began, done, starts = time.monotonic(), 0, Starts()

    def count(so_far: int) -> None:
        nonlocal done
        done = so_far
        told(so_far)

    if waiting:
        try:
            await session.client()  # a server that is away is one answer for all
            with progress("cases started / 案件開始", len(waiting)) as told:
                starts = await start_cases(
                    *(pool, session.client_of, waiting), concurrency=concurrency, told=count
                )
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
        session.say("not-started", cases=" ".join(report["completed"]))


def _say_how_to_resume(done: int, total: int) -> None:
    print(
        f"\nstopped: at least {done} of {total} cases started. Everything is stored; run the same command "
        "again, or iehe case start-pending, to start the rest.\n"
        f"停止しました: {total} 件中少なくとも {done} 件を開始。データは登録済みです。同じコマンド、または "
        "iehe case start-pending を実行すると残りを開始します。",
        file=sys.stderr,
    )
