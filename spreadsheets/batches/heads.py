"""What a batch names of itself: by whoever hands it in, and in the rows above its header."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Final

from schemas.kernel.batches import BatchHead, BatchMapping
from spreadsheets.batches.columns import half_width
from spreadsheets.batches.gathering import words_of, year_words
from spreadsheets.faults import Fault, RefusedError, fault
from spreadsheets.values import Cell
from spreadsheets.workbook import Table

_ITEMS: Final = {"year": "年度", "exam": "試験", "part": "科目・区分", "rows": "件数", "sum": "合計"}
_YEAR: Final = re.compile(r"([0-9]{4})(?:年度?)?")
_WHOLE: Final = re.compile(r"[0-9]{1,9}")
_SUM: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,3})?")


def complete_head(
    mapping: BatchMapping, given: BatchHead, table: Table | None, header_row: int
) -> tuple[BatchHead, list[Fault]]:
    """Put together what was given and what the file says above its header, whose row counts from 0."""
    faults: list[Fault] = []
    values = given.model_dump(exclude_none=True)
    own = _own_values(mapping, [] if table is None else list(islice(table.rows, header_row)))
    for name, (row, text) in own.items():
        try:
            value = _READERS[name](mapping, text)
        except RefusedError as refused:
            faults.append(_fault(refused.code, name, mapping, row))
            continue
        if values.setdefault(name, value) != value:
            faults.append(_fault("batch-head-differs", name, mapping, row))
    needed = ("year", "exam", "rows", "sum") if mapping.counted else ("year", "exam", "rows")
    faults += [
        _fault("batch-head-missing", name, mapping, None)
        for name in needed
        if values.get(name) is None and name not in own
    ]
    head = BatchHead.model_validate(values)
    faults += _faults_of_names(mapping, head, faults)
    return head, faults


def _faults_of_names(mapping: BatchMapping, head: BatchHead, before: list[Fault]) -> Iterator[Fault]:
    told = {found.code for found in before}
    if head.year not in (None, mapping.year) and "batch-year-wrong" not in told:
        yield _fault("batch-year-wrong", "year", mapping, None)
    if head.exam not in (None, mapping.exam) and "batch-exam-wrong" not in told:
        yield _fault("batch-exam-wrong", "exam", mapping, None)
    if head.part is not None and not mapping.named_part(head.part):
        yield _fault("batch-part-unknown", "part", mapping, None)


def _own_values(mapping: BatchMapping, rows: Sequence[Sequence[Cell]]) -> dict[str, tuple[int, str]]:
    labels = {half_width(label)[0]: name for name in _ITEMS for label in getattr(mapping.head, name)}
    found: dict[str, tuple[int, str]] = {}
    for number, row in enumerate(rows, 1):
        texts = [text for cell in row if (text := half_width(cell)[0])]
        for at, text in enumerate(texts):
            label, mark, rest = text.partition(":")
            if mark and rest.strip() and (name := labels.get(label.strip())) is not None:
                found.setdefault(name, (number, rest.strip()))
            elif (name := labels.get(text.rstrip(":").strip())) is not None and at + 1 < len(texts):
                found.setdefault(name, (number, texts[at + 1]))
    return found


def _year(mapping: BatchMapping, text: str) -> int:
    if text in year_words(mapping):
        return mapping.year
    if match := _YEAR.fullmatch(text):
        return int(match[1])
    raise RefusedError("batch-year-wrong")


def _exam(mapping: BatchMapping, text: str) -> str:
    if text not in words_of(mapping.exam, mapping.exam_words):
        raise RefusedError("batch-exam-wrong")
    return mapping.exam


def _part(mapping: BatchMapping, text: str) -> str:
    for part in mapping.parts:
        if text in words_of(part.code, part.codes):
            return part.code
        if text == part.subject:
            return part.subject
    raise RefusedError("batch-part-unknown")


def _rows(_mapping: BatchMapping, text: str) -> int:
    if not _WHOLE.fullmatch(text.replace(",", "")):
        raise RefusedError("batch-head-unreadable")
    return int(text.replace(",", ""))


def _sum(_mapping: BatchMapping, text: str) -> Decimal:
    if not _SUM.fullmatch(text.replace(",", "")):
        raise RefusedError("batch-head-unreadable")
    return Decimal(text.replace(",", ""))


_READERS: Final[Mapping[str, Callable[[BatchMapping, str], object]]] = {
    "year": _year,
    "exam": _exam,
    "part": _part,
    "rows": _rows,
    "sum": _sum,
}


def _fault(code: str, name: str, mapping: BatchMapping, row: int | None) -> Fault:
    told = {"item": f"{_ITEMS[name]} ({name})", "year": mapping.year, "exam": mapping.exam}
    return fault(code, row=row, parameters=told)
