"""`iehe support extract` and `letter`: what of a case leaves the office on paper, each noted and logged."""

from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from cli.case_arguments import CaseArgument, acting, find_case
from cli.session import CommandIdOption, Session
from cli.typed import build, checked_text

ToOption = Annotated[Path, typer.Option("--to", help="The file to write; only its owner reads it.")]


@acting
async def extract(session: Session, case: CaseArgument, *, to: ToOption) -> None:
    """Write what a student who has asked gets to see: what the answer discloses, without others' names."""
    from activities.kernel.private_files import write_private
    from cases.support.papers import extract_of

    actor = await session.administer("extract", "support-case")
    row = await find_case(session, case, "support", field="personal", reads="extract")
    content, parts = await extract_of(await session.pool(), await session.vault(), row, actor)
    write_private(to, content.encode())
    session.answer({"case_id": row["case_id"], "file": str(to), "parts": parts}, "extract-written")


@acting
async def letter(
    session: Session,
    case: CaseArgument,
    *,
    unit: Annotated[str, typer.Option(help="A unit, or a receiver of the policy's list, such as hospital.")],
    to: ToOption,
    reason: Annotated[str, typer.Option(help="Why the other side has to know.")],
    parts: Annotated[list[str] | None, typer.Option(help="What it tells of the case.")] = None,
    ground: Annotated[
        str | None,
        typer.Option(help="Without the student's consent: on which ground of the list."),
    ] = None,
    remark: Annotated[str | None, typer.Option(help="What the letter says.")] = None,
    under_id: CommandIdOption = None,
) -> None:
    """Write a letter of referral to a unit or a hospital: what you choose, and what you may tell."""
    from activities.kernel.private_files import write_private
    from cases.support.papers import letter_of
    from schemas.support.letters import WriteLetter

    actor = await session.actor()
    values = {"command_id": under_id or f"cli-{uuid4().hex}", "actor": actor, "unit": unit, "ground": ground}
    made = build(WriteLetter, {**values, "parts": parts or ()})
    row = await find_case(session, case, "support", field="personal", reads="letter")
    said = {"reason": checked_text(reason), "remark": checked_text(remark)}
    # on record before anything is on paper
    await session.decide(row, made, {name: each for name, each in said.items() if each is not None})
    content = await letter_of(await session.pool(), await session.vault(), row, actor, made.cause)
    write_private(to, content.encode())
    session.answer({"case_id": row["case_id"], "file": str(to), "unit": unit}, "letter-written")
