"""`iehe support … import`: the files that support takes, each whole or not at all."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import faults
from cli.case_arguments import command
from cli.session import CommandError, Session

if TYPE_CHECKING:
    from spreadsheets.support.intakes import Intake

alerts = typer.Typer(no_args_is_help=True, help="Early alerts of the learning system.")
CheckOption = Annotated[bool, typer.Option("--check", help="Only check the file; nothing is changed.")]


@alerts.command("import")
@command
async def import_alerts(session: Session, file: Path, *, check: CheckOption = False) -> None:
    """Tell the open case of each student of a file, or refer them; nothing of a faulty file or twice."""
    from spreadsheets.support.intakes import ALERTS

    await _import(session, ALERTS, file, "alerts-fit" if check else "alerts-told", check=check)


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
    if not session.as_json:
        faults.show(checked.faults, None)
    if errors := len(checked.errors):
        found = {"faults": faults.as_json(checked.faults)}
        raise CommandError("file-faulty", found, file=file.name, errors=errors)
    if check:
        session.answer(await intake.would(pool, checked), said)
        return
    session.answer(await intake.take(pool, await session.vault(), actor.id, checked, file.name), said)
