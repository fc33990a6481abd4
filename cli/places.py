"""`iehe places`: what is given out, how much of it is left, who has it, and why somebody got nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from cli.case_arguments import CaseArgument, LimitOption, acting, find_case
from cli.session import Session, local, print_json, role_missing
from cli.tables import Columns, print_rows, table_of
from cli.typed import build

app = typer.Typer(
    no_args_is_help=True, help="What is given out: how much is left, who has it, who waits and why."
)

FrameArgument = Annotated[str, typer.Argument(metavar="FRAME", help="As iehe places list names it.")]


def _passed(row: Mapping[str, Any]) -> str | None:
    passed = row["passed_over"]
    return f"{passed['reason']} ({local(datetime.fromisoformat(passed['at']))})" if passed else None


def _at(name: str) -> Callable[[Mapping[str, Any]], datetime | None]:
    return lambda row: datetime.fromisoformat(row[name]) if row[name] else None


def _counts() -> Columns:
    columns = (
        ("frame", "frame"),
        ("measure", "measure"),
        ("places", "places"),
        ("limit", "limit"),
        ("held", "held"),
        ("offered", "offered"),
        ("taken", "taken"),
        ("extra", "extra"),
        ("free", "free"),
    )
    return columns  # noqa: RET504 - headings are found by this name


def _holders() -> Columns:
    columns = (
        ("case", "holder"),
        ("state", "state"),
        ("kind", "purpose"),
        ("since", _at("since")),
        ("until", _at("ends_at")),
    )
    return columns  # noqa: RET504


def _waiting() -> Columns:
    columns = (
        ("case", "holder"),
        ("rank", "rank"),
        ("amount", "amount"),
        ("since", _at("since")),
        ("passed over", _passed),
    )
    return columns  # noqa: RET504


@app.command("list")
@acting
async def list_frames(
    session: Session,
    prefix: Annotated[
        str | None, typer.Argument(metavar="[PREFIX]", help="Only this frame and those under it.")
    ] = None,
    *,
    limit: LimitOption = 200,
) -> None:
    """List frames: how many there are, how many may be given out, and how many are."""
    from cases import places

    rows = await places.list_frames(await session.pool(), await session.actor(), prefix, limit)
    print_rows(session, rows, _counts(), {"frames": rows})


@app.command("show")
@acting
async def show(session: Session, frame: FrameArgument) -> None:
    """Show a frame: its counts, who has something of it, and who waits in which order and was passed over."""
    from cases import places

    told = await places.show_frame(await session.pool(), await session.actor(), frame)
    if session.as_json:
        print_json(told)
        return
    print(table_of(_counts(), [told]))
    for columns, rows in ((_holders(), told["holders"]), (_waiting(), told["queue"])):
        if rows:
            print(f"\n{table_of(columns, rows)}")


@app.command("set")
@acting
async def set_frame(
    session: Session,
    frame: FrameArgument,
    *,
    how_many: Annotated[
        str | None, typer.Option("--places", metavar="N", help="How many there are; needed of a new frame.")
    ] = None,
    most: Annotated[
        str | None,
        typer.Option(
            "--limit", metavar="N", help="How many may be given out; without: as many as there are."
        ),
    ] = None,
    parent: Annotated[
        str | None, typer.Option("--parent", metavar="FRAME", help="The frame in which each counts too.")
    ] = None,
    measure: Annotated[
        str | None, typer.Option("--measure", help="What is counted, such as persons or months.")
    ] = None,
    allocator: Annotated[
        str | None, typer.Option("--allocator", metavar="CASE", help="The case told what falls free.")
    ] = None,
) -> None:
    """Make a frame, or say anew how many there are; refused below what is given out."""
    from cases import places
    from schemas.kernel.places import FrameWanted

    actor, roles = await session.actor(), places.roles_that_set(frame)
    if roles.isdisjoint(actor.roles):
        raise role_missing(actor, roles)
    given = {
        "places": how_many,
        "limit": most,
        "parent": parent,
        "measure": measure,
        "allocator": allocator,
    }
    told = await places.set_frame(await session.pool(), actor, frame, build(FrameWanted, given))
    session.answer(told, "frame-set")


@app.command("explain")
@acting
async def explain(session: Session, case: CaseArgument) -> None:
    """Say what a case has, was offered and waits for, and in order why it got nothing."""
    from cases import places

    row = await find_case(session, case)
    told = await places.explain(await session.pool(), row["case_id"])
    if session.as_json:
        print_json(told)
        return
    print("\n".join(told["told"][session.settings.language]))
