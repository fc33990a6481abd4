"""Sample rows as files of the kinds that offices hand in."""

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Final, Literal

import xlsxwriter

from spreadsheets.admission.application_columns import application_columns
from spreadsheets.admission.samples import SampleRow
from spreadsheets.headers import Column
from spreadsheets.staff import STAFF_COLUMNS

APPLICATION_COLUMNS: Final = tuple(
    column for column in application_columns(round_required=True) if column.field != "further_choices"
)
"""Of a sample: nobody in it wants more than one programme."""
_ISO_LENGTH: Final = 10


def write_csv(
    path: Path,
    rows: Iterable[SampleRow],
    *,
    encoding: Literal["cp932", "utf-8-sig", "utf-16"] = "utf-8-sig",
    columns: Sequence[Column] = APPLICATION_COLUMNS,
    title: str | None = None,
) -> int:
    """Write rows below Japanese headers, and below a title row if one is given; returns how many rows.

    Raises:
        OSError: the file cannot be written.
        UnicodeEncodeError: the encoding lacks a character of a row.
    """
    written = 0
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        if title is not None:
            writer.writerow([title])
        writer.writerow([column.headers[0] for column in columns])
        for row in rows:
            writer.writerow([row.get(column.field, "") for column in columns])
            written += 1
    return written


def write_xlsx(
    path: Path,
    rows: Iterable[SampleRow],
    *,
    title: str | None = None,
) -> int:
    """Write rows as a workbook, ISO dates as real date cells, all else as text; returns how many rows.

    Raises:
        OSError: the file cannot be written.
    """
    written = 0
    try:
        with xlsxwriter.Workbook(path, {"in_memory": True}) as book:
            sheet = book.add_worksheet("志願者")
            day_format = book.add_format({"num_format": "yyyy-mm-dd"})
            line = 0
            if title is not None:
                sheet.merge_range(0, 0, 0, len(APPLICATION_COLUMNS) - 1, title)
                line = 1
            for place, column in enumerate(APPLICATION_COLUMNS):
                sheet.write_string(line, place, column.headers[0])
            for line_of_row, row in enumerate(rows, line + 1):
                written += 1
                for place, column in enumerate(APPLICATION_COLUMNS):
                    text = row.get(column.field, "")
                    if (day := _iso_day(text)) is not None:
                        sheet.write_datetime(line_of_row, place, day, day_format)
                    elif text:
                        sheet.write_string(line_of_row, place, text)
    except xlsxwriter.exceptions.FileCreateError as failure:
        raise OSError(f"cannot write {path.name}") from failure
    return written


def write_staff_csv(path: Path, rows: Iterable[SampleRow], *, title: str | None = None) -> int:
    """Write a staff file in UTF-8 with BOM; returns how many rows.

    Raises:
        OSError: the file cannot be written.
    """
    return write_csv(path, rows, columns=STAFF_COLUMNS, title=title)


def _iso_day(text: str) -> date | None:
    if len(text) != _ISO_LENGTH or text[4] != "-":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
