"""The files that support takes, over HTTP: each is checked whole, and taken whole or not at all."""

from http import HTTPStatus
from typing import Final

from gateway.door import Asked, Door
from gateway.operation import Operation
from gateway.problems import Fault, invalid
from gateway.responses import Answer, FaultTold
from gateway.support.queries import FileQuery
from spreadsheets.faults import Fault as FileFault
from spreadsheets.headers import letter
from spreadsheets.support.intakes import ALERTS, CLOSURES, REGISTER, ROTA, Intake

SUBJECT: Final = "http"
"""What the log calls a file that came here: it has no name."""


class FileTaken(Answer):
    """What a file has done, or with `check` would do; `warnings`: what keeps nothing out."""

    checked_only: bool
    counts: dict[str, int]
    warnings: tuple[FaultTold, ...]


def _at(fault: FileFault) -> Fault:
    """By row and column as a spreadsheet names them, `row:12:C`; of the whole file nothing."""
    place = [] if fault.row is None else ["row", str(fault.row)]
    if place and fault.position is not None:
        place.append(letter(fault.position))
    return Fault(":".join(place), fault.code)


def _door(name: str, intake: Intake, summary: str) -> Door:
    async def take(asked: Asked) -> FileTaken:
        assert asked.file is not None  # noqa: S101 - its operation has one
        checked = await intake.check(asked.pool, asked.file)
        if checked.errors:
            raise invalid(_at(fault) for fault in checked.errors)
        check = asked.query.check
        counts = (
            await intake.would(asked.pool, checked)
            if check
            else await intake.take(asked.pool, asked.gateway.vault, asked.actor.id, checked, SUBJECT)
        )
        warnings = tuple(FaultTold(at=each.at, code=each.code) for each in map(_at, checked.faults))
        return FileTaken(checked_only=check, counts=counts, warnings=warnings)

    operation = Operation(
        "POST",
        f"/support/{name}/file",
        f"import-support-{name}",
        summary,
        file=True,
        query=FileQuery,
        responses={HTTPStatus.OK: FileTaken},
    )
    return Door(operation, take, act=intake.act)


DOORS: Final = (
    _door(
        "alerts",
        ALERTS,
        "Tell the open case of each student of a CSV or XLSX file, or refer them; nothing twice.",
    ),
    _door("rota", ROTA, "Plan the shifts of a CSV or XLSX file; what is planned already stays."),
    _door(
        "register",
        REGISTER,
        "Keep the ended concerns of a register of past counselling, and refer the open ones; nothing twice.",
    ),
    _door("closures", CLOSURES, "Note the closures of a CSV or XLSX file; every running case counts again."),
)
