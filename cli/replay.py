"""`iehe replay`: whether the running cases will go on with this release, before it is deployed."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Annotated

import typer

from cli.case_arguments import LimitOption, carry_out, case_id_of, say
from cli.progress import progress
from cli.session import CommandError, Exit, JsonOption, Session, leave, print_json


def replay(
    *,
    cases: Annotated[
        list[str] | None, typer.Option("--case", help="Only this case; may be given several times.")
    ] = None,
    closed: Annotated[
        int, typer.Option("--closed", min=0, help="Also cases closed in so many days before now.")
    ] = 0,
    limit: LimitOption = 1000,
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, max=32, help="Histories replayed at the same time.")
    ] = 4,
    as_json: JsonOption = False,
) -> None:
    """Replay the histories of running cases on this release; ends with 12 when one does not fit.

    Run it with the new release against the server before that release's workers are started.
    """

    async def work(session: Session) -> None:
        from workers.replaying import replay_runs, runs_to_check

        # the SDK tells each failure with its text, which may quote a value
        logging.getLogger("temporalio").setLevel(logging.CRITICAL)
        client = await session.client()
        runs: list[tuple[str, str | None]]
        if cases:
            runs = [(each if "/" in each else case_id_of(each), None) for each in cases]
        else:
            listed = await runs_to_check(client, closed_days=closed, limit=limit)
            runs = [(each.id, each.run_id) for each in listed]
        with progress("histories replayed / 再生した履歴", len(runs)) as told:
            checked = await replay_runs(client, runs, concurrency=concurrency, told=told)
        gone = sorted({case for case, _ in runs} - {each.case_id for each in checked})
        if cases and gone:
            raise CommandError(
                "no-such-case",
                f"Temporal has no history of {', '.join(gone)} (iehe case list).",
                f"Temporal に履歴がありません: {', '.join(gone)}（iehe case list）。",
                Exit.NOT_FOUND,
                {"cases": gone},
            )
        failed = [each for each in checked if each.cause is not None]
        if session.as_json:
            print_json({"checked": len(checked), "failed": [asdict(each) for each in failed], "gone": gone})
        else:
            for each in failed:
                print(f"{each.case_id} (run {each.run_id}, {each.events} events): {each.cause}")
            say(
                session,
                f"{len(checked)} histories replayed, {len(failed)} do not fit this release.",
                f"履歴 {len(checked)} 件を再生し、{len(failed)} 件がこのリリースに適合しません。",
            )
            if failed:
                say(
                    session,
                    "Do not start this release's workers: keep the old commands by workflow.patched "
                    "(docs/ops.md, before a release).",
                    "このリリースのワーカーを起動しないでください。workflow.patched で従来の動作を残します"
                    "（docs/ops.md「before a release」）。",
                )
        if failed:
            leave(Exit.PROBLEMS)

    carry_out(work, as_json=as_json)
