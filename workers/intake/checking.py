"""Check a file of applications: every row, every fault, nothing imported."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from schemas.applications import ApplicationRow
from workers.intake.application_columns import application_columns
from workers.intake.codes import Code
from workers.intake.dates import age_on, entry_day
from workers.intake.repeats import mark_repeats, same_email, same_person, same_value
from workers.intake.rows import Checked, ReadRow, check_table

YOUNGEST_AT_ENTRY: Final = 14
OLDEST_AT_ENTRY: Final = 100
_DAYS_IN_THE_PAST: Final = ("birth_date", "submitted_on", "accommodation_requested_on")


def check_file(
    path: Path, *, round_id: str | None, known_programmes: frozenset[str] | None, today: date
) -> Checked[ApplicationRow]:
    """Validate an application file without changing anything.

    Args:
        path: a CSV in UTF-8, UTF-16 with BOM or CP932, or an XLSX; told apart by content.
        round_id: the round of the import, which rows may repeat but not contradict; None when every row has
            to name its own.
        known_programmes: codes that a row may name; None when any well-formed code will do.
        today: the day in Tokyo, after which no application can have been submitted.
    """
    entry = entry_day(today)

    def row_rules(row: ReadRow) -> None:
        values = row.values
        for column in _DAYS_IN_THE_PAST:
            day = values.get(column)
            if isinstance(day, date) and day > today:
                row.add(Code.DATE_IN_FUTURE, column)
        born = values.get("birth_date")
        if isinstance(born, date) and born <= today and not _plausible(age_on(born, entry)):
            row.add(Code.AGE_IMPLAUSIBLE, "birth_date", low=YOUNGEST_AT_ENTRY, high=OLDEST_AT_ENTRY)
        number = values.get("application_no")
        if isinstance(number, str) and not any(map(str.isdigit, number)):
            row.add(Code.APPLICATION_NO_WITHOUT_DIGIT, "application_no")
        if round_id is not None and values["round_id"] != round_id:
            row.add(Code.ROUND_MISMATCH, "round_id")
        programme = values.get("programme")
        if known_programmes is not None and programme is not None and programme not in known_programmes:
            row.add(Code.PROGRAMME_UNKNOWN, "programme")
        if values.get("accommodation_sudden") and "accommodation_requested_on" not in values:
            row.add(Code.ACCOMMODATION_DATE_MISSING, "accommodation_requested_on")

    return check_table(
        path,
        ApplicationRow,
        application_columns(round_required=round_id is None),
        row_rules=row_rules,
        file_rules=_file_rules,
        defaults={} if round_id is None else {"round_id": round_id},
    )


def _plausible(age: int) -> bool:
    return YOUNGEST_AT_ENTRY <= age <= OLDEST_AT_ENTRY


def _file_rules(rows: Sequence[ReadRow]) -> None:
    mark_repeats(rows, Code.APPLICATION_NO_REPEATED, "application_no", same_value("application_no"))
    mark_repeats(
        rows,
        Code.ACCOUNT_CONTRADICTION,
        "applicant_account",
        same_value("applicant_account"),
        unless=same_person,
    )
    mark_repeats(rows, Code.PERSON_REPEATED, "family_kana", same_person)
    mark_repeats(rows, Code.PERSON_REPEATED, "email", same_email, unless=same_person)
