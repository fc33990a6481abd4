"""What is wrong with an application of a file only in the light of what is stored."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from schemas.admission.applications import ApplicationRow
from spreadsheets.faults import Fault, Severity
from spreadsheets.rows import Checked


class StoredFault(StrEnum):
    """Which fault it is."""

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
        "登録されていない選抜区分です（iehe admission round list）",
        "the round is not declared (iehe admission round list)",
    ),
    StoredFault.SUBMITTED_LATE: (
        "submitted_on",
        "出願期間の終了後に提出されています。取り込めますが、方針により許可待ちになるか、遅延として記録されます",
        "submitted after the round had closed; its case waits for a permit, or is marked late, by policy",
    ),
}


def stored_faults(checked: Checked[ApplicationRow], rows: Iterable[int], kind: StoredFault) -> list[Fault]:
    """One fault for each of the rows, in the same form as those of the check; what is late is a warning."""
    field, japanese, english = _TEXTS[kind]
    column, position = checked.layout.label(field) if checked.layout is not None else (None, None)
    severity: Severity = "warning" if kind is StoredFault.SUBMITTED_LATE else "error"
    return [Fault(row, column, kind, japanese, english, severity, position) for row in sorted(rows)]
