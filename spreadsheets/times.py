"""Times of a day, as offices write them: 9:00, ９：００, 9時30分, 午後3時, 24:00, or as Excel keeps them."""

import re
from datetime import datetime, time, timedelta
from typing import Final
from unicodedata import normalize

from spreadsheets.faults import RefusedError
from spreadsheets.values import Cell

DAY: Final = timedelta(days=1)
_TIME: Final = re.compile(
    r"(?P<half>午前|午後)?(?P<hour>[01]?\d|2[0-4])(?::|時)(?:(?P<minute>[0-5]?\d)(?::[0-5]\d|分)?)?", re.ASCII
)
_BETWEEN: Final = re.compile(r"\s*[-~\u2010-\u2015\u2212\u301cー]\s*|\s*から\s*")
_NEXT_DAY: Final = re.compile(r"^(?:翌日|翌)\s*")
_NOON: Final = 12


def parse_time(text: str) -> timedelta:
    """How long after midnight a time of a day is; 24:00 is the midnight that ends it.

    Raises:
        RefusedError: `time-invalid`.
    """
    match = _TIME.fullmatch(normalize("NFKC", text).strip().removesuffix("まで"))
    if match is None or (match["half"] and int(match["hour"]) > _NOON):
        raise RefusedError("time-invalid")
    hour = int(match["hour"]) % _NOON if match["half"] else int(match["hour"])
    found = timedelta(hours=hour + _NOON * (match["half"] == "午後"), minutes=int(match["minute"] or 0))
    if found > DAY:
        raise RefusedError("time-invalid")
    return found


def read_time(cell: Cell) -> timedelta:
    """Read a time of a day from a cell of a text file or a workbook.

    Raises:
        RefusedError: `time-invalid`.
    """
    match cell:
        case str():
            return parse_time(cell)
        case datetime() | time():
            return timedelta(hours=cell.hour, minutes=cell.minute)
        case timedelta():
            found = cell
        case float() | int() if not isinstance(cell, bool):
            # of Excel's days; what it shows as 24:00 is 1
            found = timedelta(minutes=round(cell * (DAY / timedelta(minutes=1))))
        case _:
            raise RefusedError("time-invalid")
    if not timedelta() <= found <= DAY:
        raise RefusedError("time-invalid")
    return found


def read_span(cell: Cell) -> tuple[timedelta, timedelta]:
    """Read from when to when: 9:00-17:00, 22:00～翌8:00; an end before the beginning is the next day's.

    Raises:
        RefusedError: `time-invalid`.
    """
    if not isinstance(cell, str):
        raise RefusedError("span-invalid")
    ends = _BETWEEN.split(normalize("NFKC", cell).strip())
    if len(ends) != 2:  # noqa: PLR2004 - from and until
        raise RefusedError("span-invalid")
    begins, until = parse_time(ends[0]), parse_time(_NEXT_DAY.sub("", ends[1]))
    return begins, until if until > begins else until + DAY
