"""`iehe case`: find cases, see everything of one, its history and map, decide about its deadlines."""

import json
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import uuid4

import typer

from cli.case_arguments import CaseArgument, LimitOption, acting, case_id_of, command, find_case
from cli.case_notes import note, notes
from cli.case_page import print_page as print_case
from cli.case_restarting import restart
from cli.case_search import find
from cli.case_starting import start_pending
from cli.japanese import role_word, word
from cli.known import complete_case, complete_label, label_values, offered, roles, stages
from cli.session import CommandError, Exit, Session, local, print_json
from cli.tables import print_page, print_rows
from cli.typed import checked_text, known_value, pairs

LABEL_HELP = "By what its process files a case, beside where it stands; may be given again."

app = typer.Typer(no_args_is_help=True, help="Cases: list, show, history, diagram, deadlines, tasks.")


app.command("restart")(restart)
app.command("start-pending")(start_pending)
app.command("note")(note)
app.command("notes")(notes)


@app.command("list")
@acting
async def list_cases(
    session: Session,
    *,
    stage: Annotated[str | None, typer.Option(help="Such as review.", autocompletion=offered(stages))] = None,
    waiting_for: Annotated[
        str | None, typer.Option(help="Role whose turn it is.", autocompletion=offered(roles))
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help=LABEL_HELP, autocompletion=complete_label),
    ] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose due time has passed.")] = False,
    is_open: Annotated[bool | None, typer.Option("--open/--closed", help="Without: both.")] = None,
    after: Annotated[str | None, typer.Option(help="Go on after this case.")] = None,
    limit: LimitOption = 50,
) -> None:
    """List cases by number, with stage, whom they wait for and until when."""
    from cases import lists
    from cases.list_questions import CaseFilters
    from cases.registry import PROCESSES
    from cases.sight import view_of

    infos = {name: each.lifecycle.stages for name, each in PROCESSES.items()}
    known = [(stage, info) for each in infos.values() for stage, info in each.items()]
    known_value(stage, [name for name, _ in known], "--stage")
    known_value(waiting_for, {info.waits_for for _, info in known if info.waits_for}, "--waiting-for")
    actor, pool = await session.actor(), await session.pool()
    view, labels = view_of(actor), pairs(label or [])
    filed_by = [name for process in (*view.whole, *view.processes) for name in PROCESSES[process].labels]
    for name, value in labels.items():
        known_value(name, filed_by, "--label")
        # who sees only some of the cases is not told what others are filed by: theirs are none
        if all(process in view.whole for process, each in PROCESSES.items() if name in each.labels):
            known_value(value, await label_values(pool, name), f"--label {name}")
    wanted = CaseFilters(
        stage=stage, waiting_for=waiting_for, labels=labels, overdue=overdue or None, is_open=is_open
    )
    beyond = case_id_of(after) if after else None
    page = await lists.list_cases(pool, view, wanted, beyond, limit)
    for row in page.rows:
        info = infos[row["process"]][row["stage"]]
        row["stage_text"] = {"en": info.en, "ja": info.ja}
    columns = (
        ("case", "case_id"),
        ("stage", "stage"),
        ("", lambda row: row["stage_text"][session.settings.language]),
        ("waits for", lambda row: role_word(row["waiting_for"] or "")),
        ("since", "stage_since"),
        ("due", "due_at"),
        ("", lambda row: word("overdue") if row["overdue"] else ""),
        ("version", "version"),
        ("outcome", "outcome"),
    )
    print_page(session, "cases", page, columns)


app.command("find")(find)


@app.command("show")
@acting
async def show(
    session: Session,
    case: CaseArgument,
    *,
    personal: Annotated[
        bool, typer.Option("--personal", help="With personal data and reasons in words; office only.")
    ] = False,
) -> None:
    """Show everything of a case: where it stands, what is missing, who did what, what is due."""
    from cases.page import read_page

    actor = await session.actor()
    row = await find_case(
        session, case, field="personal" if personal else "case", reads="words" if personal else "page"
    )
    vault = await session.vault() if personal else None
    page, own = await read_page(await session.pool(), row, actor, personal=vault)
    if session.as_json:
        print_json(page | own)
    else:
        print_case(page, own, session.settings.language)


