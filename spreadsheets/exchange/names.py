"""Names of people from anywhere: kept as they are written, folded only to suggest who may be one person."""

import re
from typing import Final

from spreadsheets.faults import RefusedError
from spreadsheets.values import Cell, as_text, line

LONGEST: Final = 100
_TWO_SCRIPTS: Final = re.compile("[A-Za-z][\u3041-\u9fff\uff61-\uff9f]|[\u3041-\u9fff\uff61-\uff9f][A-Za-z]")
"""Within a word: bytes of a European file read as Japanese."""
_READ_AS: Final = ("cp1252", "latin-1", "cp932")
_read_line: Final = line(LONGEST)


def read_name(cell: Cell) -> str:
    """Read a name, whole, with its accents.

    Raises:
        RefusedError: `name-mangled` where its letters were read in another encoding than they were written.
    """
    text = as_text(cell)
    if is_mangled(text):
        raise RefusedError("name-mangled")
    return str(_read_line(cell))


def is_mangled(text: str) -> bool:
    """Whether a text was written in UTF-8 and read as something else, or the other way round."""
    if text.isascii():
        return False
    return bool(_TWO_SCRIPTS.search(text)) or any(_is_utf8_read_as(text, encoding) for encoding in _READ_AS)


def _is_utf8_read_as(text: str, encoding: str) -> bool:
    try:
        return text.encode(encoding).decode("utf-8") != text
    except UnicodeError:
        return False
