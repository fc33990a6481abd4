"""Cells become values: each function reads one kind of cell, or refuses it with the code that says why."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final
from unicodedata import normalize

from schemas.kernel.people import EMAIL_LIMIT, PHONE_PATTERN, POSTAL_CODE_PATTERN
from schemas.kernel.texts import (
    EMAIL,
    FORBIDDEN,
    FORBIDDEN_IN_PROSE,
    FORMULA_STARTS,
    HIRAGANA,
    KANA,
    LOST,
    tidy,
)
from spreadsheets.faults import RefusedError

Cell = str | float | int | bool | date | datetime | time | timedelta
Reader = Callable[[Cell], object]

_GAIJI: Final = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑–—―−ー", "-"))
_PHONE: Final = re.compile(PHONE_PATTERN, re.ASCII)
_PHONE_MARKS: Final = str.maketrans("", "", "-() .")
_POSTAL_CODE: Final = re.compile(POSTAL_CODE_PATTERN, re.ASCII)
_POSTAL_DIGITS: Final = 7


def has_gaiji(text: str) -> bool:
    """Tell whether a text uses the private-use characters of one office's machines."""
    return not text.isascii() and _GAIJI.search(text) is not None


def without_guard(text: str) -> str:
    """Take off the apostrophe that `annotate` sets before a formula character."""
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULA_STARTS else text


def as_text(cell: Cell) -> str:
    """Write a cell as a clerk sees it: a whole number without decimals, a date in ISO form."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def parts(cell: Cell, *, comma: bool = False) -> list[str]:
    """What a cell lists, one to a line or between semicolons; with `comma` between commas too."""
    separators = "[;\uff1b、,\uff0c\n]" if comma else "[;\uff1b、\n]"
    return [part.strip() for part in re.split(separators, as_text(cell)) if part.strip()]


def line(limit: int, *, break_is_space: bool = False, marks: bool = False) -> Reader:
    """Read one line of text of at most `limit` characters; with `marks` it may hold ? and ●."""

    def read(cell: Cell) -> str:
        text = tidy(as_text(cell))
        if break_is_space:
            text = " ".join(text.split())
        if not marks and LOST.search(text):
            raise RefusedError("character-lost")
        if FORBIDDEN.search(text):
            raise RefusedError("control-character")
        if text.startswith(FORMULA_STARTS):
            raise RefusedError("formula-character")
        if len(text) > limit:
            raise RefusedError("text-too-long", limit=limit)
        return text

    return read


def prose(limit: int) -> Reader:
    """Read text of several lines as its author wrote it, widths and all, of at most `limit` characters."""

    def read(cell: Cell) -> str:
        text = as_text(cell).replace("\r\n", "\n").replace("\r", "\n").strip()
        if FORBIDDEN_IN_PROSE.search(text):
            raise RefusedError("control-character")
        if len(text) > limit:
            raise RefusedError("text-too-long", limit=limit)
        return text

    return read


def kana(limit: int) -> Reader:
    """Read a reading in katakana; hiragana and half-width kana are converted."""
    read_line = line(limit)

    def read(cell: Cell) -> str:
        text = str(read_line(cell)).translate(HIRAGANA)
        if not KANA.fullmatch(text):
            raise RefusedError("kana-invalid")
        return text

    return read


def key(pattern: str, code: str, *, fold: Callable[[str], str] = str) -> Reader:
    """Read an identifier. A number is refused: its leading zeros, if there were any, are gone."""
    compiled = re.compile(pattern, re.ASCII)

    def read(cell: Cell) -> str:
        if not isinstance(cell, str):
            raise RefusedError("number-not-text")
        text = fold(_plain(cell).translate(_DASHES))
        if not compiled.fullmatch(text):
            raise RefusedError(code)
        return text

    return read


def choice(values: Mapping[str, object]) -> Reader:
    """Read one of the accepted spellings, given in small letters and half width.

    A value that is none of them is refused with the first spelling of each.
    """
    first: dict[object, str] = {}
    for spelling, value in values.items():
        first.setdefault(value, str(spelling))
    choices = ", ".join(first.values())

    def read(cell: Cell) -> object:
        try:
            return values[_plain(as_text(cell)).casefold()]
        except KeyError:
            raise RefusedError("choice-unknown", choices=choices) from None

    return read


def whole_number(low: int, high: int) -> Reader:
    """Read a whole number between two bounds, both included."""

    def read(cell: Cell) -> int:
        text = _plain(as_text(cell))
        if not (
            text.isascii() and text.isdigit() and len(text) <= len(str(high)) and low <= int(text) <= high
        ):
            raise RefusedError("number-invalid", low=low, high=high)
        return int(text)

    return read


def email(cell: Cell) -> str:
    """Read an e-mail address as carriers allow it, consecutive dots too; the domain in small letters."""
    text = _plain(as_text(cell))
    match = EMAIL.fullmatch(text)
    if not match or len(text) > EMAIL_LIMIT:
        raise RefusedError("email-invalid")
    return text[: match.start(1)] + match[1].lower()


def phone(cell: Cell) -> str:
    """Read a telephone number as digits alone, with a leading + when it names its country."""
    if not isinstance(cell, str):
        raise RefusedError("number-not-text")
    text = _plain(cell).translate(_DASHES).translate(_PHONE_MARKS)
    if not _PHONE.fullmatch(text):
        raise RefusedError("phone-invalid")
    return text


def postal_code(cell: Cell) -> str:
    """Read a Japanese postal code as 123-4567, with or without its hyphen or 〒."""
    text = as_text(cell)
    if not isinstance(cell, str) and len(text) < _POSTAL_DIGITS:
        raise RefusedError("number-not-text")
    text = _plain(text).translate(_DASHES).removeprefix("〒").replace(" ", "")
    if len(text) == _POSTAL_DIGITS:
        text = f"{text[:3]}-{text[3:]}"
    if not _POSTAL_CODE.fullmatch(text):
        raise RefusedError("postal-code-invalid")
    return text


def _plain(text: str) -> str:
    return text.strip() if text.isascii() else normalize("NFKC", text).strip()
