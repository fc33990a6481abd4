"""`iehe round` on its lists: how they stand, one of them, two compared, all made again."""

from typing import Annotated

import typer

from cli.case_arguments import CaseArgument, command
from cli.round.reading import reading
from cli.session import CommandError, Session, print_json
from cli.tables import Columns, print_rows, print_values, table_of

ProgrammeArgument = Annotated[str, typer.Argument(metavar="PROGRAMME", help="Whose list.")]
NumberOption = Annotated[
    int | None,
    typer.Option("--number", min=1, help="One that counts no more; by default the one that does."),
]
SinceOption = Annotated[int, typer.Option("--from", min=1, help="Number of the earlier list.")]
UntilOption = Annotated[
    int | None, typer.Option("--to", min=1, help="Number of the later list; by default the one that counts.")
]


@command
async def show_lists(session: Session, case: CaseArgument) -> None:
    """List the lists of a round: how each stands, its hash, who answers for it, how many are in it."""
    from cases.round import lists

    _, row = await reading(session, case)
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


@command
async def open_list(
    session: Session, case: CaseArgument, programme: ProgrammeArgument, *, number: NumberOption = None
) -> None:
    """Open a list: rank, total, verdict, why each choice failed; that you did is noted."""
    from cases.round import lists

    actor, row = await reading(session, case)
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

    actor, row = await reading(session, case)
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


@command
async def explain(
    session: Session,
    case: CaseArgument,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The examinee's number.")],
) -> None:
    """Explain an application: why each of its choices went as it did; that you did is noted."""
    from cases.round import lists

    actor, row = await reading(session, case)
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


@command
async def verify(session: Session, case: CaseArgument) -> None:
    """Verify the lists of a round: make each again and compare its bytes; that you did is noted."""
    from cases.round.verification import verify as made_again

    actor, row = await reading(session, case)
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
