"""`iehe support extract` and `letter`: what of a case leaves the office on paper, each noted and logged."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
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
    from activities.support.extract import extract as extracted
    from cases.administration import note
    from cases.page import read_page
    from cases.texts import texts_of
    from schemas.kernel.refusals import Refusal

    actor = await session.administer("extract", "support-case")
    row = await find_case(session, case, "support", field="personal", reads="extract")
    case_id, pool = row["case_id"], await session.pool()
    found = await session.fetch("support/support:answered", case_id)
    if not found:
        raise Refusal("access-unanswered")
    (answer,) = found
    if answer["waits"]:
        raise Refusal("access-waits", until=f"{answer['open_from'].astimezone():%Y-%m-%d %H:%M}")
    page, own = await read_page(pool, row, actor)
    words = await texts_of(pool, await session.vault(), case_id)
    content = extracted(page | own, answer, words, await _names(session, case_id, words)).encode()
    async with session.transaction() as connection:
        await note(connection, actor.id, "extract", case_id, sha256=sha256(content).hexdigest())
    write_private(to, content)
    session.answer({"case_id": case_id, "file": str(to), "parts": answer["parts"]}, "extract-written")


async def _names(session: Session, case_id: str, words: list[dict[str, Any]]) -> set[str]:
    """Of everybody but the student whose name the system knows: who has referred, and the staff."""
    (of_referrer,) = await session.fetch("support/support:names_of_referrer", case_id)
    said = {each["text_id"]: each["body"] for each in words}
    names = {said.get(of_referrer[name]) for name in ("referrer_name", "referrer_email")}
    staff = await session.fetch("support/support:names_of_staff")
    return {name for name in names if name} | {each for row in staff for each in row.values()}


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
    from activities.support.letter import letter as written
    from cases.page import read_page
    from cases.texts import texts_of
    from schemas.kernel.schedules import local_day
    from schemas.support.letters import LetterPart, WriteLetter

    actor = await session.actor()
    values = {"command_id": under_id or f"cli-{uuid4().hex}", "actor": actor, "unit": unit, "ground": ground}
    made = build(WriteLetter, {**values, "parts": parts or ()})
    row = await find_case(session, case, "support", field="personal", reads="letter")
    case_id, pool = row["case_id"], await session.pool()
    said = {"reason": checked_text(reason), "remark": checked_text(remark)}
    # on record before anything is on paper
    await session.decide(row, made, {name: each for name, each in said.items() if each is not None})
    (about,) = await session.fetch("support/support:person_text", case_id)
    (decided,) = await session.fetch("support/support:letter", case_id, made.cause)
    words = {
        str(each["text_id"]): each["body"] for each in await texts_of(pool, await session.vault(), case_id)
    }
    page, own = await read_page(pool, row, actor)
    content = written(
        page | own,
        decided["receiver"],
        [LetterPart(each) for each in json.loads(decided["parts"])],
        person=words.get(str(about["person_text"])),
        words=words.get(decided["remark"]),
        today=local_day(datetime.now(UTC)),
    )
    write_private(to, content.encode())
    session.answer({"case_id": case_id, "file": str(to), "unit": unit}, "letter-written")
