"""`iehe round disclosure` and `column`: what an applicant is shown, and a column that somebody doubts."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from cli.case_arguments import CaseArgument, command, find_case
from cli.session import Session, print_json
from cli.tables import Columns, print_rows, print_values, table_of


@command
async def show_disclosure(
    session: Session,
    case: CaseArgument,
    application: Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the application.")],
) -> None:
    """Show the scores of an application that has asked for them, as they were used; that is noted."""
    from cases.round import disclosures
    from workflows.round.process import ROUND

    actor = await session.administer("read-lists", ROUND.name)
    row = await find_case(session, case, ROUND.room, field="work")
    reader = disclosures.Reader(actor.id)
    told = await disclosures.disclosure(await session.pool(), reader, application, row["case_id"])
    if session.as_json:
        print_json(told)
        return
    head = ("case_id", "number", "state", "reason", "requested_at", "disclosed_at")
    print_values(session, {name: told[name] for name in head})
    columns: Columns = (
        ("part", "ja"),
        ("state", "state"),
        ("full", "full_marks"),
        ("score", lambda each: each["score"] or _subjects(each)),
        ("points", "points"),
    )
    print(f"\n{table_of(columns, told['parts'])}\n")
    columns = (
        ("chosen-as", "choice"),
        ("programme", "programme"),
        ("frame", "frame"),
        ("counted", lambda each: ", ".join(f"{one['part']} {one['counted']}" for one in each["weights"])),
        ("total", "total"),
        ("rank", "rank"),
        ("hash", lambda each: each["hash"][:12]),
    )
    print(table_of(columns, told["programmes"]))


def _subjects(part: Mapping[str, Any]) -> str | None:
    return ", ".join(f"{each['subject']} {each['score']}" for each in part["subjects"]) or None


@command
async def open_column(
    session: Session,
    case: CaseArgument,
    part: Annotated[str, typer.Argument(metavar="PART", help="The part or subject, as files name it.")],
) -> None:
    """Open a whole column of scores: each value with its file and row; that you did is noted."""
    from cases.round import disclosures
    from workflows.round.process import ROUND

    actor = await session.administer("read-lists", ROUND.name)
    row = await find_case(session, case, ROUND.room, field="work")
    told = await disclosures.column(await session.pool(), actor.id, row, part)
    columns: Columns = (
        ("number", "number"),
        ("value", "value"),
        ("in-file", "file_value"),
        ("file", lambda each: str(each["batch"])[:8] if each["batch"] is not None else None),
        ("row", "row"),
        ("correction", lambda each: each["proposal"] is not None or None),
    )
    print_rows(session, told["values"], columns, told)
