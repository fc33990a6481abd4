"""The copy of a file that goes back to the office, with every fault beside its row."""

import csv
import io
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from schemas.kernel.texts import FORMULA_STARTS
from spreadsheets.copy_files import CopyFormat, write_copy
from spreadsheets.faults import Fault
from spreadsheets.headers import ANNOTATION_HEADERS, Layout
from spreadsheets.rows import Checked, Told, numbered_rows, tell_nobody
from spreadsheets.values import Cell, as_text
from spreadsheets.workbook import Table

Numbered = Iterator[tuple[int, Sequence[Cell]]]
COMMENTED_CELLS: Final = 2_000
"""Excel needs minutes to open a sheet with more comments; the colours and the two columns tell the rest."""

_LONGEST_XLSX_TEXT: Final = 32_767
_FIRST_XLSX_YEAR: Final = 1900
_COLOURS: Final = {"error": "#FFC7CE", "warning": "#FFEB9C"}


def write_annotated(
    path: Path, checked: Checked[Any], kind: CopyFormat | None = None, told: Told = tell_nobody
) -> Path | None:
    """Write `<name>.checked.csv` or `.xlsx` beside a checked file, in its format and encoding or as `kind`.

    The copy has mode 0600, appears complete or not at all, and is never written over one that somebody has
    changed: `copy_files`. Text that a spreadsheet would run as a formula gets a leading apostrophe, which a
    later import takes off again. In a workbook every cell of a text file is text, so zeros are kept. Hidden
    rows and columns stay hidden, so that a copy handed in has the faults of its file.

    Returns:
        The copy's path, or None when the file could not be read as a table and there is nothing to copy.

    Raises:
        OSError: the folder cannot be written to.
    """
    if kind_of_copy(checked, kind) == "csv":
        made = annotated(checked, "csv", told=told)
    else:
        # Beside the copy and for its owner alone: the system's folder is no place for personal data.
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".iehe-") as folder:
            made = annotated(checked, "xlsx", folder=folder, told=told)
    return None if made is None else write_copy(path, *made)


def kind_of_copy(checked: Checked[Any], kind: CopyFormat | None) -> CopyFormat:
    """What the copy of a file is: as asked for, but of a workbook always a workbook."""
    of_workbook = checked.table is not None and checked.table.encoding == "xlsx"
    return "xlsx" if kind == "xlsx" or of_workbook else "csv"


def annotated(
    checked: Checked[Any],
    kind: CopyFormat | None = None,
    *,
    folder: str | None = None,
    told: Told = tell_nobody,
) -> tuple[CopyFormat, bytes] | None:
    """The content of the annotated copy with its format; None when there is nothing to copy.

    Args:
        checked: the file.
        kind: its format; that of the file by default.
        folder: where a large workbook may put its parts while it is made; without any it is made in memory.
        told: hears how far it is.
    """
    if checked.table is None or checked.layout is None:
        return None
    notes: defaultdict[int, list[Fault]] = defaultdict(list)
    for fault in checked.faults:
        notes[fault.row or checked.layout.header_row + 1].append(fault)
    numbered = numbered_rows(checked.table, 0, told)
    if kind_of_copy(checked, kind) == "xlsx":
        return "xlsx", _xlsx(checked.table, checked.layout, notes, numbered, folder)
    return "csv", _csv(checked.table, checked.layout, notes, numbered)


def guarded(text: str) -> str:
    """Make a text harmless in a spreadsheet: a formula's first character gets an apostrophe before it."""
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def _csv(table: Table, layout: Layout, notes: dict[int, list[Fault]], numbered: Numbered) -> bytes:
    kept, _ = _kept(table, layout)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=table.delimiter, lineterminator="\r\n")
    for number, cells in numbered:
        row = [guarded(as_text(cells[at])) if at < len(cells) else "" for at in kept]
        writer.writerow([*row, *map(guarded, _texts(notes.get(number, ()), number, layout))])
    # Excel takes a text without BOM for the machine's code page.
    return buffer.getvalue().encode("utf-8-sig" if table.encoding == "utf-8" else table.encoding)


