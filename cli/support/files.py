"""`iehe support … import`: the files that support takes, each whole or not at all."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli.case_arguments import command
from cli.file_intake import CheckOption, take_file
from cli.session import Session

if TYPE_CHECKING:
    from spreadsheets.intakes import Intake

alerts = typer.Typer(no_args_is_help=True, help="Early alerts of the learning system.")
register = typer.Typer(no_args_is_help=True, help="The register of past counselling.")


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

    await take_file(session, SUPPORT.name, intake, file, said, check=check)
