"""Dates as Japanese offices write them: Gregorian, by era, as digits, or as Excel's day number."""

import re
from datetime import date, datetime, timedelta
from typing import Final
from unicodedata import normalize

from spreadsheets.faults import RefusedError

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
_WEEKDAYS: Final = "月火水木金土日"
_ENGLISH_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# a time of day, as forms and spreadsheets put it behind a date: 10:23:45, 午後3時05分, 10:23:45 午前 GMT+9
_TIME: Final = re.compile(
    r"(?<=[\d日)曜T ])[T ]? *(?P<before>午前|午後)? *"
    r"(?P<hour>[01]?\d|2[0-4])[:時](?:(?P<minute>[0-5]?\d)分?)?"
    r"(?::?(?P<second>[0-5]\d)(?:\.\d+)?秒?)?"
    r" *(?P<after>午前|午後|[AaPp][Mm])?"
    r" *(?P<zone>Z|UTC|JST|(?:GMT|UTC)?[+-]\d{1,2}(?::?\d{2})?)?$",
    re.ASCII,
)
_WEEKDAY: Final = re.compile(
    r" *(?:\((?P<one>[月火水木金土日])(?:曜日?)?\)|(?P<two>[月火水木金土日])曜日?"
    r"|\(?(?P<english>mon|tue|wed|thu|fri|sat|sun)[a-z]*\)?)$",
    re.IGNORECASE,
)
_TOKYO: Final = timedelta(hours=9)
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
_FIVE_DIGITS: Final = (10_000, 100_000)
_EXCEL_DAY_ZERO: Final = date(1899, 12, 30)


def parse_date(text: str) -> date:
    """Read a date in any of the accepted spellings, a weekday and a time of day behind it.

    A time that names its zone is converted to Japan's, and the date with it.

    Raises:
        RefusedError: `date-invalid` when it is none of them or no such day exists, `era-out-of-bounds` when
            the era had not begun or was over on that day (平成32年), `weekday-mismatch` when another weekday
            is given.
    """
    text = normalize("NFKC", text).strip()
    later = timedelta()
    if match := _TIME.search(text):
        text, later = text[: match.start()].rstrip(), _of_the_day(match)
    weekday = None
    if match := _WEEKDAY.search(text):
        text, weekday = text[: match.start()], _weekday(match)
    day = _plain_date(text)
    if weekday is not None and day.weekday() != weekday:
        raise RefusedError("weekday-mismatch")
    return day + timedelta(days=later // timedelta(days=1))


def _plain_date(text: str) -> date:
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
    raise RefusedError("date-invalid")


def _of_the_day(match: re.Match[str]) -> timedelta:
    """How long after the date's midnight in Japan the time is; less than nothing on the day before."""
    hour, half = int(match["hour"]), (match["before"] or match["after"] or "").upper()
    if half in ("午後", "PM") and hour < 12:  # noqa: PLR2004 - noon
        hour += 12
    time = timedelta(hours=hour, minutes=int(match["minute"] or 0), seconds=int(match["second"] or 0))
    if time == timedelta(days=1):
        return timedelta()  # 24:00 belongs to the day that it ends
    zone = (match["zone"] or "JST").removeprefix("GMT").removeprefix("UTC")
    if zone == "JST":
        return time
    digits = zone.strip("Z+-").replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "")  # noqa: PLR2004
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return time - (-offset if zone.startswith("-") else offset) + _TOKYO


def _weekday(match: re.Match[str]) -> int:
    if english := match["english"]:
        return _ENGLISH_WEEKDAYS.index(english[:3].lower())
    return _WEEKDAYS.index(match["one"] or match["two"])


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
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        raise RefusedError("date-invalid")
    # Excel's day number may carry a time of day behind the point
    if cell == cell // 1 or (_FIVE_DIGITS[0] <= cell < _FIVE_DIGITS[1]):
        return parse_date(str(int(cell)))
    raise RefusedError("date-invalid")


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise RefusedError("date-invalid") from None


def _day_of_era(era: str, year: str, month: str, day: str) -> date:
    first_year, first, last = ERAS[_LETTERS.get(era, era)]
    number = 1 if year == "元" else int(year)
    if number == 0:
        raise RefusedError("date-invalid")
    found = _day(first_year + number - 1, int(month), int(day))
    if not first <= found <= last:
        raise RefusedError("era-out-of-bounds")
    return found


def _arabic(match: re.Match[str]) -> str:
    text = match[0]
    if "十" not in text:
        return text.translate(_KANJI_DIGITS)
    tens, _, units = text.partition("十")
    number = (tens or "1") + (units or "0")
    return number.translate(_KANJI_DIGITS)
