"""The part of a check that every kind of file shares: find the header, read each cell of each row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic, TypeVar

from pydantic import BaseModel

from schemas.applications import NumberedRow
from workers.intake.codes import Code, Fault, RefusedError
from workers.intake.headers import Column, Layout, letter, locate
from workers.intake.messages import fault
from workers.intake.reading import Table, digest, read_bytes, read_table
from workers.intake.values import Cell, has_gaiji, without_guard

CELL_LIMIT: Final = 10_000

Row = TypeVar("Row", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Checked(Generic[Row]):
    """What a check found: the rows that may be imported, every fault, and which file it was.

    `total` counts the data rows, faulty ones included, blank ones not. `encoding` is None when the file could
    not be read as a table; `sha256` (hexadecimal, of the file's bytes) is None when it could not be read at
    all. `table` and `layout` are the cells as they came, for the annotated copy.
    """

    rows: tuple[NumberedRow[Row], ...]
    faults: tuple[Fault, ...]
    encoding: str | None
    sha256: str | None
    total: int
    table: Table | None = field(default=None, repr=False, compare=False)
    layout: Layout | None = field(default=None, repr=False, compare=False)

    @property
    def errors(self) -> tuple[Fault, ...]:
        """The faults that keep something out."""
        return tuple(found for found in self.faults if found.severity == "error")


@dataclass(slots=True)
class ReadRow:
    """A row while it is checked: its values so far and the faults found in it."""

    number: int
    layout: Layout
    values: dict[str, object] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def add(self, code: Code, column: str, **parameters: object) -> None:
        """Note a fault of this row in the column of a field."""
        label, position = self.layout.label(column)
        self.faults.append(
            fault(code, row=self.number, column=label, position=position, parameters=parameters)
        )

    @property
    def good(self) -> bool:
        """Whether nothing but warnings were found."""
        return all(found.severity == "warning" for found in self.faults)


RowRules = Callable[[ReadRow], None]
"""What must hold between the values of one row; adds its faults to the row."""
FileRules = Callable[[Sequence[ReadRow]], None]
"""What must hold between rows; adds its faults to them."""


def check_table(
    path: Path,
    model: type[Row],
    columns: Sequence[Column],
    *,
    row_rules: RowRules,
    file_rules: FileRules,
    defaults: Mapping[str, object] | None = None,
) -> Checked[Row]:
    """Check a whole file against its columns and rules; faults come in the order of the file."""
    sha256 = None
    try:
        data = read_bytes(path)
        sha256 = digest(data)
        table = read_table(data, columns)
    except RefusedError as refused:
        found = fault(refused.code, row=refused.row, parameters=refused.parameters)
        return Checked((), (found,), None, sha256, 0)
    layout = locate(table.rows, columns)
    if layout is None:
        return Checked((), (fault(Code.HEADER_MISSING),), table.encoding, sha256, 0)
    faults = [fault(Code.SHEETS_IGNORED)] if table.other_sheets else []
    faults.extend(layout.faults)
    rows = list(_read_rows(table.rows, layout, columns, defaults or {}))
    if not rows:
        faults.append(fault(Code.NO_ROWS))
    for row in rows:
        row_rules(row)
    file_rules(rows)
    complete = not any(found.severity == "error" for found in layout.faults)
    good = tuple(
        NumberedRow(row.number, model.model_validate(row.values)) for row in rows if complete and row.good
    )
    for row in rows:
        faults.extend(row.faults)
    return Checked(good, tuple(faults), table.encoding, sha256, len(rows), table, layout)


def _read_rows(
    rows: Sequence[Sequence[Cell]],
    layout: Layout,
    columns: Sequence[Column],
    defaults: Mapping[str, object],
) -> Iterator[ReadRow]:
    plan = [
        (layout.positions[column.field], column) for column in columns if column.field in layout.positions
    ]
    skipped = layout.annotations
    for number, cells in enumerate(rows[layout.header_row + 1 :], layout.header_row + 2):
        if _is_blank(cells, skipped):
            continue
        read = ReadRow(number, layout, dict(defaults))
        for position, column in plan:
            _read_cell(read, column, cells[position] if position < len(cells) else "")
        if len(cells) > layout.width:
            _look_beyond(read, cells)
        yield read


def _read_cell(read: ReadRow, column: Column, cell: Cell) -> None:
    if isinstance(cell, str):
        if not cell or cell.isspace():
            if column.required:
                read.add(Code.REQUIRED, column.field)
            return
        if len(cell) > CELL_LIMIT:
            read.add(Code.CELL_TOO_LONG, column.field, limit=CELL_LIMIT)
            return
        if has_gaiji(cell):
            read.add(Code.GAIJI_CHARACTER, column.field)
        if cell[0] == "'":
            cell = without_guard(cell)
    try:
        read.values[column.field] = column.read(cell)
    except RefusedError as refused:
        read.add(refused.code, column.field, **refused.parameters)


def _look_beyond(read: ReadRow, cells: Sequence[Cell]) -> None:
    width = read.layout.width
    for position, cell in enumerate(cells[width:], width):
        if not _is_empty(cell):
            label = f"({letter(position)})"
            read.faults.append(fault(Code.TOO_MANY_CELLS, row=read.number, column=label, position=position))
            return


def _is_blank(cells: Sequence[Cell], skipped: frozenset[int]) -> bool:
    return all(_is_empty(cell) or position in skipped for position, cell in enumerate(cells))


def _is_empty(cell: Cell) -> bool:
    return isinstance(cell, str) and (not cell or cell.isspace())
