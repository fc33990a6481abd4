"""`iehe support … import`: the files that support takes, each whole or not at all."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import faults
from cli.case_arguments import command
from cli.session import CommandError, Session

if TYPE_CHECKING:
    from spreadsheets.rows import Checked
    from spreadsheets.support.intakes import Intake

alerts = typer.Typer(no_args_is_help=True, help="Early alerts of the learning system.")
register = typer.Typer(no_args_is_help=True, help="The register of past counselling.")
CheckOption = Annotated[bool, typer.Option("--check", help="Only check the file; nothing is changed.")]


@alerts.command("import")
@command
async def import_alerts(session: Session, file: Path, *, check: CheckOption = False) -> None:
    """Tell the open case of each student of a file, or refer them; nothing of a faulty file or twice."""
    from spreadsheets.support.intakes import ALERTS

    await _import(session, ALERTS, file, "alerts-fit" if check else "alerts-told", check=check)


@register.command("import")
@command
async def import_register(session: Session, file: Path, *, check: CheckOption = False) -> None:
    """Store the ended concerns of a register and refer the open ones; nothing of a faulty file or twice."""
    from spreadsheets.support.intakes import REGISTER

    await _import(session, REGISTER, file, "register-fits" if check else "register-kept", check=check)


@command
async def import_closures(session: Session, file: Path, *, check: CheckOption = False) -> None:
    """Note the closures of a CSV or XLSX file, nothing of a faulty one; every running case counts again."""
    from spreadsheets.support.intakes import CLOSURES

    await _import(session, CLOSURES, file, "closures-fit" if check else "closures-noted", check=check)


@command
async def import_rota(session: Session, file: Path, *, check: CheckOption = False) -> None:
    """Plan the shifts of a CSV or XLSX file, nothing of a faulty one; what is planned already stays."""
    from spreadsheets.support.intakes import ROTA

    await _import(session, ROTA, file, "rota-fits" if check else "rota-planned", check=check)


async def _import(session: Session, intake: "Intake", file: Path, said: str, *, check: bool) -> None:
    from workflows.support.process import SUPPORT

    actor, pool = await session.administer(intake.act, SUPPORT.name), await session.pool()
    checked = await intake.check(pool, file)
    copy = await _copy(file, checked) if checked.faults else None
    if not session.as_json:
        faults.show(checked.faults, copy)
    if errors := len(checked.errors):
        found = {"faults": faults.as_json(checked.faults), "annotated": str(copy) if copy else None}
        refused = CommandError("file-faulty", found, file=file.name, errors=errors)
        raise refused.also("see-annotated-copy", copy=copy) if copy else refused
    if check:
        session.answer(await intake.would(pool, checked), said)
        return
    session.answer(await intake.take(pool, await session.vault(), actor.id, checked, file.name), said)


async def _copy(file: Path, checked: "Checked[Any]") -> Path | None:
    """The copy that goes back to the office with the faults, where it can be written."""
    from spreadsheets.annotate import write_annotated

    try:
        return await asyncio.to_thread(write_annotated, file, checked)
    except OSError as error:
        print(f"annotated copy not written / 確認結果を保存できません: {error.strerror}", file=sys.stderr)
        return None
