"""XLSX files: looked over before they are opened, because a small one can claim a gigantic table."""

import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from typing import IO, Final

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from workers.intake.codes import Code, RefusedError
from workers.intake.values import Cell

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


def is_zip(data: bytes) -> bool:
    """Tell whether a file begins as a ZIP archive, the container of XLSX."""
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def read_workbook(data: bytes) -> tuple[Sequence[Sequence[Cell]], bool]:
    """Read the first visible sheet from its cell A1 on, and tell whether others hold anything.

    Raises:
        RefusedError: `file-unsupported` for another kind of archive, `table-too-large` for a sheet or an
            unpacked size beyond the limits, `workbook-broken`, `file-empty`.
    """
    try:
        _look_over(data)
    except RefusedError:
        raise
    except _BROKEN_ARCHIVE as failure:
        raise RefusedError(Code.WORKBOOK_BROKEN) from failure
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            visible = [
                sheet.name
                for sheet in workbook.sheets_metadata
                if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
            ]
            if not visible:
                raise RefusedError(Code.FILE_EMPTY)
            rows = workbook.get_sheet_by_name(visible[0]).to_python(skip_empty_area=False)
            others = any(workbook.get_sheet_by_name(name).height for name in visible[1:])
    except CalamineError as failure:
        raise RefusedError(Code.WORKBOOK_BROKEN) from failure
    if not rows:
        raise RefusedError(Code.FILE_EMPTY)
    return rows, others


def _look_over(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if "[Content_Types].xml" not in archive.namelist() or not any(
            member.filename.startswith("xl/") for member in members
        ):
            raise RefusedError(Code.FILE_UNSUPPORTED)
        if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
            raise _too_large()
        for member in members:
            # Reading to the end compares the checksum, and with it the size that the archive claims.
            with archive.open(member) as part:
                _look_for_far_cells(part)


def _look_for_far_cells(part: IO[bytes]) -> None:
    tail = b""
    while chunk := part.read(_CHUNK):
        window = tail + chunk
        if _FAR_CELL.search(window) or _FAR_ROW.search(window):
            raise _too_large()
        tail = window[-_TAG:]


def _too_large() -> RefusedError:
    return RefusedError(Code.TABLE_TOO_LARGE, rows=MAX_ROWS, columns=MAX_COLUMNS)
