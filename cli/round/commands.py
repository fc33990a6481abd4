"""`iehe round` beside its decisions: lists, what is missing, frames, the hour, what is out, files."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.case_arguments import CaseArgument, command, find_case
from cli.round.disclosure import open_column, show_disclosure
from cli.round.ending import compare_output, make_output, show_ending, show_summary
from cli.round.scores import scores
from cli.session import CommandError, Session, print_json
from cli.tables import Columns, print_rows, print_values, table_of

if TYPE_CHECKING:
    import asyncpg

    from schemas.kernel.case import Actor

app = typer.Typer(no_args_is_help=True)
app.add_typer(scores, name="scores")
app.command("output")(make_output)
app.command("compare")(compare_output)
app.command("ending")(show_ending)
app.command("summary")(show_summary)
app.command("disclosure")(show_disclosure)
app.command("column")(open_column)
ProgrammeArgument = Annotated[str, typer.Argument(metavar="PROGRAMME", help="Whose list.")]
NumberOption = Annotated[
    int | None,
    typer.Option("--number", min=1, help="One that counts no more; by default the one that does."),
]
SinceOption = Annotated[int, typer.Option("--from", min=1, help="Number of the earlier list.")]
UntilOption = Annotated[
    int | None, typer.Option("--to", min=1, help="Number of the later list; by default the one that counts.")
]

RejudgmentOption = Annotated[
    str | None, typer.Option("--key", help="Key of the re-judgment; by default the latest one.")
]


@app.command("lists")
@command
async def show_lists(session: Session, case: CaseArgument) -> None:
    """List the lists of a round: how each stands, its hash, who answers for it, how many are in it."""
    from cases.round import lists

    _, row = await _reading(session, case)
    columns: Columns = (
        ("programme", "programme"),
        ("number", "number"),
        ("state", "state"),
        ("hash", lambda each: each["hash"][:12]),
        ("prepared_by", "prepared_by"),
        ("minute_no", "minute_no"),
        ("confirmed_by", "confirmed_by"),
        ("applicants", "applicants"),
        ("ranked", "ranked"),
        ("admitted", "admitted"),
        ("waitlisted", "waitlisted"),
        ("hour", "hour"),
    )
    print_rows(session, await lists.lists(await session.pool(), row["case_id"]), columns)


@app.command("list")
@command
async def open_list(
    session: Session, case: CaseArgument, programme: ProgrammeArgument, *, number: NumberOption = None
) -> None:
    """Open a list: rank, total, verdict, why each choice failed; that you did is noted."""
    from cases.round import lists

    actor, row = await _reading(session, case)
    told = await lists.show_list(await session.pool(), actor.id, row, programme, number)
    if session.as_json:
        print_json(told)
        return
    print_values(session, {name: told[name] for name in ("case_id", "programme", "number", "state")})
    print_values(session, {name: told[name] for name in ("hash", "inputs", "rules")} | told["counts"])
    columns: Columns = (
        ("frame", "frame"),
        ("limit", "limit"),
        ("capacity", "capacity"),
        ("admitted", "admitted"),
        ("cut", "cut"),
    )
    print(f"\n{table_of(columns, told['frames'])}\n")
    columns = (
        ("rank", "rank"),
        ("tied", lambda each: each["tied"] or None),
        ("application", "application"),
        ("chosen-as", "choice"),
        ("frame", "frame"),
        ("points", "total"),
        ("ties", lambda each: ", ".join(each["ties"])),
        ("verdict", "verdict"),
        ("reason", "reason"),
        ("full_frame", "full_frame"),
        ("waitlist_place", "waitlist_place"),
        ("cut", "cut"),
    )
    print(table_of(columns, told["lines"]))


@app.command("difference")
@command
async def show_difference(
    session: Session,
    case: CaseArgument,
    programme: ProgrammeArgument,
    *,
    since: SinceOption,
    until: UntilOption = None,
) -> None:
    """Compare two lists of a programme: who is new, gone, changed; that you did is noted."""
    from cases.round import lists

    actor, row = await _reading(session, case)
    told = await lists.compare(await session.pool(), actor.id, row, programme, since, until)
    rows = [
        {"fate": fate, "rank_before": None, **each}
        for fate in ("new", "gone", "changed")
        for each in told[fate]
    ]
    columns: Columns = (
        ("fate", "fate"),
        ("application", "application"),
        ("frame", "frame"),
        ("rank_before", "rank_before"),
        ("rank", "rank"),
        ("points before", lambda each: each.get("total_before")),
        ("points", "total"),
        ("verdict_before", lambda each: each.get("verdict_before")),
        ("verdict", "verdict"),
        ("reason", "reason"),
    )
    print_rows(session, rows, columns, told)


@app.command("explain")
@command
async def explain(
    session: Session,
    case: CaseArgument,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The examinee's number.")],
) -> None:
    """Explain an application: why each of its choices went as it did; that you did is noted."""
    from cases.round import lists

    actor, row = await _reading(session, case)
    told = await lists.explain_application(await session.pool(), actor.id, row, number)
    columns: Columns = (
        ("chosen-as", "choice"),
        ("programme", "programme"),
        ("frame", "frame"),
        ("rank", "rank"),
        ("points", "total"),
        ("verdict", "verdict"),
        ("reason", "reason"),
        ("full_frame", "full_frame"),
        ("cut", "cut"),
        ("waitlist_place", "waitlist_place"),
    )
    print_rows(session, told["choices"], columns, told)


@app.command("missing")
@command
async def show_missing(session: Session, case: CaseArgument) -> None:
    """List what is missing of a round: by part, then by application."""
    from cases.round import boards

    _, row = await _reading(session, case)
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


@app.command("frames")
@command
async def show_frames(session: Session, case: CaseArgument) -> None:
    """List the frames of a round: places, limit, held, offered, taken, extra, free."""
    from cases.round import boards

    _, row = await _reading(session, case)
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


@app.command("calls")
@command
async def show_calls(session: Session, case: CaseArgument) -> None:
    """List who is to be called now: by rank, with the calls so far and until when they may answer."""
    from cases.round import waitlist

    _, row = await _reading(session, case)
    columns: Columns = (
        ("programme", "programme"),
        ("frame", "frame"),
        ("waits", "waits"),
        ("number", "number"),
        ("calls", "calls"),
        ("last_call", "last_call"),
        ("last_outcome", "last_outcome"),
        ("reply_by", "reply_by"),
    )
    print_rows(session, await waitlist.calls(await session.pool(), row["case_id"]), columns)


@app.command("proof")
@command
async def show_proof(session: Session, case: CaseArgument) -> None:
    """Show the proof of a waitlist: each entry by rank with all that was done about it."""
    from cases.round import waitlist

    _, row = await _reading(session, case)
    told = await waitlist.proof(await session.pool(), row["case_id"])
    if session.as_json:
        print_json(told)
        return
    columns: Columns = (
        ("frame", "frame"),
        ("waits", "waits_at"),
        ("number", "number"),
        ("state", "state"),
        ("called_at", "called_at"),
        ("calls", lambda each: "; ".join(f"{one['at'][:16]} {one['outcome']}" for one in each["contacts"])),
        ("ended_at", "ended_at"),
        ("reason", lambda each: each["evidence"].get("code")),
    )
    print(table_of(columns, told["entries"]))
    if told["skipped"]:
        raise CommandError("rank-skipped", told, entries=", ".join(told["skipped"]))


@app.command("rejudgments")
@command
async def show_rejudgments(session: Session, case: CaseArgument) -> None:
    """List the re-judgments of a round: what was wrong, how far each has come, how many were wronged."""
    from cases.round import rejudgments

    _, row = await _reading(session, case)
    columns: Columns = (
        ("rejudgment", "rejudgment"),
        ("error", "error"),
        ("state", "state"),
        ("wronged", "wronged"),
        ("lists", "lists"),
        ("hash", lambda each: (each["hash"] or "-")[:12]),
        ("opened_by", "opened_by"),
        ("opened_at", "opened_at"),
        ("confirmed_by", "confirmed_by"),
        ("closed_at", "closed_at"),
    )
    print_rows(session, await rejudgments.rejudgments(await session.pool(), row["case_id"]), columns)


@app.command("rejudgment")
@command
async def show_rejudgment(session: Session, case: CaseArgument, *, key: RejudgmentOption = None) -> None:
    """Open a re-judgment: the wronged, what changes, rounds that may share it; that you did is noted."""
    from cases.round import rejudgments

    actor, row = await _reading(session, case)
    told = await rejudgments.show(await session.pool(), actor.id, row["case_id"], key)
    if session.as_json:
        print_json(told)
        return
    tables = ("corrections", "wronged_ones", "changed", "siblings")
    print_values(session, {name: each for name, each in told.items() if name not in tables})
    columns: Columns = (
        ("number", "number"),
        ("programme", "programme"),
        ("verdict_before", "from_verdict"),
        ("frame_before", "from_frame"),
        ("chosen-as", "to_choice"),
        ("frame", "to_frame"),
        ("given", "given"),
    )
    print(f"\n{table_of(columns, told['wronged_ones'])}\n")
    columns = (
        ("programme", "programme"),
        ("application", "application"),
        ("frame", "frame"),
        ("rank_before", "rank_before"),
        ("rank", "rank"),
        ("points before", "total_before"),
        ("points", "total"),
        ("verdict_before", "verdict_before"),
        ("verdict", "verdict"),
    )
    print(f"{table_of(columns, told['changed'])}\n")
    columns = (
        ("round", "case_id"),
        ("programme", "programme"),
        ("number", "number"),
        ("state", "state"),
        ("formula", "formula"),
        ("version", "version"),
    )
    print(table_of(columns, told["siblings"]))


@app.command("countdown")
@command
async def show_countdown(session: Session, case: CaseArgument) -> None:
    """Show the countdown: the hour by the server's clock, what is confirmed, whether it is held."""
    from cases.round import boards

    _, row = await _reading(session, case)
    told = await boards.countdown(await session.pool(), row)
    if session.as_json:
        print_json(told)
        return
    print_values(session, {name: each for name, each in told.items() if name not in ("lists", "unconfirmed")})
    columns: Columns = (("programme", "programme"), ("state", "state"))
    print(f"\n{table_of(columns, told['lists'])}")


@app.command("verify")
@command
async def verify(session: Session, case: CaseArgument) -> None:
    """Verify the lists of a round: make each again and compare its bytes; that you did is noted."""
    from cases.round.verification import verify as made_again
    from cli.session import CommandError

    actor, row = await _reading(session, case)
    told = await made_again(await session.pool(), actor.id, row)
    columns: Columns = (
        ("programme", "programme"),
        ("number", "number"),
        ("state", "state"),
        ("hash", lambda each: each["hash"][:12]),
        ("found", "found"),
    )
    if not session.as_json:
        print_rows(session, told["lists"], columns)
    if differing := [each["programme"] for each in told["lists"] if each["found"] == "differs"]:
        raise CommandError("lists-differ", told, programmes=", ".join(differing))
    if session.as_json:
        print_json(told)


@app.command("results")
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


@app.command("board")
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


async def _reading(session: Session, case: str) -> "tuple[Actor, asyncpg.Record]":
    """Who acts, who may open lists, and the round."""
    from workflows.round.process import ROUND

    actor = await session.administer("read-lists", ROUND.name)
    return actor, await find_case(session, case, ROUND.room, field="work")
