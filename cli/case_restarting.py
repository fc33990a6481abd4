"""`iehe case restart`: cases without a workflow, or with one that cannot go on, go on from the database."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.case_arguments import carry_out, case_id_of, require_role, say
from cli.known import complete_case
from cli.session import CommandError, Exit, JsonOption, Session, leave, print_json, report
from cli.typed import usage


def restart(
    cases: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CASE]…",
            help="The id of a case, or only its number.",
            autocompletion=complete_case,
        ),
    ] = None,
    *,
    all_stuck: Annotated[
        bool,
        typer.Option(
            "--all-stuck",
            help="Every case that has lost its workflow, or whose history this release cannot replay.",
        ),
    ] = False,
    terminate: Annotated[
        bool,
        typer.Option("--terminate", help="End the workflow first where one runs, such as one that is stuck."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Go on with cases from what the database holds; each has its own answer, the worst is the exit code."""

    async def work(session: Session) -> None:
        from cases.sight import roles_that_see_whole
        from schemas.kernel.roles import ADMINISTRATOR
        from workflows.kernel.sight import Field

        if bool(cases) == all_stuck:
            raise usage(
                "cases-missing",
                "Name the cases, or give --all-stuck.",
                "案件を指定するか、--all-stuck を付けてください。",
            )
        require_role(await session.actor(), roles_that_see_whole(Field.PERSONAL) | {ADMINISTRATOR})
        # servers that are away, or a stranger's key ring, are one answer for all
        await session.client()
        names = [case_id_of(case) for case in cases or ()]
        if all_stuck:
            names, running = await _stuck(session)
        else:
            running = set(names) if terminate else set()
        worst = Exit.OK
        answers: list[dict[str, Any]] = []
        for name in dict.fromkeys(names):
            answer, ended = await _answer(session, name, terminate=name in running)
            answers.append(answer)
            worst = max(worst, ended)
        if session.as_json:
            print_json({"cases": answers})
        elif not answers:
            say(session, "No case is stuck.", "停止している案件はありません。")
        if worst:
            leave(worst)

    carry_out(work, as_json=as_json)


async def _answer(session: Session, case_id: str, *, terminate: bool) -> tuple[dict[str, Any], Exit]:
    try:
        version = await _restart(session, case_id, terminate=terminate)
    except CommandError as error:
        if not session.as_json:
            report(error, as_json=False, language=session.settings.language)
        message = {"en": error.english, "ja": error.japanese}
        return {
            "case_id": case_id,
            "restarted": False,
            "code": error.code,
            "message": message,
        }, error.exit_code
    if not session.as_json:
        say(
            session, f"{case_id} goes on from version {version}", f"{case_id} を版 {version} から再開しました"
        )
    return {"case_id": case_id, "restarted": True, "version": version}, Exit.OK


async def _stuck(session: Session) -> tuple[list[str], set[str]]:
    """What is to be restarted, and of these the running ones that cannot be replayed."""
    from workers.diagnostics.cases import compare

    found = await compare(await session.client(), await session.pool())
    if found.not_looked_at and not session.as_json:
        say(
            session,
            f"{found.not_looked_at} cases were not looked at in time: run it again.",
            f"{found.not_looked_at} 件は時間内に確認できませんでした。再実行してください。",
        )
    return found.restartable, set(found.stuck)


async def _restart(session: Session, case_id: str, *, terminate: bool) -> int:
    from cases.starting import restart_case

    try:
        version = await restart_case(
            await session.pool(), await session.client(), case_id, terminate=terminate
        )
    except LookupError:
        raise CommandError(
            "no-such-case",
            f"There is no case '{case_id}' (iehe case list).",
            f"案件「{case_id}」はありません（iehe case list）。",
            Exit.NOT_FOUND,
        ) from None
    if version is None:
        raise CommandError(
            "case-running",
            f"{case_id}: its workflow runs and was left alone; --terminate ends it first.",
            f"{case_id}: ワークフローが実行中のため変更していません（--terminate で終了してから再開）。",
            Exit.REFUSED,
        )
    return version
