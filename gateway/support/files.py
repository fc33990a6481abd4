"""The files that support takes, over HTTP."""

from typing import Final

from gateway.door import Door
from gateway.file_doors import file_door
from spreadsheets.intakes import Intake
from spreadsheets.support.intakes import ALERTS, CLOSURES, REGISTER, ROTA


def _door(name: str, intake: Intake, summary: str) -> Door:
    return file_door("support", name, lambda _query: intake, intake.act, summary)


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
