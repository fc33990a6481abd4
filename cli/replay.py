"""`iehe replay`: whether the running cases will go on with this release, before it is deployed."""

import logging
from dataclasses import asdict
from typing import Annotated

import typer

from cli.case_arguments import LimitOption, case_id_of, command
from cli.progress import progress
from cli.session import CommandError, Exit, Session, print_json


@command
async def replay(
    session: Session,
    *,
    cases: Annotated[
        list[str] | None, typer.Option("--case", help="Only this case; may be given several times.")
    ] = None,
    closed: Annotated[int, typer.Option(min=0, help="Also cases closed in so many days before now.")] = 0,
    limit: LimitOption = 1000,
    concurrency: Annotated[int, typer.Option(min=1, max=32, help="Histories replayed at the same time.")] = 4,
) -> Exit:
    """Replay the histories of running cases on this release; ends with 12 when one does not fit.

    Run it with the new release against the server before that release's workers are started.
    """
    from cases.homes import home_of, homes
    from workers.replaying import replay_runs, runs_to_check

    # the SDK tells each failure with its text, which may quote a value
    logging.getLogger("temporalio").setLevel(logging.CRITICAL)
    named = [each if "/" in each else case_id_of(each) for each in cases or ()]
    runs: list[tuple[str, str | None]] = []
    checked = []
    for home in homes().values():
        client = await session.client(home)
        here: list[tuple[str, str | None]]
        if cases:
            here = [(each, None) for each in named if home_of(each) == home]
        else:
            listed = await runs_to_check(client, closed_days=closed, limit=limit)
            here = [(each.id, each.run_id) for each in listed]
        with progress("histories replayed / 再生した履歴", len(here)) as told:
            checked += await replay_runs(client, here, concurrency=concurrency, told=told)
        runs += here
    gone = sorted({case for case, _ in runs} - {each.case_id for each in checked})
    if cases and gone:
        raise CommandError("no-history", {"cases": gone}, gone=", ".join(gone))
    failed = [each for each in checked if each.cause is not None]
    if session.as_json:
        print_json({"checked": len(checked), "failed": [asdict(each) for each in failed], "gone": gone})
    else:
        for each in failed:
            print(f"{each.case_id} (run {each.run_id}, {each.events} events): {each.cause}")
        session.say("replayed", checked=len(checked), failed=len(failed))
        if failed:
            session.say("do-not-start")
    if failed:
        return Exit.PROBLEMS
    return Exit.OK