def _xlsx(
    table: Table, layout: Layout, notes: dict[int, list[Fault]], numbered: Numbered, folder: str | None
) -> bytes:
    kept, width = _kept(table, layout)
    places = {at: place for place, at in enumerate(kept)}
    buffer = io.BytesIO()
    where = {"in_memory": True} if folder is None else {"constant_memory": True, "tmpdir": folder}
    options = {**where, "nan_inf_to_errors": True}
    with xlsxwriter.Workbook(buffer, options) as book:
        sheet = book.add_worksheet()
        formats: dict[tuple[str | None, bool], Format] = {
            (severity, day): book.add_format(
                ({"bg_color": colour} if colour else {}) | ({"num_format": "yyyy-mm-dd"} if day else {})
            )
            for severity, colour in [*_COLOURS.items(), (None, None)]
            for day in (False, True)
        }
        for at in table.hidden_columns & places.keys():
            sheet.set_column(places[at], places[at], None, None, {"hidden": True})
        comments = 0
        for number, cells in numbered:
            if number - 1 in table.hidden_rows:
                # what was out of sight stays so: shown here, it would be imported with the corrected copy
                sheet.set_row(number - 1, None, None, {"hidden": True})
            found = notes.get(number, ())
            marks = _marks(found)
            for at, cell in enumerate(cells):
                if at in places:
                    style = formats[marks.get(at), isinstance(cell, date)]
                    _write(sheet, number - 1, places[at], cell, style)
            for at in marks:
                if at in places and comments < COMMENTED_CELLS:
                    comments += 1
                    text = "\n".join(f"{f.message_ja}\n{f.message_en}" for f in found if f.position == at)
                    sheet.write_comment(number - 1, places[at], text)
            for place, text in enumerate(_texts(found, number, layout), width):
                if text:
                    sheet.write_string(number - 1, place, guarded(text)[:_LONGEST_XLSX_TEXT])
        sheet.freeze_panes(layout.header_row + 1, 0)
    return buffer.getvalue()


def _marks(faults: Sequence[Fault]) -> dict[int, str]:
    marks: dict[int, str] = {}
    for fault in faults:
        if fault.position is not None and marks.get(fault.position) != "error":
            marks[fault.position] = fault.severity
    return marks


def _write(sheet: Worksheet, row: int, place: int, cell: Cell, style: Format) -> None:
    if isinstance(cell, str):
        if cell:
            sheet.write_string(row, place, guarded(cell)[:_LONGEST_XLSX_TEXT], style)
        else:
            sheet.write_blank(row, place, None, style)
    elif isinstance(cell, bool):
        sheet.write_boolean(row, place, cell, style)
    elif isinstance(cell, int | float):
        sheet.write_number(row, place, cell, style)
    elif isinstance(cell, date | datetime) and cell.year >= _FIRST_XLSX_YEAR:
        sheet.write_datetime(row, place, cell, style)
    elif isinstance(cell, date | time | timedelta):
        sheet.write_string(row, place, as_text(cell), style)


def _kept(table: Table, layout: Layout) -> tuple[list[int], int]:
    widest = max((len(cells) for cells in table.rows), default=0)
    kept = [at for at in range(widest) if at not in layout.annotations]
    return kept, len(kept)


def _texts(faults: Sequence[Fault], number: int, layout: Layout) -> tuple[str, str]:
    japanese = " / ".join(_text(fault, "エラー", "警告", fault.message_ja) for fault in faults)
    english = " / ".join(_text(fault, "error", "warning", fault.message_en) for fault in faults)
    if number == layout.header_row + 1:
        # Both keep their beginning, by which the columns are known when the copy is handed in again.
        return f"{ANNOTATION_HEADERS[0]} {japanese}".strip(), f"{ANNOTATION_HEADERS[1]} {english}".strip()
    return japanese, english


def _text(fault: Fault, error: str, warning: str, message: str) -> str:
    severity = error if fault.severity == "error" else warning
    place = f"{fault.column}: " if fault.column else ""
    return f"[{severity} {fault.code}] {place}{message}"
