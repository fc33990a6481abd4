"""`iehe round` at its end: files that go out, their comparison, what is open, the summary."""

from pathlib import Path
from typing import Annotated

import typer

from cli.case_arguments import CaseArgument, command, find_case
from cli.new_file import write_new_file
from cli.session import CommandError, Session, print_json
from cli.tables import Columns, print_rows, print_values, table_of

OutputArgument = Annotated[
    str, typer.Argument(metavar="OUTPUT", help="What goes out: board, portal, letters, hand-over.")
]
ToOption = Annotated[
    Path | None,
    typer.Option("--to", metavar="FILE", help="Where it is written, as a new file."),
]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The file as it was put out.")]


@command
async def make_output(
    session: Session, case: CaseArgument, output: OutputArgument, *, to: ToOption = None
) -> None:
    """Make what goes out of a round from what is out: board, portal, letters, the registrar's file."""
    from cases.round import outputs
    from workflows.round.process import ROUND

    actor = await session.administer("read-results", ROUND.name)
    row = await find_case(session, case, ROUND.room, field="work")
    made = await outputs.make(await session.pool(), actor.id, row, output)
    told = made.told(row["case_id"])
    if to is not None:
        write_new_file(to, made.body)
        told = {name: each for name, each in told.items() if name != "lines"} | {"file": str(to)}
        if session.as_json:
            print_json(told)
        else:
            print_values(session, told)
        return
    columns: Columns = tuple((header, header) for header in made.form.headers)
    print_rows(session, told["lines"], columns, told)


@command
async def compare_output(
    session: Session, case: CaseArgument, output: OutputArgument, file: FileArgument
) -> None:
    """Compare a file that was put out with what is out, line by line."""
    from cases.round import outputs
    from workflows.round.process import ROUND

    actor = await session.administer("read-results", ROUND.name)
    row = await find_case(session, case, ROUND.room, field="work")
    try:
        stored = file.read_bytes()
    except OSError as error:
        raise CommandError("file-unusable", file=file, reason=error.strerror) from None
    ought, found = await outputs.compare(await session.pool(), actor.id, row, output, stored)
    told = outputs.compared_told(ought, found, row["case_id"])
    if not told["same"]:
        if not session.as_json:
            columns: Columns = (("fate", "fate"), *((header, header) for header in ought.form.headers))
            print(table_of(columns, told["lines"]))
        raise CommandError("output-differing", told, lines=told["differing"])
    if session.as_json:
        print_json(told)
    else:
        print_values(session, {name: each for name, each in told.items() if name != "lines"})


@command
async def show_ending(session: Session, case: CaseArgument) -> None:
    """Show how far the end of a round has come: what is still open, in its order."""
    from cases.round import outputs
    from workflows.round.process import ROUND

    await session.administer("read-lists", ROUND.name)
    row = await find_case(session, case, ROUND.room, field="work")
    told = await outputs.ending(await session.pool(), row["case_id"])
    if session.as_json:
        print_json(told)
        return
    columns: Columns = (("part", "part"), ("open", "open"))
    print(f"{table_of(columns, told['open'])}\n")
    print_values(session, {name: told[name] for name in ("handed_over", "summary")})
    columns = (("output", "output"), ("compared_by", "compared_by"), ("compared_at", "compared_at"))
    print(f"\n{table_of(columns, told['compared'])}")


@command
async def show_summary(session: Session, case: CaseArgument) -> None:
    """Show the summary of a round: applicants, admitted, promoted, enrolled, declined."""
    from cases.round import outputs
    from workflows.round.process import ROUND

    await session.administer("read-lists", ROUND.name)
    row = await find_case(session, case, ROUND.room, field="work")
    told = await outputs.summary(await session.pool(), row["case_id"])
    if session.as_json:
        print_json(told)
        return
    print_values(
        session, {name: told[name] for name in ("case_id", "hash", "rules", "made_at")} | told["sums"]
    )
    columns: Columns = (
        ("programme", "programme"),
        ("applicants", "applicants"),
        ("ranked", "ranked"),
        ("admitted", "admitted"),
        ("waitlisted", "waitlisted"),
        ("enrolled", "enrolled"),
    )
    print(f"\n{table_of(columns, told['programmes'])}")
