"""Which column holds what: headers in Japanese or English, in any order, below any title rows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

from workers.intake.codes import Code, Fault
from workers.intake.messages import fault
from workers.intake.values import Cell, Reader

SEARCHED_ROWS: Final = 20
FEWEST_HEADERS: Final = 2
ANNOTATION_HEADERS: Final = ("確認結果", "Check result")
"""The two columns that an annotated copy adds; what follows is said of the whole file.

Columns whose headers begin so are ignored when the copy is handed in again."""

_NOTES: Final = re.compile(
    r"[(\[【](?:西暦|和暦|任意|必須|漢字|全角|半角|optional|required|y{2,4}[-/]?m{1,2}[-/]?d{1,2})[)\]】]"
)
_IGNORED: Final = re.compile(r"[\s_*※・-]+")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the import: its field, how its cells are read, and the headers that name it.

    The first header is the one that the office sees in messages and samples.
    """

    field: str
    read: Reader
    headers: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a table's header is and what each column holds; positions count from 0."""

    header_row: int
    width: int
    positions: dict[str, int]
    labels: tuple[str, ...]
    annotations: frozenset[int]
    faults: tuple[Fault, ...]

    def label(self, field: str) -> tuple[str | None, int | None]:
        """The name and position of a field's column, for a fault."""
        position = self.positions.get(field)
        return (None, None) if position is None else (self.labels[position], position)


def letter(position: int) -> str:
    """Excel's letters for a column counted from 0."""
    letters = ""
    number = position + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def recognised(row: Sequence[Cell], columns: Sequence[Column]) -> int:
    """How many different columns a row names; the header is the row that names most."""
    known = _known(columns)
    return len({known[name] for cell in row if isinstance(cell, str) and (name := _squeeze(cell)) in known})


def locate(rows: Sequence[Sequence[Cell]], columns: Sequence[Column]) -> Layout | None:
    """Find the header among the first rows and match its columns; None when there is none."""
    scores = [recognised(row, columns) for row in rows[:SEARCHED_ROWS]]
    if max(scores, default=0) < FEWEST_HEADERS:
        return None
    header_row = scores.index(max(scores))
    known = _known(columns)
    names = {column.field: column.headers[0] for column in columns}
    header = [cell.strip() if isinstance(cell, str) else str(cell) for cell in rows[header_row]]
    while header and not header[-1]:
        header.pop()
    labels = tuple(f"{' '.join(text.split())} ({letter(at)})".lstrip() for at, text in enumerate(header))
    annotations = frozenset(at for at, text in enumerate(header) if text.startswith(ANNOTATION_HEADERS))
    positions: dict[str, int] = {}
    faults: list[Fault] = []
    for at, text in enumerate(header):
        field = known.get(_squeeze(text))
        if field is None:
            if at not in annotations:
                faults.append(fault(Code.COLUMN_UNKNOWN, row=header_row + 1, column=labels[at], position=at))
        elif field in positions:
            faults.append(fault(Code.COLUMN_DUPLICATE, row=header_row + 1, column=labels[at], position=at))
        else:
            positions[field] = at
    faults.extend(
        fault(Code.COLUMN_MISSING, row=header_row + 1, column=names[column.field])
        for column in columns
        if column.required and column.field not in positions
    )
    return Layout(header_row, len(header), positions, labels, annotations, tuple(faults))


def _squeeze(text: str) -> str:
    text = normalize("NFKC", text).casefold()
    return _IGNORED.sub("", _NOTES.sub("", text))


def _known(columns: Sequence[Column]) -> dict[str, str]:
    return {_squeeze(name): column.field for column in columns for name in (*column.headers, column.field)}
