"""XLSX files: looked over before they are opened, because a small one can claim a gigantic table."""

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Final
from xml.etree import ElementTree as ET
from xml.parsers.expat import ExpatError

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from spreadsheets.faults import RefusedError
from spreadsheets.values import Cell
from spreadsheets.workbook_marks import SheetMarks, sheet_marks

MAX_ROWS: Final = 200_000
MAX_COLUMNS: Final = 128
MAX_UNPACKED_BYTES: Final = 512 * 1024 * 1024
MAX_MEMBERS: Final = 2_000
_CHUNK: Final = 1024 * 1024
_TAG: Final = 4096
_BROKEN_ARCHIVE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,  # a part with a password
    NotImplementedError,  # a compression that Excel never uses
)

# A cell with content in a column after DX (the 128th) or in row 200,000 or below, or a row of such a number.
# The reader lays the table out densely up to the last cell: one value in XFD1048576 would ask for 400 GB.
_FAR_CELL: Final = re.compile(
    rb"<(?:\w+:)?c\s(?:[^>]*?\s)?r\s*=\s*[\"']"
    rb"(?:(?:[A-Z]{3,}|[E-Z][A-Z]|D[YZ])[0-9]+|[A-Z]+(?:[0-9]{7,}|[2-9][0-9]{5}))[\"'][^>]*(?<!/)>"
)
_FAR_ROW: Final = re.compile(
    rb"<(?:\w+:)?row\s(?:[^>]*?\s)?r\s*=\s*[\"'](?:[0-9]{7,}|[2-9][0-9]{5})[\"'][^>]*(?<!/)>"
)


# An error value, a formula, or something hidden: only then the sheet is parsed a second time.
_MARKED: Final = re.compile(rb"""\bt\s*=\s*["']e["']|<(?:\w+:)?f[\s/>]|\bhidden\s*=""")


def is_zip(data: bytes) -> bool:
    """Tell whether a file begins as a ZIP archive, the container of XLSX."""
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a file, read anew from its bytes whenever `rows` is gone through.

    Of a workbook it is the first visible sheet from its cell A1 on, an error value standing in its cell as
    text; `other_sheets` tells whether other visible ones hold anything. Row n of Excel is the nth of `height`
    rows; a row of a text file may be shorter than others. Hidden rows and columns count from 0. `encoding` is
    `utf-8`, `utf-8-sig`, `utf-16`, `cp932` or `xlsx`.
    """

    rows: Iterable[Sequence[Cell]]
    height: int
    other_sheets: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    encoding: str = "xlsx"
    delimiter: str = ""


def read_workbook(data: bytes) -> Table:
    """Read a workbook; for untrusted ones only in a process with limits: `workbook_process`.

    Raises:
        RefusedError: `file-unsupported` for another kind of archive, `table-too-large` for a sheet or an
            unpacked size beyond the limits, `workbook-broken`, `file-empty`.
    """
    try:
        _look_over(data)
    except RefusedError:
        raise
    except _BROKEN_ARCHIVE as failure:
        raise RefusedError("workbook-broken") from failure
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            visible = [
                sheet.name
                for sheet in workbook.sheets_metadata
                if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
            ]
            if not visible:
                raise RefusedError("file-empty")
            sheet = workbook.get_sheet_by_name(visible[0])
            others = any(workbook.get_sheet_by_name(name).height for name in visible[1:])
        marks = _marks(data, visible[0])
    except (CalamineError, ExpatError, ET.ParseError, KeyError, ValueError) as failure:
        raise RefusedError("workbook-broken") from failure
    if sheet.start is None and not marks.texts:
        raise RefusedError("file-empty")
    height = max([sheet.total_height, *marks.texts]) + 1
    rows = _rows(sheet, marks)
    return Table(rows, height, others, frozenset(marks.hidden_rows), frozenset(marks.hidden_columns))


def _rows(sheet: CalamineSheet, marks: SheetMarks) -> Iterator[list[Cell]]:
    before: list[Cell] = [""] * (sheet.start or (0, 0))[1]
    number = -1
    for number, cells in enumerate(sheet.iter_rows()):
        yield _with_texts([*before, *cells], marks.texts.get(number))
    last = max(marks.texts, default=-1)
    for after in range(number + 1, last + 1):
        yield _with_texts([], marks.texts.get(after))


def _with_texts(cells: list[Cell], texts: dict[int, str] | None) -> list[Cell]:
    for column, text in (texts or {}).items():
        cells.extend([""] * (column + 1 - len(cells)))
        cells[column] = text
    return cells


def _marks(data: bytes, name: str) -> SheetMarks:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        part = _part(archive, name)
        with archive.open(part) as sheet:
            if not any(_MARKED.search(chunk) for chunk in _windows(sheet)):
                return SheetMarks()
        with archive.open(part) as sheet:
            return sheet_marks(iter(lambda: sheet.read(_CHUNK), b""), columns=MAX_COLUMNS)


def _part(archive: zipfile.ZipFile, name: str) -> str:
    """The archive's member that holds the sheet of a name."""
    book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - expat limits entities, the process all
    relations = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    (wanted,) = (each for each in book.iter() if each.tag.endswith("}sheet") and each.get("name") == name)
    (link,) = (value for key, value in wanted.attrib.items() if key.endswith("}id"))
    (target,) = (each.get("Target", "") for each in relations if each.get("Id") == link)
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")


def _look_over(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if "[Content_Types].xml" not in archive.namelist() or not any(
            member.filename.startswith("xl/") for member in members
        ):
            raise RefusedError("file-unsupported")
        if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
            raise _too_large()
        for member in members:
            # Reading to the end compares the checksum, and with it the size that the archive claims.
            with archive.open(member) as part:
                if any(_FAR_CELL.search(window) or _FAR_ROW.search(window) for window in _windows(part)):
                    raise _too_large()


def _windows(part: IO[bytes]) -> Iterator[bytes]:
    tail = b""
    while chunk := part.read(_CHUNK):
        window = tail + chunk
        yield window
        tail = window[-_TAG:]


def _too_large() -> RefusedError:
    return RefusedError("table-too-large", rows=MAX_ROWS, columns=MAX_COLUMNS)
