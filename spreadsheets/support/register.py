"""Check a register of past counselling (相談台帳): one concern a row, ended or not."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

from schemas.kernel.people import STAFF_ID_PATTERN
from schemas.support.register import RegisterRow
from schemas.support.stages import Unit
from spreadsheets.column_words import ColumnWords
from spreadsheets.dates import read_date
from spreadsheets.faults import RefusedError
from spreadsheets.headers import Form
from spreadsheets.read_row import ReadRow
from spreadsheets.repeats import Repeat
from spreadsheets.rows import Checked, check_table
from spreadsheets.values import Cell, choice, key, line, parts, prose


def check_register_file(path: Path, staff: Mapping[str, str], today: date) -> Checked[RegisterRow]:
    """Validate a register without changing anything.

    Args:
        path: a CSV or XLSX file.
        staff: the members of staff, each with the name.
        today: no day of a register is later.
    """
    known = {_spelled(name): staff_id for staff_id, name in staff.items()} | {each: each for each in staff}

    def rules(row: ReadRow) -> None:
        days = {name: row.values.get(name) for name in ("received", "ended", "left")}
        for name, day in days.items():
            if isinstance(day, date) and day > today:
                row.add("date-in-future", name)
        received, ended = days["received"], days["ended"]
        if isinstance(received, date) and isinstance(ended, date) and ended < received:
            row.add("date-order", "ended")
        owner = row.values.get("owner")
        if isinstance(owner, str) and (found := known.get(_spelled(owner), known.get(owner))) is not None:
            row.values["owner"] = found
        concerned = row.values.get("concerned")
        if isinstance(concerned, tuple) and not staff.keys() >= set(concerned):
            row.add("staff-unknown", "concerned")

    same = Repeat("concern-repeated", "person", lambda row: _what(row.values))
    return check_table(path, RegisterRow, Form(REGISTER_COLUMNS), row_rules=rules, repeats=(same,))


def _spelled(name: str) -> str:
    return "".join(name.split())


def _what(values: Mapping[str, object]) -> tuple[object, ...] | None:
    named = tuple(values.get(name) for name in ("person", "received", "kind"))
    return None if None in named else named


_staff_id = key(STAFF_ID_PATTERN, "code-invalid")
MOST_CONCERNED: Final = 20


def _staff_ids(cell: Cell) -> tuple[str, ...]:
    found = tuple(str(_staff_id(each)) for each in parts(cell, comma=True))
    if len(found) > MOST_CONCERNED:
        raise RefusedError("text-too-long", limit=MOST_CONCERNED)
    return found


_WORDS: Final = ColumnWords(Path(__file__).with_name("register.toml"))
REGISTER_COLUMNS: Final = _WORDS.columns(
    {
        "received": read_date,
        "person": key(r"[A-Za-z0-9][A-Za-z0-9.-]{2,63}", "code-invalid"),
        "name": line(200),
        "unit": choice({spelling: Unit(value) for spelling, value in _WORDS.choices("unit").items()}),
        "kind": line(100),
        "owner": line(100),
        "outcome": line(200),
        "ended": read_date,
        "note": prose(3000),
        "left": read_date,
        "concerned": _staff_ids,
    }
)
