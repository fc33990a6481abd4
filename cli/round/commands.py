"""`iehe round` beside its decisions; here what is missing, frames, the hour, what is out."""

from typing import Annotated

import typer

from cli.case_arguments import CaseArgument, command, find_case
from cli.round.disclosure import open_column, show_disclosure
from cli.round.ending import compare_output, make_output, show_ending, show_summary
from cli.round.lists import explain, open_list, show_difference, show_lists, verify
from cli.round.reading import reading
from cli.round.rejudgments import show_rejudgment, show_rejudgments
from cli.round.scores import scores
from cli.round.waitlist import show_calls, show_proof
from cli.session import Session, print_json
from cli.tables import Columns, print_rows, print_values, table_of

app = typer.Typer(no_args_is_help=True)
app.add_typer(scores, name="scores")


@command
async def show_missing(session: Session, case: CaseArgument) -> None:
    """List what is missing of a round: by part, then by application."""
    from cases.round import boards

    _, row = await reading(session, case)
    told = await boards.missing(await session.pool(), row["case_id"])
    if session.as_json:
        print_json(told)
        return
    columns: Columns = (("part", "part"), ("code", "code"), ("applications", "applications"))
    print(f"{table_of(columns, told['parts'])}\n")
    columns = (("number", "number"), ("part", "part"), ("code", "code"))
    print(table_of(columns, told["values"]))
    if told["outdated"]:
        session.say("missing-outdated")


@command
async def show_frames(session: Session, case: CaseArgument) -> None:
    """List the frames of a round: places, limit, held, offered, taken, extra, free."""
    from cases.round import boards

    _, row = await reading(session, case)
    columns: Columns = (
        ("programme", "programme"),
        ("frame", "frame"),
        ("parent", "parent"),
        ("places", "places"),
        ("limit", "limit"),
        ("minute_no", "minute_no"),
        ("held", "held"),
        ("offered", "offered"),
        ("taken", "taken"),
        ("extra", "extra"),
        ("free", "free"),
    )
    print_rows(session, await boards.frames(await session.pool(), row), columns)


@command
async def show_countdown(session: Session, case: CaseArgument) -> None:
    """Show the countdown: the hour by the server's clock, what is confirmed, whether it is held."""
    from cases.round import boards

    _, row = await reading(session, case)
    told = await boards.countdown(await session.pool(), row)
    if session.as_json:
        print_json(told)
        return
    print_values(session, {name: each for name, each in told.items() if name not in ("lists", "unconfirmed")})
    columns: Columns = (("programme", "programme"), ("state", "state"))
    print(f"\n{table_of(columns, told['lists'])}")


@command
async def show_results(
    session: Session,
    application: Annotated[str, typer.Argument(metavar="APPLICATION", help="Number of the application.")],
) -> None:
    """Show what is out of an application; before the hour there is nothing."""
    from cases.round import results
    from workflows.round.process import ROUND

    await session.administer("read-results", ROUND.name)
    columns: Columns = (
        ("chosen-as", "choice"),
        ("programme", "programme"),
        ("frame", "frame"),
        ("verdict", "verdict"),
        ("waitlist", "waitlist"),
        ("hour", "hour"),
        ("hash", lambda each: each["hash"][:12]),
    )
    print_rows(session, await results.results(await session.pool(), application), columns)


@command
async def show_board(session: Session, case: CaseArgument) -> None:
    """Show the board: the numbers admitted by each programme; before the hour there is nothing."""
    from cases.round import results
    from workflows.round.process import ROUND

    actor = await session.administer("read-results", ROUND.name)
    row = await find_case(session, case, ROUND.room, field="work")
    rows = await results.board(await session.pool(), actor.id, row["case_id"])
    columns: Columns = (
        ("programme", "programme"),
        ("admitted", "admitted"),
        ("hash", lambda each: each["hash"][:12]),
        ("hour", "hour"),
        ("numbers", lambda each: " ".join(each["numbers"])),
    )
    print_rows(session, rows, columns)


app.command("output")(make_output)
app.command("compare")(compare_output)
app.command("ending")(show_ending)
app.command("summary")(show_summary)
app.command("disclosure")(show_disclosure)
app.command("column")(open_column)
app.command("lists")(show_lists)
app.command("list")(open_list)
app.command("difference")(show_difference)
app.command("explain")(explain)
app.command("missing")(show_missing)
app.command("frames")(show_frames)
app.command("calls")(show_calls)
app.command("proof")(show_proof)
app.command("rejudgments")(show_rejudgments)
app.command("rejudgment")(show_rejudgment)
app.command("countdown")(show_countdown)
app.command("verify")(verify)
app.command("results")(show_results)
app.command("board")(show_board)
