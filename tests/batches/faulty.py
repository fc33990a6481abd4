"""For each fault that a batch alone can have a file that has it."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from schemas.kernel.batches import BatchHead
from spreadsheets.rows import Checked
from tests.batches.mappings import (
    LONG,
    LONG_HEADER,
    LONG_ROWS,
    WIDE,
    WIDE_HEADER,
    WIDE_ROWS,
    Desk,
    mapping,
    named,
)

Make = Callable[[Path], Checked[Any]]


def _wide(at: int, column: int, value: str, *changes: tuple[str, str]) -> Make:
    rows = [list(row) for row in WIDE_ROWS]
    rows[at][column] = value
    return lambda path: Desk(path.parent).wide(rows, "530.5", *changes).checked


def _long(*rows: Sequence[str], **head: Any) -> Make:
    return lambda path: Desk(path.parent).long(rows, "0", **head).checked


def _head(above: Sequence[Sequence[str]] = (), **changes: Any) -> Make:
    def check(path: Path) -> Checked[Any]:
        of = mapping()
        head = named(of, 4, "530.5").model_copy(update=changes)
        return Desk(path.parent).check(of, [*above, WIDE_HEADER, *WIDE_ROWS], head).checked

    return check


def _part_sorted(path: Path) -> Checked[Any]:
    kana = sorted(row[1] for row in WIDE_ROWS)
    rows = [(row[0], name, *row[2:]) for row, name in zip(WIDE_ROWS, kana, strict=True)]
    return Desk(path.parent).wide(rows).checked


def _shifted(path: Path) -> Checked[Any]:
    return Desk(path.parent).wide([(*row[:2], "3", "4", "80") for row in WIDE_ROWS], "28").checked


def _unnamed(path: Path) -> Checked[Any]:
    return Desk(path.parent).check(mapping(WIDE), [WIDE_HEADER, *WIDE_ROWS], BatchHead()).checked


def _one_fault(row: Sequence[str]) -> Make:
    def check(path: Path) -> Checked[Any]:
        of = mapping(LONG)
        return Desk(path.parent).check(of, [LONG_HEADER, row], named(of, 1, "0")).checked

    return check


BATCHES: Final[Mapping[str, Make]] = {
    "batch-mapping-ambiguous": _wide(0, 0, "1", ('["数学"]', '["問1-1"]'), ('["英語"]', '["問11"]')),
    "batch-year-wrong": _head(year=2026),
    "batch-exam-wrong": _head(exam="late-2027"),
    "batch-part-wrong": _long(LONG_ROWS[0], part="science"),
    "batch-part-unknown": _head(part="art"),
    "batch-head-missing": _unnamed,
    "batch-head-unreadable": _head([("件数", "四")]),
    "batch-head-differs": _head([("件数", "5")]),
    "batch-rows-differ": _head(rows=5),
    "batch-sum-differs": _head(sum=Decimal(1)),
    "batch-number-invalid": _wide(0, 0, "番号1"),
    "batch-number-unknown": _wide(0, 0, "999999"),
    "batch-zeros-lost": _wide(0, 0, "101"),
    "batch-zeros-added": _wide(0, 0, "101", ("width = 6", "width = 6, pad = true")),
    "batch-other-number-differs": _one_fault(("000101", "AA02", "045", "0", "受", "")),
    "batch-full-width": _wide(0, 2, "１５０"),
    "batch-value-invalid": _wide(0, 2, "百"),
    "batch-value-negative": _wide(0, 2, "-1"),
    "batch-value-decimals": _wide(0, 2, "1.5"),
    "batch-over-full": _wide(0, 2, "201"),
    "batch-state-contradicts": _one_fault(("000101", "AA01", "045", "0", "欠", "")),
    "batch-repeated": _long(LONG_ROWS[0], LONG_ROWS[0]),
    "batch-total-differs": _wide(0, 4, "1"),
    "batch-columns-shifted": _shifted,
    "batch-kana-differs": _part_sorted,
}
"""By code."""
