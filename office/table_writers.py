"""Tables that are handed out as files, row by row: as CSV that Excel opens, or as a workbook."""

import csv
import io
from collections.abc import Sequence
from typing import Any, Final, Protocol

import xlsxwriter

from schemas.kernel.texts import FORMULA_STARTS
from spreadsheets.spool import NamelessFile

Cell = str | int | None


class TableWriter(Protocol):
    """Writes a table into a file that no folder shows."""

    media_type: str

    def __init__(self, kept: NamelessFile) -> None: ...

    def row(self, cells: Sequence[Cell]) -> None:
        """Write the next row."""

    def close(self) -> None:
        """End the file."""


class CsvWriter:
    """UTF-8 with the mark without which Excel takes it for Shift_JIS; nothing in it is a formula."""

    media_type = "text/csv; charset=utf-8"

    def __init__(self, kept: NamelessFile) -> None:
        self._text = io.TextIOWrapper(kept.file, encoding="utf-8-sig", newline="", write_through=True)
        self._rows = csv.writer(self._text, lineterminator="\r\n")

    def row(self, cells: Sequence[Cell]) -> None:
        """Write the next row."""
        self._rows.writerow([guarded(each) for each in cells])

    def close(self) -> None:
        """End the file."""
        self._text.flush()
        self._text.detach()


class WorkbookWriter:
    """A workbook of one sheet, written row by row; texts are texts, whatever they begin with."""

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def __init__(self, kept: NamelessFile) -> None:
        self._book: Any = xlsxwriter.Workbook(kept.file, {"constant_memory": True})
        self._sheet: Any = self._book.add_worksheet()
        self._at = 0

    def row(self, cells: Sequence[Cell]) -> None:
        """Write the next row."""
        for place, each in enumerate(cells):
            if isinstance(each, int):
                self._sheet.write_number(self._at, place, each)
            elif each:
                self._sheet.write_string(self._at, place, each)
        self._at += 1

    def close(self) -> None:
        """End the file."""
        self._book.close()


WRITERS: Final[dict[str, type[TableWriter]]] = {"csv": CsvWriter, "xlsx": WorkbookWriter}
"""By the ending of the file."""


def guarded(cell: Cell) -> Cell:
    """A text that a spreadsheet would compute, as one that it shows."""
    return "'" + cell if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
