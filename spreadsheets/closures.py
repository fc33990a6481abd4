"""Check a file of closures: days on which calendars are closed, or open at other hours."""

from collections.abc import Collection
from datetime import date, time, timedelta
from pathlib import Path
from typing import Final

from schemas.kernel.calendars import Closure, Span
from schemas.kernel.identifiers import CODE_PATTERN
from spreadsheets.column_words import ColumnWords
from spreadsheets.dates import read_date
from spreadsheets.headers import Column, Form
from spreadsheets.read_row import ReadRow
from spreadsheets.rows import Checked, check_table
from spreadsheets.times import read_time
from spreadsheets.values import choice, key

_WORDS: Final = ColumnWords(Path(__file__).with_name("closures.toml"))
_ALL: Final = ("", "すべて", "全て", "all")
LONGEST: Final = timedelta(days=92)


class ClosureRow(Closure):
    """A closure with its hours as a file has them."""

    opens: time | None = None
    closes: time | None = None

    @property
    def closure(self) -> Closure:
        """As calendars take it."""
        hours = () if self.opens is None else (Span(opens=self.opens, closes=self.closes or time()),)
        return Closure(first=self.first, last=self.last, hours=hours, why=self.why, calendar=self.calendar)


def check_closures_file(path: Path, calendars: Collection[str]) -> Checked[ClosureRow]:
    """Validate a file of closures without changing anything; `calendars` are those of the policies."""
    seen: list[tuple[object, date, date, int]] = []

    def rules(row: ReadRow) -> None:
        first, opens, closes = (row.values.get(name) for name in ("first", "opens", "closes"))
        last = row.values.setdefault("last", first)
        if (opens is None) != (closes is None):
            row.add("hours-half", "opens" if opens is None else "closes")
        elif isinstance(opens, timedelta) and isinstance(closes, timedelta):
            if closes <= opens:
                row.add("hours-reversed", "closes")
            row.values |= {"opens": _clock(opens), "closes": _clock(closes)}
        if isinstance(first, date) and isinstance(last, date):
            if last < first:
                row.add("date-order", "last")
                return
            if last - first > LONGEST:
                row.add("closure-too-long", "last", days=LONGEST.days)
                return
            calendar = row.values.get("calendar")
            others = [n for c, a, z, n in seen if c == calendar and a <= last and first <= z]
            if others:
                row.add("closure-repeated", "first", rows=", ".join(map(str, others[:10])))
            seen.append((calendar, first, last, row.number))

    return check_table(path, ClosureRow, Form(_columns(calendars)), row_rules=rules, repeats=())


def _clock(moment: timedelta) -> time:
    hours, minutes = divmod(round(moment / timedelta(minutes=1)), 60)
    return time(hours % 24, minutes)


def _columns(calendars: Collection[str]) -> tuple[Column, ...]:
    why = key(CODE_PATTERN, "code-invalid")
    known = {name: name for name in calendars} | dict.fromkeys(_ALL)
    readers = {
        "first": read_date,
        "last": read_date,
        "opens": read_time,
        "closes": read_time,
        "calendar": choice(known),
        "why": lambda cell: _WORDS.choices("why").get(str(cell).strip()) or why(cell),
    }
    return _WORDS.columns(readers)