@app.command("history")
@command
async def history(session: Session, case: CaseArgument) -> Exit:
    """Show a case's log, step by step, and verify its chain of hashes."""
    from activities.kernel.case_log import broken_at

    row = await find_case(session, case, field="work", reads="history")
    found = await session.fetch("kernel/office:log_of_case", row["case_id"])
    entries = [{**entry, "details": json.loads(entry["details"])} for entry in found]
    broken = broken_at(entries)
    if broken is None and len(entries) != row["version"]:
        broken = len(entries) + 1
    columns = (
        ("version", "version"),
        ("when", "at"),
        ("step", "step"),
        ("stage", _stages),
        ("by", _by),
        ("cause", "cause"),
        ("details", lambda entry: [f"{key}={value}" for key, value in entry["details"].items()]),
    )
    told = {"case_id": row["case_id"], "intact": broken is None, "broken_at": broken, "log": entries}
    print_rows(session, entries, columns, told)
    if broken is None:
        if not session.as_json:
            session.say("chain-intact", count=len(entries))
        return Exit.OK
    if not session.as_json:
        raise CommandError("log-broken", {"broken_at": broken}, case_id=row["case_id"], version=broken)
    # one document was printed already; it says the same
    return Exit.PROBLEMS


@app.command("diagram")
@command
async def diagram(
    session: Session,
    case: Annotated[
        str | None,
        typer.Argument(metavar="[CASE]", help="Marks where it stands.", autocompletion=complete_case),
    ] = None,
) -> None:
    """Print the map of the process as Mermaid, with a case's place and path on it."""
    from cases.registry import PROCESSES

    process, current, path = next(iter(PROCESSES.values())), None, []
    if case is not None:
        row = await find_case(session, case, reads="diagram")
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


@app.command("break-glass")
@acting
async def break_glass(
    session: Session,
    case: CaseArgument,
    *,
    reason: Annotated[str, typer.Option(help="Why you have to see it at once.")],
    command_id: Annotated[str | None, typer.Option(help="The same one again opens nothing more.")] = None,
) -> None:
    """Open a case that you do not see, for a while; somebody else looks at it afterwards."""
    from cases.break_glass import break_glass as open_case
    from cases.registry import PROCESSES

    actor, pool, words = await session.actor(), await session.pool(), checked_text(reason)
    if words is None:
        raise CommandError("reason-missing")
    rooms = [each.room for each in PROCESSES.values() if each.break_glass is not None]
    case_id, key = case_id_of(case, rooms[0] if rooms else None), command_id or f"cli-{uuid4().hex}"
    until = await open_case(pool, case_id, actor, words, key, await session.vault())
    told = {"case_id": case_id, "until": until, "command_id": key}
    session.answer(told, "glass-broken", at=local(until))


@app.command("reads")
@acting
async def reads(
    session: Session,
    case: CaseArgument,
    *,
    before: Annotated[int | None, typer.Option(help="Only those before this one.")] = None,
    limit: LimitOption = 50,
) -> None:
    """List who has read a case, when, what of it and by which right; the last first."""
    from cases.break_glass import reads_of
    from schemas.kernel.roles import AUDITOR

    auditor = AUDITOR in (await session.actor()).roles
    row = await find_case(session, case, field="case" if auditor else "work")
    rows = await reads_of(await session.pool(), row["case_id"], before, limit)
    columns = (("read", "read"), ("when", "at"), ("by", "staff_id"), ("what", "what"), ("right", "by_right"))
    print_rows(session, rows, columns, {"case_id": row["case_id"], "reads": rows})


@app.command("clock")
@command
async def clock(
    session: Session,
    case: CaseArgument,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Such as completeness.")] = None,
) -> None:
    """Tell in words how the due times of a case, or one of them, came about."""
    from cases.clocks import read_clocks
    from cases.states import read_state
    from schemas.kernel.refusals import Refusal

    row = await find_case(session, case, field="work", reads="clock")
    pool = await session.pool()
    every = await read_clocks(pool, row["case_id"], await read_state(pool, row))
    found = [each for each in every if name in (None, each["deadline"])]
    if not found and name is not None:
        raise Refusal(
            "unknown-deadline", deadline=name, open=", ".join(each["deadline"] for each in every) or "-"
        )
    if session.as_json:
        print_json({"case_id": row["case_id"], "deadlines": found})
        return
    for each in found:
        print(f"{each['deadline']}  {each['state']}  {local(each['due_at'])}")
        print("\n".join(f"    {line}" for line in each["calculation"][session.settings.language]))


def _stages(entry: Mapping[str, Any]) -> str:
    moved = entry["from_stage"] != entry["stage"]
    return f"{entry['from_stage'] or '·'} → {entry['stage']}" if moved else entry["stage"]


def _by(entry: Mapping[str, Any]) -> str:
    kind = f"{entry['actor_kind']} " if entry["actor_kind"] == "person" else ""
    return f"{kind}{entry['actor_id']}"
