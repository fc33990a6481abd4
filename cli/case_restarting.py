"""`iehe case restart`: cases without a workflow, or with one that cannot go on, go on from the database."""

from typing import Annotated, Any

import typer

from cli.case_arguments import case_id_of, command, require_role
from cli.known import complete_case
from cli.session import CommandError, Exit, Session, print_json, report


@command
async def restart(
    session: Session,
    cases: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CASE]…", help="The id of a case, or only its number.", autocompletion=complete_case
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
) -> Exit:
    """Go on with cases from what the database holds; each has its own answer, the worst is the exit code."""
    from cases.administration import roles_that_enter
    from cases.homes import homes
    from schemas.kernel.roles import ADMINISTRATOR
    from workers.diagnostics.cases import compare

    if bool(cases) == all_stuck:
        raise CommandError("cases-missing")
    require_role(await session.actor(), roles_that_enter() | {ADMINISTRATOR})
    # servers that are away, or a stranger's key ring, are one answer for all
    await session.client()
    names = [case_id_of(case) for case in cases or ()]
    running = set(names) if terminate else set()
    if all_stuck:
        for home in homes().values():
            found = await compare(await session.client(home), await session.pool(of_host=True), home)
            names, running = [*names, *found.restartable], running | set(found.stuck)
            if found.not_looked_at and not session.as_json:
                session.say("not-looked-at", not_looked_at=found.not_looked_at)
    answers: list[dict[str, Any]] = []
    worst = Exit.OK
    for name in dict.fromkeys(names):
        answer, ended = await _answer(session, name, terminate=name in running)
        answers.append(answer)
        worst = max(worst, ended)
    if session.as_json:
        print_json({"cases": answers})
    elif not answers:
        session.say("none-stuck")
    return worst


async def _answer(session: Session, case_id: str, *, terminate: bool) -> tuple[dict[str, Any], Exit]:
    try:
        version = await _restart(session, case_id, terminate=terminate)
    except CommandError as error:
        if not session.as_json:
            report(error, as_json=False, language=session.settings.language)
        message = {"en": error.english, "ja": error.japanese}
        told = {"case_id": case_id, "restarted": False, "code": error.code, "message": message}
        return told, error.exit_code
    if not session.as_json:
        session.say("case-restarted", case_id=case_id, version=version)
    return {"case_id": case_id, "restarted": True, "version": version}, Exit.OK


async def _restart(session: Session, case_id: str, *, terminate: bool) -> int:
    from cases.starting import restart_case

    try:
        version = await restart_case(
            *(await session.pool(of_host=True), await session.client_of(case_id), case_id),
            terminate=terminate,
        )
    except LookupError:
        raise CommandError("no-such-case", case_id=case_id) from None
    if version is None:
        raise CommandError("case-running", case_id=case_id)
    return version
