"""A file becomes a table of cells, whatever its encoding, delimiter or format, or is refused as a whole."""

import codecs
import csv
import io
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spreadsheets.faults import RefusedError
from spreadsheets.headers import SEARCHED_ROWS, Form, Names, titles_of
from spreadsheets.workbook import MAX_COLUMNS, MAX_ROWS, Table, is_zip
from spreadsheets.workbook_process import read_limited

MAX_BYTES: Final = 50 * 1024 * 1024
_DELIMITERS: Final = (",", "\t", ";")
_UNSUPPORTED: Final = (
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",  # .xls, and any workbook with a password
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"\x1f\x8b",
    b"{\\rtf",
)

# Python reads the five bytes that CP932 leaves undefined as these; files in EUC-JP or Latin-1 have them.
_NOT_CP932: Final = re.compile("[\x80\xa0\uf8f1-\uf8f3]")


@dataclass(frozen=True, slots=True)
class TextRows:
    """The records of a text file."""

    data: bytes
    encoding: str
    delimiter: str
    strict: bool = True

    def __iter__(self) -> Iterator[list[str]]:
        text = io.TextIOWrapper(io.BytesIO(self.data), self.encoding, newline="")
        # Strict, because a quotation mark left open would otherwise swallow the rest of the file as one cell.
        return csv.reader(text, delimiter=self.delimiter, strict=self.strict)


def read_bytes(path: Path) -> bytes:
    """Read a regular file of at most 50 MiB.

    Raises:
        RefusedError: `file-unreadable`, `file-too-large` or `file-empty`.
    """
    try:
        # Opening a named pipe would wait for its writer for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise RefusedError("file-unreadable")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as failure:
        raise RefusedError("file-unreadable") from failure
    if len(data) > MAX_BYTES:
        raise RefusedError("file-too-large", limit=MAX_BYTES // 1024**2)
    if not data:
        raise RefusedError("file-empty")
    return data


def read_table(data: bytes, form: Form, *, waiting: Callable[[], None] = lambda: None) -> Table:
    """Parse a file by what it contains, not by its name; the `form` tells a header, and so the delimiter.

    `waiting` is called once a second while a workbook is read.

    Raises:
        RefusedError: the file as a whole cannot be read; nothing of it is then trusted.
    """
    if is_zip(data):
        return read_limited(data, waiting)
    if data.startswith(_UNSUPPORTED):
        raise RefusedError("file-unsupported")
    text, encoding = _decode(data)
    if not text.strip("\ufeff \t\r\n\u3000,;"):
        raise RefusedError("file-empty")
    if "\0" in text:
        raise RefusedError("file-binary", row=_row_at(text[: text.index("\0")]))
    names = Names(form)
    delimiter = max(_DELIMITERS, key=lambda mark: _header_score(TextRows(data, encoding, mark, False), names))
    rows = TextRows(data, encoding, delimiter)
    return Table(rows, _height(rows), encoding=encoding, delimiter=delimiter)


def _decode(data: bytes) -> tuple[str, str]:
    if data.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    else:
        # UTF-8 first: Japanese text in CP932 is practically never valid UTF-8, but the reverse happens.
        candidates = ["utf-8", "cp932"]
    furthest = ""
    for encoding in candidates:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as failure:
            good = failure.object[: failure.start].decode(encoding, errors="ignore")
            furthest = max(furthest, good, key=len)
            continue
        if encoding != "cp932" or not (match := _NOT_CP932.search(text)):
            return text, encoding
        furthest = max(furthest, text[: match.start()], key=len)
    raise RefusedError("encoding-unknown", row=_row_at(furthest))


def _row_at(text_before: str) -> int:
    reader = csv.reader(io.StringIO(text_before + ".", newline=""))
    try:
        return sum(1 for _ in reader)
    except csv.Error:
        return text_before.count("\n") + 1


def _header_score(rows: TextRows, names: Names) -> int:
    best = 0
    try:
        for row, _ in zip(rows, range(SEARCHED_ROWS), strict=False):
            best = max(best, names.score(titles_of(row)))
    except csv.Error:
        return best
    return best


def _height(rows: TextRows) -> int:
    height = 0
    try:
        for height, _ in enumerate(rows, 1):
            if height >= MAX_ROWS:
                raise RefusedError("table-too-large", rows=MAX_ROWS, columns=MAX_COLUMNS)
    except csv.Error as failure:
        too_long = "field limit" in str(failure)
        code = "cell-too-long" if too_long else "csv-broken"
        raise RefusedError(code, row=height + 1, limit=csv.field_size_limit()) from None
    return height
