"""`iehe links`: facts that processes tell each other, and what became of each at each of its receivers."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from cli.case_arguments import LimitOption, acting
from cli.japanese import word
from cli.session import Session, local, print_json, refused
from cli.tables import AfterOption, place_after, print_page, table_of
from schemas.kernel.refusals import Refusal

app = typer.Typer(no_args_is_help=True, help="Facts between processes: told, delivered, acted on, waiting.")

FactArgument = Annotated[
    str, typer.Argument(metavar="FACT", help="The fact's id, as iehe links list has it.")
]
STATES: Final = {
    "waiting": "waiting",
    "standing": "kept for a case that opens later",
    "delivered": "delivered",
    "noted": "noted, without a step",
    "asked": "waits for a person",
    "settled": "settled by a person",
    "superseded": "corrected by a later revision",
}

FATES: Final = {
    "told": "delivered, not acted on yet",
    "acted": "acted on",
    "refused": "refused by the case",
    "started": "started by it",
    "found": "found it standing",
    "noted": "noted, without a step",
    "asked": "waits for a person",
}
REACHES: Final = (
    ("case", "case_id"),
    ("came", "at"),
    ("state", lambda row: word(FATES[row["fate"]])),
    ("step", "step"),
    ("when", "acted_at"),
)


def _state(row: Mapping[str, Any]) -> str:
    if row["state"] == "waiting":
        return word("waits for the process" if row["expected"] else "waits for its case")
    return word(STATES[row["state"]])


@app.command("list")
@acting
async def list_links(
    session: Session,
    *,
    waiting: Annotated[
        bool, typer.Option("--waiting", help="Only what waits: for a process, a case or a person.")
    ] = False,
    kind: Annotated[
        str | None, typer.Option("--type", help="Only facts of this type, or with this last part of it.")
    ] = None,
    after: AfterOption = None,
    limit: LimitOption = 50,
) -> None:
    """List facts with each of their receivers, the last told first."""
    from cases import links

    (beyond,) = place_after(after, tuple[int]) or (None,)
    actor, pool = await session.actor(), await session.pool()
    page = await links.list_links(pool, actor, kind=kind, waiting=waiting, after=beyond, limit=limit)
    columns = (
        ("told", "told_at"),
        ("fact", "fact_id"),
        ("revision", "revision"),
        ("type", lambda row: row["type"].removeprefix("jp.ac.iehe.")),
        ("for", "process"),
        ("state", _state),
        ("since", "since"),
        ("code", "reason"),
    )
    print_page(session, "links", page, columns)


@app.command("show")
@acting
async def show(session: Session, fact: FactArgument) -> None:
    """Show a fact: each receiver, what it was delivered, what was acted on, what waits since when."""
    from cases import links

    try:
        shown = await links.show_link(await session.pool(), await session.actor(), fact)
    except Refusal as refusal:
        raise refused(refusal) from None
    if session.as_json:
        print_json(shown)
        return
    print(f"{shown['type']}  {shown['fact_id']}")
    for row in shown["revisions"]:
        said = ", ".join(f"{name} {value}" for name, value in row["data"].items())
        parts = (f"{word('revision')} {row['revision']}", local(row["told_at"]), row["case_id"] or "-", said)
        print("", *parts, *([word("withdrawn")] if row["withdrawn"] else []), sep="  ")
    for row in shown["receivers"]:
        place = row["process"], row["revision"]
        print(f"\n  → {place[0]}  {word('revision')} {place[1]}: {_state(row)}", end="")
        print(f", {word('since')} {local(row['since'])}")
        reached = [each for each in shown["cases"] if (each["process"], each["revision"]) == place]
        for line in table_of(REACHES, reached).splitlines() if reached else ():
            print(f"    {line}")


@app.command("settle")
@acting
async def settle(
    session: Session,
    fact: FactArgument,
    *,
    process: Annotated[str, typer.Option("--process", help="The process whose office was asked.")],
) -> None:
    """Say that what your office was asked about a fact is done."""
    from cases import links

    try:
        revision = await links.settle(await session.pool(), await session.actor(), fact, process)
    except Refusal as refusal:
        raise refused(refusal) from None
    session.answer({"fact_id": fact, "process": process, "revision": revision}, "fact-settled")
