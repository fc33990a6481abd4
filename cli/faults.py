"""Faults of a file as the office reads them: a line each, never cut, or all of them as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from schemas.admission.applications import ApplicationRow
    from spreadsheets.faults import Fault, Severity
    from spreadsheets.rows import Checked

SHOWN: Final = 30


class StoredFault(StrEnum):
    """What is wrong with a row only in the light of what is stored."""

    ALREADY_IMPORTED_DIFFERENTLY = "already-imported-differently"
    ACCOUNT_OF_ANOTHER = "account-of-another"
    ROUND_UNKNOWN = "round-unknown"
    SUBMITTED_LATE = "submitted-late"


_TEXTS: Final[dict[StoredFault, tuple[str, str, str]]] = {
    StoredFault.ALREADY_IMPORTED_DIFFERENTLY: (
        "application_no",
        "この受験番号は異なる内容で取り込み済みです。登録済みの内容は変更されません",
        "this application number is stored with other content, which stays as it is",
    ),
    StoredFault.ACCOUNT_OF_ANOTHER: (
        "applicant_account",
        "このポータルIDは氏名カナまたは生年月日が異なる人で登録済みです",
        "this portal account is on record for somebody with another reading or date of birth",
    ),
    StoredFault.ROUND_UNKNOWN: (
        "round_id",
        "登録されていない選抜区分です（iehe round list）",
        "the round is not declared (iehe round list)",
    ),
    StoredFault.SUBMITTED_LATE: (
        "submitted_on",
        "出願期間の終了後に提出されています。取り込めますが、方針により許可待ちになるか、遅延として記録されます",
        "submitted after the round had closed; its case waits for a permit, or is marked late, by policy",
    ),
}


def stored_faults(checked: Checked[ApplicationRow], rows: Iterable[int], kind: StoredFault) -> list[Fault]:
    """One fault for each of the rows, in the same form as those of the check; what is late is a warning."""
    from spreadsheets.faults import Fault

    field, japanese, english = _TEXTS[kind]
    column, position = checked.layout.label(field) if checked.layout is not None else (None, None)
    severity: Severity = "warning" if kind is StoredFault.SUBMITTED_LATE else "error"
    return [Fault(row, column, kind, japanese, english, severity, position) for row in sorted(rows)]


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
