"""One row: its cells become values, or faults that name the place."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from spreadsheets.faults import Fault, RefusedError, fault
from spreadsheets.headers import Column, Layout, Place, letter
from spreadsheets.values import Cell, as_text, has_gaiji, without_guard

CELL_LIMIT: Final = 10_000
_ERROR: Final = re.compile(
    r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|FIELD!|BLOCKED!|BUSY!|CONNECT!|UNKNOWN!"
    r"|GETTING_DATA|UNCALCULATED!|#+)"
)
_HALVES: Final = 2


@dataclass(slots=True)
class ReadRow:
    """A row while it is checked: its values so far and the faults found in it."""

    number: int
    layout: Layout
    values: dict[str, object] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def add(self, code: str, column: str, **parameters: object) -> None:
        """Note a fault of this row in the column of a field."""
        label, position = self.layout.label(column)
        found = fault(code, row=self.number, column=label, position=position, parameters=parameters)
        if found not in self.faults:  # a column that holds two fields is faulty once
            self.faults.append(found)

    @property
    def good(self) -> bool:
        """Whether nothing but warnings were found."""
        return all(found.severity == "warning" for found in self.faults)


def read_rows(
    rows: Iterator[tuple[int, Sequence[Cell]]],
    layout: Layout,
    columns: Sequence[Column],
    defaults: Mapping[str, object],
    hidden: frozenset[int],
) -> Iterator[ReadRow]:
    """Read each row that is not blank; they are numbered as Excel does, `hidden` ones count from 0."""
    plan = [(layout.places[column.field], column) for column in columns if column.field in layout.places]
    skipped = layout.annotations
    for number, cells in rows:
        if _is_blank(cells, skipped):
            continue
        read = ReadRow(number, layout, dict(defaults))
        if number - 1 in hidden:
            read.faults.append(fault("row-hidden", row=number))
        for places, column in plan:
            _read_cell(read, column, places, cells)
        if len(cells) > layout.width:
            _look_beyond(read, cells)
        yield read


def _read_cell(read: ReadRow, column: Column, places: tuple[Place, ...], cells: Sequence[Cell]) -> None:
    at = places[0].at
    cell: Cell = cells[at] if at < len(cells) else ""
    if len(places) > 1:
        cell = _joined(cells, places)
    if isinstance(cell, str):
        if not cell or cell.isspace():
            if column.required:
                read.add("required", column.field)
            return
        if cell[0] == "'":
            cell = without_guard(cell)
    try:
        if isinstance(cell, str):
            _look_at(cell, read, column)
        if (half := places[0].half) is not None:
            cell = _half(cell, half)
        read.values[column.field] = column.read(cell)
    except RefusedError as refused:
        read.add(refused.code, column.field, **refused.parameters)


def _look_at(text: str, read: ReadRow, column: Column) -> None:
    if len(text) > CELL_LIMIT:
        raise RefusedError("cell-too-long", limit=CELL_LIMIT)
    if text[0] == "#" and _ERROR.fullmatch(text):
        raise RefusedError("cell-error")
    if has_gaiji(text):
        read.add("gaiji-character", column.field)


def _half(cell: Cell, half: int) -> str:
    halves = as_text(cell).split()
    if len(halves) != _HALVES:
        raise RefusedError("name-not-split")
    return halves[half]


def _joined(cells: Sequence[Cell], places: Sequence[Place]) -> str:
    text = ""
    for place in places:
        part = as_text(cells[place.at]).strip() if place.at < len(cells) else ""
        if _ERROR.fullmatch(part):
            return part
        if part:
            text += (place.glue if text else "") + part
    return text


def _look_beyond(read: ReadRow, cells: Sequence[Cell]) -> None:
    width = read.layout.width
    for position, cell in enumerate(cells[width:], width):
        if not _is_empty(cell):
            label = f"({letter(position)})"
            read.faults.append(fault("too-many-cells", row=read.number, column=label, position=position))
            return


def _is_blank(cells: Sequence[Cell], skipped: frozenset[int]) -> bool:
    return all(_is_empty(cell) or position in skipped for position, cell in enumerate(cells))


def _is_empty(cell: Cell) -> bool:
    return isinstance(cell, str) and (not cell or cell.isspace())
