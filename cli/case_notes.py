"""`iehe case note|notes`: what the office notes on a case beside its process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID, uuid4

import typer

from cli.case_arguments import CaseArgument, acting, find_case
from cli.session import CommandError, Session, local, print_json
from cli.tables import print_rows
from cli.typed import checked_text

if TYPE_CHECKING:
    from collections.abc import Mapping


@acting
async def note(
    session: Session,
    case: CaseArgument,
    words: Annotated[
        str,
        typer.Argument(
            metavar="WORDS", help="What it says, or why it is withdrawn; - reads what is piped in."
        ),
    ],
    *,
    correct: Annotated[
        str | None, typer.Option(metavar="NOTE", help="The note of yours that is corrected, by its id.")
    ] = None,
    withdraw: Annotated[
        str | None, typer.Option(metavar="NOTE", help="The note that is withdrawn, by its id.")
    ] = None,
    version: Annotated[int | None, typer.Option(help="Only if the note still has the one you saw.")] = None,
    command_id: Annotated[str | None, typer.Option(help="The same one again writes nothing more.")] = None,
) -> None:
    """Note something on a case, correct a note of yours, or withdraw one; earlier versions stay."""
    from dataclasses import asdict

    from cases.notes import Said, write_note

    actor, text = await session.actor(), checked_text(words)
    if text is None:
        raise CommandError("note-empty")
    if correct is not None and withdraw is not None:
        raise CommandError("correct-or-withdraw")
    row = await find_case(session, case, field="work")
    of = _note_id(correct or withdraw)
    key = command_id or f"cli-{uuid4().hex}"
    said = Said(key, text, of, withdraws=withdraw is not None, seen=version)
    written = await write_note(await session.pool(), row, actor, said, await session.vault())
    session.answer({**asdict(written), "command_id": key}, "note-kept")


@acting
async def notes(
    session: Session,
    case: CaseArgument,
    *,
    history: Annotated[bool, typer.Option("--history", help="With every version of each.")] = False,
) -> None:
    """List the notes of a case in the order in which they were written, for who sees its work."""
    from cases.notes import notes_of

    row = await find_case(session, case, field="work", reads="notes")
    found = await notes_of(await session.pool(), await session.vault(), row["case_id"])
    told = {"case_id": row["case_id"], "notes": found}
    if session.as_json:
        print_json(told)
        return
    if history:
        versions = [{"note_id": each["note_id"], **one} for each in found for one in each["versions"]]
        columns = (("note", "note_id"), ("version", "version"), ("act", "act"), ("by", "by"), ("at", "at"))
        print_rows(session, versions, (*columns, ("text", "body")), told)
        return
    print_rows(session, found, NOTES, told)


def says(note: Mapping[str, Any]) -> str:
    """What a note says now, or that it was withdrawn, by whom, when and why."""
    from cli.japanese import word

    if not note["withdrawn"]:
        return note["body"] or "-"
    last = note["versions"][-1]
    return f"({word('withdrawn')}: {last['by']}, {local(last['at'])}: {note['reason'] or '-'})"


NOTES = (("by", "author"), ("at", "written_at"), ("text", says), ("version", "version"), ("note", "note_id"))


def _note_id(text: str | None) -> UUID | None:
    from schemas.kernel.refusals import Refusal

    try:
        return None if text is None else UUID(text)
    except ValueError:
        raise Refusal("no-such-note") from None
