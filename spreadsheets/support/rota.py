"""Check a file of the rota of duty: who is first and second, when (E10, E14)."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict

from schemas.kernel.japan import TOKYO
from schemas.kernel.people import STAFF_ID_PATTERN
from spreadsheets.column_words import ColumnWords
from spreadsheets.dates import read_date
from spreadsheets.headers import Form
from spreadsheets.read_row import ReadRow
from spreadsheets.rows import Checked, check_table
from spreadsheets.times import read_span
from spreadsheets.values import key

PLACES: Final = ("first", "second")


class Shift(NamedTuple):
    """Somebody on duty in a place."""

    place: str
    staff_id: str
    begins: datetime
    ends: datetime

    def meets(self, other: "Shift") -> bool:
        """Whether both are at some time, in one place or by one person."""
        one = self.place == other.place or self.staff_id == other.staff_id
        return one and self.begins < other.ends and other.begins < self.ends


class RotaRow(BaseModel):
    """Who is on duty from when to when; an end after 24 h is the next day's."""

    model_config = ConfigDict(frozen=True)

    day: date
    span: tuple[timedelta, timedelta]
    first: str
    second: str | None = None

    @property
    def shifts(self) -> Iterator[Shift]:
        """A shift for each place that is filled."""
        midnight = datetime.combine(self.day, time(), TOKYO)
        for place in PLACES:
            if (who := getattr(self, place)) is not None:
                yield Shift(place, who, midnight + self.span[0], midnight + self.span[1])


def check_rota_file(path: Path, officers: Mapping[str, bool], planned: Collection[Shift]) -> Checked[RotaRow]:
    """Validate a file of the rota without changing anything.

    Args:
        path: a CSV or XLSX file.
        officers: the active duty officers, each with whether two tested channels reach them.
        planned: the shifts that are planned already; the same one again is no fault.
    """
    seen: list[tuple[Shift, int]] = []

    def rules(row: ReadRow) -> None:
        for place in PLACES:
            who = row.values.get(place)
            if isinstance(who, str) and not officers.get(who, False):
                row.add("person-not-reachable" if who in officers else "person-unknown", place)
        if row.values.get("first") is not None and row.values.get("first") == row.values.get("second"):
            row.add("same-person-twice", "second")
        if not row.good:
            return
        shifts = list(RotaRow.model_validate(row.values).shifts)
        others = sorted({number for each in shifts for other, number in seen if each.meets(other)})
        if others:
            row.add("shift-repeated", "span", rows=", ".join(map(str, others[:10])))
        if any(each.meets(other) and each != other for each in shifts for other in planned):
            row.add("shift-taken", "span")
        seen.extend((each, row.number) for each in shifts)

    return check_table(path, RotaRow, Form(ROTA_COLUMNS), row_rules=rules, repeats=())


_staff_id = key(STAFF_ID_PATTERN, "code-invalid")
ROTA_COLUMNS: Final = ColumnWords(Path(__file__).with_name("columns.toml")).columns(
    {"day": read_date, "span": read_span, "first": _staff_id, "second": _staff_id}
)
