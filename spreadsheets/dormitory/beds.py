"""Check a house's list of beds: edited by hand, refused whole, with its faults by row."""

from pathlib import Path
from typing import Final

from schemas.dormitory.beds import BedRow
from spreadsheets.column_words import ColumnWords
from spreadsheets.dates import read_date
from spreadsheets.headers import Form
from spreadsheets.read_row import ReadRow
from spreadsheets.rows import Checked, check_table
from spreadsheets.values import Cell, as_text, choice, key

_WORDS: Final = ColumnWords(Path(__file__).with_name("columns.toml"))
_name = key(r"[A-Z0-9][A-Z0-9-]{0,15}", "code-invalid", fold=str.upper)
_house = key(r"[a-z][a-z0-9]{1,11}", "code-invalid", fold=str.lower)


def check_beds_file(path: Path) -> Checked[BedRow]:
    """Validate a list without changing anything."""
    seen: dict[tuple[object, object], list[tuple[BedRow, int]]] = {}

    def rules(row: ReadRow) -> None:
        first, until = row.values.get("first"), row.values.get("until")
        if (first is None) != (until is None) or (row.values.get("lived_in") and first is None):
            row.add("days-incomplete", "first")
        if not row.good:
            return
        read = BedRow.model_validate(row.values)
        if read.first is not None and read.until is not None and read.until <= read.first:
            row.add("days-out-of-order", "until")
            return
        others = seen.setdefault((read.house, read.bed), [])
        same = read.room, read.kind, read.group
        if differ := [number for each, number in others if (each.room, each.kind, each.group) != same]:
            row.add("bed-differs", "bed", rows=_listed(differ))
        if meet := [number for each, number in others if _meet(each, read)]:
            row.add("bed-repeated", "bed", rows=_listed(meet))
        others.append((read, row.number))

    return check_table(path, BedRow, Form(BED_COLUMNS), row_rules=rules, repeats=())


def _meet(one: BedRow, other: BedRow) -> bool:
    """Whether two rows say something of one day; of a bed alone one row is enough."""
    if one.first is None or other.first is None or one.until is None or other.until is None:
        return one.first is None and other.first is None
    return one.first < other.until and other.first < one.until


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:10]))


def _text(cell: Cell) -> object:
    """A room may be a number in a workbook."""
    return _name(as_text(cell))


BED_COLUMNS: Final = _WORDS.columns(
    {
        "house": _house,
        "bed": _name,
        "room": _text,
        "kind": choice(_WORDS.choices("kind")),
        "group": choice(_WORDS.choices("group")),
        "first": read_date,
        "until": read_date,
        "lived_in": bool,
    }
)
