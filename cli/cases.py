"""`iehe case`: find cases, see everything of one, its history and map, decide about its deadlines."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from cli.case_arguments import (
    CaseArgument,
    LimitOption,
    carry_out,
    case_id_of,
    find_case,
)
from cli.case_history import history
from cli.case_page import print_page as print_case
from cli.case_restarting import restart
from cli.japanese import word
from cli.known import complete_case, completed, offered, roles, rounds, stages
from cli.session import ActorOption, JsonOption, Session, local, print_json
from cli.tables import print_page
from cli.typed import known_value

app = typer.Typer(no_args_is_help=True, help="Cases: list, show, history, diagram, deadlines, tasks.")


app.command("restart")(restart)


@app.command("list")
def list_cases(
    *,
    stage: Annotated[
        str | None, typer.Option("--stage", help="Such as review.", autocompletion=offered(stages))
    ] = None,
    waiting_for: Annotated[
        str | None, typer.Option("--waiting-for", help="Such as reviewer.", autocompletion=offered(roles))
    ] = None,
    round_id: Annotated[str | None, typer.Option("--round", autocompletion=completed(rounds))] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose due time has passed.")] = False,
    is_open: Annotated[bool | None, typer.Option("--open/--closed", help="Without: both.")] = None,
    after: Annotated[str | None, typer.Option("--after", help="Go on after this case.")] = None,
    limit: LimitOption = 50,
    as_: ActorOption = None,
    as_json: JsonOption = False,
) -> None:
    """List cases by number, with stage, whom they wait for and until when."""

    async def work(session: Session) -> None:
        from cases import lists
        from cases.list_questions import CaseFilters
        from cases.registry import PROCESSES
        from cases.sight import view_of

        infos = {name: each.lifecycle.stages for name, each in PROCESSES.items()}
        known = [(stage, info) for each in infos.values() for stage, info in each.items()]
        known_value(stage, [name for name, _ in known], "--stage")
        known_value(waiting_for, {info.waits_for for _, info in known if info.waits_for}, "--waiting-for")
        actor, pool = await session.actor(as_), await session.pool()
        labels = {} if round_id is None else {"round_id": round_id}
        if round_id is not None:
            known_value(round_id, await rounds(pool), "--round")
        wanted = CaseFilters(
            stage=stage, waiting_for=waiting_for, labels=labels, overdue=overdue or None, is_open=is_open
        )
        beyond = case_id_of(after) if after else None
        page = await lists.list_cases(pool, view_of(actor), wanted, beyond, limit)
        for row in page.rows:
            info = infos[row["process"]][row["stage"]]
            row["stage_text"] = {"en": info.en, "ja": info.ja}
        columns = (
            ("case", lambda row: row["case_id"]),
            ("stage", lambda row: row["stage"]),
            ("", lambda row: row["stage_text"][session.settings.language]),
            ("waits for", lambda row: word(row["waiting_for"] or "")),
            ("since", lambda row: local(row["stage_since"])),
            ("due", lambda row: local(row["due_at"])),
            ("", lambda row: word("overdue") if row["overdue"] else ""),
            ("version", lambda row: row["version"]),
            ("outcome", lambda row: row["outcome"]),
        )
        print_page(session, "cases", page, columns)

    carry_out(work, as_json=as_json)


@app.command("show")
def show(
    case: CaseArgument,
    *,
    personal: Annotated[
        bool, typer.Option("--personal", help="With the applicant's data and reasons in words; office only.")
    ] = False,
    as_: ActorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show everything of a case: where it stands, what is missing, who did what, what is due."""

    async def work(session: Session) -> None:
        from cases.page import read_page
        from workflows.kernel.sight import Field

        actor = await session.actor(as_)
        row = await find_case(session, case, field=Field.PERSONAL if personal else Field.CASE)
        page, own = await read_page(await session.pool(), row, actor, personal=personal)
        if session.as_json:
            print_json(page | own)
        else:
            print_case(page, own, session.settings.language)

    carry_out(work, as_json=as_json)


app.command("history")(history)


@app.command("diagram")
def diagram(
    case: Annotated[
        str | None,
        typer.Argument(metavar="[CASE]", help="Marks where it stands.", autocompletion=complete_case),
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Print the map of the process as Mermaid, with a case's place and path on it."""

    async def work(session: Session) -> None:
        from cases.registry import PROCESSES

        process, current, path = next(iter(PROCESSES.values())), None, []
        if case is not None:
            row = await find_case(session, case)
            process = PROCESSES[row["process"]]
            current, path = row["stage"], json.loads(row["state"])["path"]
        drawn = process.lifecycle.mermaid(current)
        if session.as_json:
            print_json({"mermaid": drawn, "stage": current, "path": path})
            return
        print(drawn)
        if path:
            ja = session.settings.language == "ja"
            infos = [process.lifecycle.stages[name] for name in path]
            words = [info.ja if ja else info.en for info in infos]
            # a comment in Mermaid, so that the output can be piped as it is
            print(f"%% {' → '.join([*words[:-1], f'[{words[-1]}]'])}")

    carry_out(work, as_json=as_json)


@app.command("deadline")
def deadline(
    case: CaseArgument,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Such as completeness.")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Print how the deadlines of a case, or one of them, were counted."""

    async def work(session: Session) -> None:
        from activities.kernel.queries import queries
        from schemas.kernel.refusals import Refusal
        from workflows.kernel.sight import Field

        row = await find_case(session, case, field=Field.WORK)
        pool = await session.pool()
        found = await pool.fetch(queries("kernel/office")["deadlines_of_case"], row["case_id"], name)
        if not found and name is not None:
            every = await pool.fetch(queries("kernel/office")["deadlines_of_case"], row["case_id"], None)
            known = ", ".join(each["deadline"] for each in every) or "-"
            raise Refusal("unknown-deadline", deadline=name, open=known)
        if session.as_json:
            print_json({"case_id": row["case_id"], "deadlines": [dict(each) for each in found]})
            return
        for each in found:
            print(f"{each['deadline']}  {each['state']}  {local(each['due_at'])}")
            print("\n".join(f"    {line}" for line in each["calculation"]))

    carry_out(work, as_json=as_json)
