"""The part of a check that every kind of file shares: find the header, read each cell of each row."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final, Generic, TypeVar

from pydantic import BaseModel

from schemas.kernel.people import NumberedRow
from spreadsheets.faults import Fault, RefusedError, fault
from spreadsheets.headers import SEARCHED_ROWS, Form, Layout, letter, locate
from spreadsheets.read_row import ReadRow, read_rows
from spreadsheets.repeats import Repeat, Repeats
from spreadsheets.spool import SpooledRows
from spreadsheets.table_files import read_bytes, read_table
from spreadsheets.values import Cell
from spreadsheets.workbook import Table

Row = TypeVar("Row", bound=BaseModel)
Told = Callable[[int, int], None]
"""Called with the rows done and those in all, 0 while that is not known; from the thread that checks."""


def tell_nobody(done: int, total: int) -> None:
    """For who does not watch the progress."""
    del done, total


EVERY: Final = 500
"""Rows from one word about the progress to the next."""


@dataclass(frozen=True, slots=True)
class Checked(Generic[Row]):
    """What a check found: the rows that may be imported, every fault, and which file it was.

    `total` counts the data rows, faulty ones included, blank ones not. `encoding` is None when the file could
    not be read as a table; `sha256` (hexadecimal, of the file's bytes) is None when it could not be read at
    all. `table` and `layout` are the cells as they came, for the annotated copy.
    """

    rows: Sequence[NumberedRow[Row]]
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


RowRules = Callable[[ReadRow], None]
"""What must hold between the values of one row; adds its faults to the row."""


def check_table(
    path: Path,
    model: type[Row],
    form: Form,
    *,
    row_rules: RowRules,
    repeats: Sequence[Repeat],
    defaults: Mapping[str, object] | None = None,
    told: Told = tell_nobody,
) -> Checked[Row]:
    """Check a whole file against its columns and rules; faults come in the order of the file."""
    sha256 = None
    try:
        data = read_bytes(path)
        sha256 = hashlib.sha256(data).hexdigest()
        table = read_table(data, form, waiting=lambda: told(0, 0))
    except RefusedError as refused:
        found = fault(refused.code, row=refused.row, parameters=refused.parameters)
        return Checked((), (found,), None, sha256, 0)
    layout = locate(list(islice(table.rows, SEARCHED_ROWS + 1)), form)
    if layout is None:
        return Checked((), (fault("header-missing"),), table.encoding, sha256, 0)
    complete = not any(found.severity == "error" for found in layout.faults)
    rules = [Repeats(rule) for rule in repeats]
    found_in_rows: list[Fault] = []
    rows, total = SpooledRows(model), 0
    for row in read_rows(
        numbered_rows(table, layout.header_row + 1, told),
        layout,
        form.columns,
        defaults or {},
        table.hidden_rows,
    ):
        total += 1
        row_rules(row)
        for rule in rules:
            rule.add(row)
        found_in_rows.extend(row.faults)
        if complete and row.good:
            rows.append(row.number, model.model_validate(row.values))
    rows.written()
    repeated = [found for rule in rules for found in rule.faults(layout)]
    # a stable sort: within a row, what is wrong with itself comes before what it shares with others
    found_in_rows = sorted([*found_in_rows, *repeated], key=lambda found: found.row or 0)
    bad = {found.row for found in repeated if found.severity == "error"}
    faults = [*_of_the_table(table, layout), *([] if total else [fault("no-rows")]), *found_in_rows]
    good = rows.where(lambda number: number not in bad) if bad else rows
    return Checked(good, tuple(faults), table.encoding, sha256, total, table, layout)


def numbered_rows(table: Table, first: int, told: Told) -> Iterator[tuple[int, Sequence[Cell]]]:
    """The rows after so many, numbered as Excel does."""
    for number, cells in enumerate(islice(table.rows, first, None), first + 1):
        if number % EVERY == 0:
            told(number, table.height)
        yield number, cells
    told(table.height, table.height)


def _of_the_table(table: Table, layout: Layout) -> Iterator[Fault]:
    if table.other_sheets:
        yield fault("sheets-ignored")
    yield from layout.faults
    places = {place.at for places in layout.places.values() for place in places}
    for at in sorted(places & table.hidden_columns):
        column = layout.labels[at] or f"({letter(at)})"
        yield fault("column-hidden", row=layout.header_row + 1, column=column, position=at)
