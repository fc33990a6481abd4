"""`iehe round` on re-judgments: those of a round, and one with all that it changes."""

from typing import Annotated

import typer

from cli.case_arguments import CaseArgument, command
from cli.round.reading import reading
from cli.session import Session, print_json
from cli.tables import Columns, print_rows, print_values, table_of

RejudgmentOption = Annotated[
    str | None, typer.Option("--key", help="Key of the re-judgment; by default the latest one.")
]


@command
async def show_rejudgments(session: Session, case: CaseArgument) -> None:
    """List the re-judgments of a round: what was wrong, how far each has come, how many were wronged."""
    from cases.round import rejudgments

    _, row = await reading(session, case)
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


@command
async def show_rejudgment(session: Session, case: CaseArgument, *, key: RejudgmentOption = None) -> None:
    """Open a re-judgment: the wronged, what changes, rounds that may share it; that you did is noted."""
    from cases.round import rejudgments

    actor, row = await reading(session, case)
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
