"""`iehe support register import`: the register of past counselling that the office kept before (相談台帳)."""

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from hashlib import sha256
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
    from schemas.kernel.policies import PolicyRef
    from spreadsheets.rows import Checked
    from spreadsheets.support.register import RegisterRow

register = typer.Typer(no_args_is_help=True, help="The register of past counselling.")

SOURCE: Final = "file:register"
SQL: Final = queries("support/register")


@register.command("import")
@command
async def import_register(session: Session, file: Path, *, check: CheckOption = False) -> None:
    """Store the ended concerns of a register and refer the open ones; nothing of a faulty file or twice."""
    from activities.kernel.acting import THE_HOST, acting_for
    from cases.administration import note
    from schemas.kernel.policies import PolicyRef
    from schemas.kernel.refusals import Refusal
    from schemas.kernel.schedules import local_day
    from spreadsheets.support.register import check_register_file
    from workflows.support.process import SUPPORT

    actor = await session.administer("import-register", SUPPORT.name)
    staff = {row["staff_id"]: row["name"] for row in await session.fetch("support/register:staff")}
    checked = await asyncio.to_thread(check_register_file, file, staff, local_day(datetime.now(UTC)))
    await _show(session, file, checked)
    rows = [row.data for row in checked.rows]
    if check:
        told = {"rows": len(rows), "open": sum(row.ended is None for row in rows)}
        session.answer(told, "register-fits")
        return
    marks = await session.vault()
    told = {"kept": 0, "referred": 0, "same": 0}
    # whoever brings the file need not see what is in it
    with acting_for(THE_HOST):
        async with session.transaction() as connection:
            policy = await connection.fetchrow(SQL["policy"])
            if policy is None:
                raise Refusal("policy-unknown", policy=SUPPORT.name)
            for row in rows:
                told[await _take(connection, marks, PolicyRef(**policy), row, staff)] += 1
            if told["kept"] or told["referred"]:
                await note(connection, actor.id, "import-register", file.name, **told)
    session.answer(told, "register-kept")


async def _show(session: Session, file: Path, checked: "Checked[RegisterRow]") -> None:
    """The faults, and the copy that goes back to the office with them.

    Raises:
        CommandError: there is one that keeps the file out.
    """
    from spreadsheets.annotate import write_annotated

    copy = None
    if checked.faults:
        try:
            copy = await asyncio.to_thread(write_annotated, file, checked)
        except OSError as error:
            print(f"annotated copy not written / 確認結果を保存できません: {error.strerror}", file=sys.stderr)
    if not session.as_json:
        faults.show(checked.faults, copy)
    if errors := len(checked.errors):
        found = {"faults": faults.as_json(checked.faults), "annotated": str(copy) if copy else None}
        refused = CommandError("file-faulty", found, file=file.name, errors=errors)
        raise refused.also("see-annotated-copy", copy=copy) if copy else refused


async def _take(
    connection: Any, marks: "Marks", policy_ref: "PolicyRef", row: "RegisterRow", staff: Mapping[str, str]
) -> str:
    """One row, in a transaction of the caller's: `kept`, `referred`, or the `same` as before."""
    from activities.support.register import taken_over
    from cases import facts
    from cases.apart import keep, keyed, person_key
    from workflows.support.process import SUPPORT

    person = person_key(marks, SUPPORT.room, row.person)
    own = sha256(f"{person}|{row.received}|{row.kind}".encode()).hexdigest()[:32]
    subject = keyed(marks, SUPPORT.room, SOURCE, own)
    case = {"process": SUPPORT.name, "case_id": SUPPORT.case_id(subject)}
    if await connection.fetch(SQL["known"], [case["case_id"]]):
        return "same"
    stored, words = facts.apart(marks, case, _envelope(own, row, staff))
    if row.ended is None:
        await facts.enter(connection, case, stored)
    else:
        owner = row.owner if row.owner in staff else None
        written = taken_over(
            case["case_id"],
            stored.cause,
            policy_ref,
            (_morning(row.received), _morning(row.ended)),
            (row.unit, owner, row.concerned),
        )
        await connection.execute(SQL["take_over"], subject, json.dumps(stored.data), row.left, *written)
    await keep(connection, marks, words)
    return "referred" if row.ended is None else "kept"


def _envelope(own: str, row: "RegisterRow", staff: Mapping[str, str]) -> "EventEnvelope":
    from schemas.kernel.case import EventEnvelope
    from schemas.kernel.identifiers import event_type
    from schemas.support.referral import Referral
    from schemas.support.stages import Way
    from workflows.support.process import SUPPORT

    referral = Referral(
        way=Way.REGISTER,
        person=row.person,
        unit=row.unit,
        words="\n".join(_words(row, staff)),
        received_on=row.received,
        concerned=row.concerned,
    )
    return EventEnvelope(
        id=own,
        source=SOURCE,
        type=event_type(SUPPORT.name, "referral-received"),
        received_at=datetime.now(UTC),
        data=referral.model_dump(mode="json", exclude_defaults=True),
    )


def _words(row: "RegisterRow", staff: Mapping[str, str]) -> Iterator[str]:
    """What says whom it was about, of what kind it was and how it ended is personal: it is words."""
    # a counsellor of those days who is not on the staff any more is nobody's id
    counsellor = row.owner if row.owner not in staff else None
    said = (
        ("氏名 / name", row.name),
        ("種別 / kind", row.kind),
        ("担当者 / counsellor", counsellor),
        ("結果 / outcome", row.outcome),
    )
    yield from (f"{title}: {each}" for title, each in said if each)
    if row.note:
        yield row.note


def _morning(day: date) -> datetime:
    from schemas.kernel.japan import TOKYO

    return datetime.combine(day, time(), TOKYO)
