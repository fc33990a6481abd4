"""`iehe support rota import`: the rota of some weeks, from the file in which it was agreed (E10, E14)."""

import asyncio
from pathlib import Path

from cli import faults
from cli.case_arguments import command
from cli.session import CommandError, Session
from cli.support.closures import CheckOption


@command
async def import_rota(session: Session, file: Path, *, check: CheckOption = False) -> None:
    """Plan the shifts of a CSV or XLSX file, nothing of a faulty one; what is planned already stays."""
    from activities.support.rota import SQL
    from cases.administration import note
    from spreadsheets.support.rota import Shift, check_rota_file
    from workflows.support.process import SUPPORT

    actor = await session.administer("change-rota", SUPPORT.name)
    officers = {row["staff_id"]: row["reached"] for row in await session.fetch("support/rota:officers")}
    planned = {
        Shift(row["place"], row["staff_id"], row["begins_at"], row["ends_at"])
        for row in await session.fetch("support/rota:planned")
    }
    checked = await asyncio.to_thread(check_rota_file, file, officers, planned)
    if not session.as_json:
        faults.show(checked.faults, None)
    if errors := len(checked.errors):
        found = {"faults": faults.as_json(checked.faults)}
        raise CommandError("file-faulty", found, file=file.name, errors=errors)
    shifts = [shift for row in checked.rows for shift in row.data.shifts]
    new = [shift for shift in shifts if shift not in planned]
    told = {"new": len(new), "same": len(shifts) - len(new)}
    if check:
        session.answer(told, "rota-fits", new=len(new))
        return
    async with session.transaction() as connection:
        for shift in new:
            await connection.fetchval(SQL["plan"], *shift, actor.id)
        if new:
            await note(connection, actor.id, "import-rota", file.name, new=len(new))
    session.answer(told, "rota-planned", new=len(new))
