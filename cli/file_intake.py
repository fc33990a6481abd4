"""A command that takes a file of a process: checked whole, and taken whole or not at all."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import faults
from cli.session import CommandError, Session

if TYPE_CHECKING:
    from pathlib import Path

    from spreadsheets.intakes import Intake
    from spreadsheets.rows import Checked

CheckOption = Annotated[bool, typer.Option("--check", help="Only check the file; nothing is changed.")]


async def take_file(
    session: Session, process: str, intake: Intake, file: Path, said: str, *, check: bool
) -> None:
    """Check a file and take it, or with `check` count what it would do; a faulty one comes back annotated."""
    actor, pool = await session.administer(intake.act, process), await session.pool()
    checked = await intake.check(pool, file)
    copy = await annotated_copy(file, checked) if checked.faults else None
    if not session.as_json:
        faults.show(checked.faults, copy)
    if errors := len(checked.errors):
        found = {"faults": faults.as_json(checked.faults), "annotated": str(copy) if copy else None}
        refused = CommandError("file-faulty", found, file=file.name, errors=errors)
        raise refused.also("see-annotated-copy", copy=copy) if copy else refused
    if check:
        session.answer(await intake.would(pool, checked), said)
        return
    session.answer(await intake.take(pool, await session.vault(), actor, checked, file.name), said)


async def annotated_copy(file: Path, checked: Checked[Any]) -> Path | None:
    """The copy that goes back to the office with the faults, where it can be written."""
    from spreadsheets.annotate import write_annotated

    try:
        return await asyncio.to_thread(write_annotated, file, checked)
    except OSError as error:
        print(f"annotated copy not written / 確認結果を保存できません: {error.strerror}", file=sys.stderr)
        return None
