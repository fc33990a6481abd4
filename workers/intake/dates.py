"""Dates as Japanese offices write them: Gregorian, by era, as digits, or as Excel's day number."""

import re
from datetime import date, datetime, timedelta
from typing import Final
from unicodedata import normalize

from workers.intake.codes import Code, RefusedError

ERAS: Final = {
    # Until 1872 Japan kept a lunisolar calendar, whose days do not convert by adding years.
    "明治": (1868, date(1873, 1, 1), date(1912, 7, 30)),
    # The day of a change belonged to both eras in 1912 and 1926; since then a new era begins the next day.
    "大正": (1912, date(1912, 7, 30), date(1926, 12, 25)),
    "昭和": (1926, date(1926, 12, 25), date(1989, 1, 7)),
    "平成": (1989, date(1989, 1, 8), date(2019, 4, 30)),
    "令和": (2019, date(2019, 5, 1), date.max),
}
"""Era → first year, first and last day (source: the era ordinances of 1868, 1912, 1926, 1989 and 2019)."""

_LETTERS: Final = {"M": "明治", "T": "大正", "S": "昭和", "H": "平成", "R": "令和"}
_MIDNIGHT: Final = re.compile(r"[T ]0?0:00(?::00(?:\.0+)?)?$")
_GREGORIAN: Final = re.compile(r"(\d{4})([-/.年])(\d{1,2})(?:\2|月)(\d{1,2})日?", re.ASCII)
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_ERA: Final = re.compile(
    r"(明治|大正|昭和|平成|令和|[MTSHR])\.?(\d{1,2}|元)[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.ASCII
)
_ERA_COMPACT: Final = re.compile(r"([MTSHR])(\d{2})(\d{2})(\d{2})", re.ASCII)
_SERIAL: Final = re.compile(r"[1-9]\d{4}", re.ASCII)
_KANJI_NUMBER: Final = re.compile(r"[〇零一二三四五六七八九十]+")
_KANJI_DIGITS: Final = str.maketrans("〇零一二三四五六七八九", "00123456789")
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑–—―−", "-"))
_EXCEL_DAY_ZERO: Final = date(1899, 12, 30)


def parse_date(text: str) -> date:
    """Read a date in any of the accepted spellings.

    Raises:
        RefusedError: `date-invalid` when it is none of them or no such day exists, `era-out-of-bounds` when
            the era had not begun or was over on that day (平成32年).
    """
    text = _MIDNIGHT.sub("", normalize("NFKC", text).strip())
    if match := _GREGORIAN.fullmatch(text):
        return _day(int(match[1]), int(match[3]), int(match[4]))
    text = text.translate(_DASHES).replace(" ", "").upper()
    text = _KANJI_NUMBER.sub(_arabic, text)
    if match := _GREGORIAN.fullmatch(text):
        return _day(int(match[1]), int(match[3]), int(match[4]))
    if match := _COMPACT.fullmatch(text):
        return _day(int(match[1]), int(match[2]), int(match[3]))
    if match := _ERA.fullmatch(text) or _ERA_COMPACT.fullmatch(text):
        return _day_of_era(*match.groups())
    if _SERIAL.fullmatch(text):
        return _EXCEL_DAY_ZERO + timedelta(days=int(text))
    raise RefusedError(Code.DATE_INVALID)


def read_date(cell: object) -> date:
    """Read a date from a cell of a text file or a workbook; a time of day is dropped.

    Raises:
        RefusedError: as `parse_date`.
    """
    if isinstance(cell, str):
        return parse_date(cell)
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, int | float) and not isinstance(cell, bool) and cell == cell // 1:
        return parse_date(str(int(cell)))
    raise RefusedError(Code.DATE_INVALID)


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise RefusedError(Code.DATE_INVALID) from None


def _day_of_era(era: str, year: str, month: str, day: str) -> date:
    first_year, first, last = ERAS[_LETTERS.get(era, era)]
    number = 1 if year == "元" else int(year)
    if number == 0:
        raise RefusedError(Code.DATE_INVALID)
    found = _day(first_year + number - 1, int(month), int(day))
    if not first <= found <= last:
        raise RefusedError(Code.ERA_OUT_OF_BOUNDS)
    return found


def _arabic(match: re.Match[str]) -> str:
    text = match[0]
    if "十" not in text:
        return text.translate(_KANJI_DIGITS)
    tens, _, units = text.partition("十")
    number = (tens or "1") + (units or "0")
    return number.translate(_KANJI_DIGITS)
