"""`iehe support alerts import`: absences that the learning system has counted, one alert for each row."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from activities.kernel.queries import queries
from cli import faults
from cli.case_arguments import command
from cli.session import CommandError, Session
from cli.support.closures import CheckOption

if TYPE_CHECKING:
    from cases.apart import Marks
    from schemas.kernel.case import EventEnvelope
    from spreadsheets.support.alerts import AlertRow

alerts = typer.Typer(no_args_is_help=True, help="Early alerts of the learning system.")

SOURCE: Final = "file:early-alerts"
SQL: Final = queries("support/alerts")


@alerts.command("import")
@command
async def import_alerts(session: Session, file: Path, *, check: CheckOption = False) -> None:
    """Tell the open case of each student of a file, or refer them; nothing of a faulty file or twice."""
    from activities.kernel.acting import THE_HOST, acting_for
    from cases.administration import note
    from spreadsheets.support.alerts import check_alerts_file
    from workflows.support.process import SUPPORT

    actor = await session.administer("import-alerts", SUPPORT.name)
    checked = await asyncio.to_thread(check_alerts_file, file)
    if not session.as_json:
        faults.show(checked.faults, None)
    if errors := len(checked.errors):
        found = {"faults": faults.as_json(checked.faults)}
        raise CommandError("file-faulty", found, file=file.name, errors=errors)
    if check:
        session.answer({"rows": checked.total}, "alerts-fit", rows=checked.total)
        return
    rows = sorted((row.data for row in checked.rows), key=lambda row: (row.person, row.course))
    marks, told = await session.vault(), {"referred": 0, "told": 0, "same": 0}
    # whoever brings the file sees nothing of the cases that it reaches
    with acting_for(THE_HOST):
        async with session.transaction() as connection:
            for person, theirs in groupby(rows, key=lambda row: row.person):
                for name, count in (await _tell(connection, marks, person, list(theirs))).items():
                    told[name] += count
            if told["referred"] or told["told"]:
                await note(connection, actor.id, "import-alerts", file.name, **told)
    session.answer(told, "alerts-told")


async def _tell(connection: Any, marks: "Marks", person: str, rows: Sequence["AlertRow"]) -> dict[str, int]:
    """All of one student, in a transaction of the caller's: what was not told yet."""
    from cases import facts
    from cases.apart import keep, keyed, person_key
    from workflows.support.process import SUPPORT

    key = person_key(marks, SUPPORT.room, person)
    by_id = {_id(key, row): row for row in rows}
    known = {row["id"] for row in await connection.fetch(SQL["known"], SOURCE, list(by_id))}
    new = {each: row for each, row in by_id.items() if each not in known}
    if not new:
        return {"same": len(known)}
    case_id = await connection.fetchval(SQL["open_case"], key)
    refers = case_id is None
    if refers:
        case_id = SUPPORT.case_id(keyed(marks, SUPPORT.room, SOURCE, next(iter(new))))
    case = {"process": SUPPORT.name, "case_id": case_id}
    for envelope in _envelopes(person, new, refers=refers):
        stored, words = facts.apart(marks, case, envelope)
        await facts.enter(connection, case, stored)
        await keep(connection, marks, words)
    return {"referred": int(refers), "told": len(new) - refers, "same": len(known)}


def _id(key: str, row: "AlertRow") -> str:
    """The same row has the same id, which tells of nobody."""
    return f"alert-{sha256(f'{key}|{row.course}|{row.absences}'.encode()).hexdigest()[:32]}"


def _envelopes(person: str, rows: dict[str, "AlertRow"], *, refers: bool) -> Iterator["EventEnvelope"]:
    from schemas.kernel.case import EventEnvelope
    from schemas.kernel.identifiers import event_type
    from workflows.support.process import SUPPORT

    for number, (alert, row) in enumerate(rows.items()):
        first = refers and number == 0
        words = (
            f"科目 {row.course} の欠席が {row.absences} 回 / absent {row.absences} times from {row.course}"
        )
        data = (
            {"way": "early-alert", "person": person, "words": words}
            if first
            else {"course": row.course, "code": f"absences-{row.absences}"}
        )
        yield EventEnvelope(
            id=alert,
            source=SOURCE,
            type=event_type(SUPPORT.name, "referral-received" if first else "early-alert"),
            received_at=datetime.now(UTC),
            data=data,
        )
