"""Faults of a file as the office reads them: a line each, never cut, or all of them as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from spreadsheets.faults import Fault

SHOWN: Final = 30


def as_json(faults: Sequence[Fault]) -> list[dict[str, Any]]:
    """Every fault with stable names."""
    return [
        {
            "row": fault.row,
            "column": fault.column,
            "code": fault.code,
            "severity": fault.severity,
            "message": {"ja": fault.message_ja, "en": fault.message_en},
        }
        for fault in faults
    ]


def show(faults: Sequence[Fault], copy: Path | None) -> None:
    """Print the first of the faults, errors before warnings; the copy has them all."""
    ordered = sorted(faults, key=lambda fault: fault.severity != "error")
    shown, more = ordered[:SHOWN], len(ordered) - SHOWN
    for fault in shown:
        print("\t".join(_cells(fault)))
    if more > 0:
        where = "the annotated copy" if copy is not None else "--json"
        where_ja = "確認結果のファイル" if copy is not None else "--json"
        print(f"… and {more} more, all in {where} / ほか {more} 件（{where_ja}に全件）")


def _cells(fault: Fault) -> tuple[str, ...]:
    place = str(fault.row) if fault.row is not None else "-"
    text = f"{fault.message_ja} / {fault.message_en}"
    return (place, fault.column or "-", f"{fault.severity} {fault.code}", text)
