"""The columns of a batch, made from its mapping: how each is found and how its cells are read."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Final
from unicodedata import normalize

from schemas.kernel.batches import BatchMapping, MappedPart, RowState, StateWords
from spreadsheets.faults import RefusedError
from spreadsheets.headers import Column, Form, Names
from spreadsheets.values import Cell, Reader, as_text, kana, whole_number

MOST_ANSWERS: Final = 99
_NUMBER: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,31}")
_DECIMAL: Final = re.compile(r"(-?)([0-9]{1,9})(?:\.([0-9]{1,9}))?")
_MINUS: Final = str.maketrans(dict.fromkeys("−‐–—", "-"))
_TEXT_LIMIT: Final = 80
_KANA_LIMIT: Final = 120


@dataclass(frozen=True, slots=True)
class Said:
    """What a cell says: a number, or a word for a state; `wide` when it was written in full width."""

    text: str
    wide: bool = False
    value: Decimal | None = None
    state: RowState | None = None


def part_field(code: str) -> str:
    """The field of the column of a part, in a file that has one for each."""
    return f"part {code}"


def form_of(mapping: BatchMapping) -> Form:
    """What a file of a mapping may hold.

    Raises:
        RefusedError: `batch-mapping-ambiguous`, where two headers are one as headers are compared.
    """
    given, states = mapping.columns, mapping.states
    readers: dict[str, tuple[Reader, bool]] = {
        "number": (_number, True),
        "other_number": (_number, False),
        "subject": (_text, True),
        "part": (_text, True),
        "value": (_value(None, states), False),
        "status": (_status(states), False),
        "order": (whole_number(1, MOST_ANSWERS), False),
        "year": (_text, True),
        "exam": (_text, True),
        "kana": (kana(_KANA_LIMIT), False),
        "total": (_value(None, states), False),
    }
    columns = [
        Column(name, read, column.headers, required)
        for name, (read, required) in readers.items()
        if (column := getattr(given, name)) is not None
    ]
    if mapping.wide:
        columns += [
            Column(part_field(part.code), _value(part, states), part.headers) for part in mapping.parts
        ]
    form = Form(columns)
    for header, meanings in Names(form).meanings.items():
        if len({meaning.field for meaning in meanings}) > 1:
            raise RefusedError("batch-mapping-ambiguous", header=header)
    return form


def missing_parts(mapping: BatchMapping, found: frozenset[str]) -> tuple[MappedPart, ...]:
    """The parts whose columns a file that has one for each does not have."""
    return tuple(part for part in mapping.parts if mapping.wide and part_field(part.code) not in found)


def check_value(value: Decimal, part: MappedPart) -> None:
    """Compare a number with what there is for its part.

    Raises:
        RefusedError: `batch-value-decimals`, `batch-over-full`.
    """
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > part.decimals:
        raise RefusedError("batch-value-decimals", decimals=part.decimals)
    if part.full is not None and value > part.full:
        raise RefusedError("batch-over-full", full=part.full)


def half_width(cell: Cell) -> tuple[str, bool]:
    """A cell's text without spaces at its ends, and whether anything of it was in full width."""
    text = as_text(cell).strip()
    if text.isascii():
        return text, False
    plain = normalize("NFKC", text).strip()
    return plain, plain != text


def _number(cell: Cell) -> Said:
    if isinstance(cell, bool):
        raise RefusedError("batch-number-invalid")
    text, wide = half_width(cell)
    if not _NUMBER.fullmatch(text):
        raise RefusedError("batch-number-invalid")
    return Said(text, wide)


def _text(cell: Cell) -> Said:
    text, wide = half_width(cell)
    if len(text) > _TEXT_LIMIT:
        raise RefusedError("text-too-long", limit=_TEXT_LIMIT)
    return Said(text, wide)


def _status(states: StateWords) -> Reader:
    words = _words_of(states, present=True)
    choices = ", ".join((*states.present, *states.absent, *states.exempt))

    def read(cell: Cell) -> Said:
        text, wide = half_width(cell)
        if text not in words:
            raise RefusedError("choice-unknown", choices=choices)
        return Said(text, wide, state=words[text])

    return read


def _value(part: MappedPart | None, states: StateWords) -> Reader:
    words = _words_of(states)

    @cache  # a column of ten thousand rows has a hundred values
    def of_text(text: str) -> Decimal | RowState:
        if text in words:
            return words[text]
        match = _DECIMAL.fullmatch(text.translate(_MINUS))
        if match is None:
            raise RefusedError("batch-value-invalid")
        whole, decimals = match[2], (match[3] or "").rstrip("0")
        value = Decimal(f"{whole}.{decimals}" if decimals else whole)
        if match[1] and value:
            raise RefusedError("batch-value-negative")
        if part is not None:
            check_value(value, part)
        return value

    def read(cell: Cell) -> Said:
        if isinstance(cell, bool):
            raise RefusedError("batch-value-invalid")
        text, wide = half_width(cell)
        found = of_text(text)
        return Said(text, wide, value=found) if isinstance(found, Decimal) else Said(text, wide, state=found)

    return read


def _words_of(states: StateWords, *, present: bool = False) -> dict[str, RowState]:
    spelled: list[tuple[RowState, tuple[str, ...]]] = [("absent", states.absent), ("exempt", states.exempt)]
    if present:
        spelled.append(("present", states.present))
    return {half_width(word)[0]: state for state, words in spelled for word in words}
