"""Check a file of applications: every row, every fault, nothing imported."""

from collections.abc import Hashable, Mapping
from datetime import date
from pathlib import Path

from activities.admission.application_rules import choices_of, contradictions
from schemas.admission.applications import ApplicationRow
from spreadsheets.admission.application_columns import application_form
from spreadsheets.read_row import ReadRow
from spreadsheets.repeats import Repeat, same_email, same_value
from spreadsheets.rows import Checked, Told, check_table, tell_nobody


def check_file(
    path: Path,
    *,
    round_id: str | None,
    known_programmes: frozenset[str] | None,
    today: date,
    mapping: Mapping[str, str] | None = None,
    kept_mappings: Mapping[str, Mapping[str, str]] | None = None,
    told: Told = tell_nobody,
) -> Checked[ApplicationRow]:
    """Validate an application file without changing anything.

    Args:
        path: a CSV in UTF-8, UTF-16 with BOM or CP932, or an XLSX; told apart by content.
        round_id: the round of the import, which rows may repeat but not contradict; None when every row has
            to name its own.
        known_programmes: codes that a row may name; None when any well-formed code will do.
        today: the day in Tokyo, after which no application can have been submitted.
        mapping: what the office says of the columns: header → field, two fields joined by `+`, or `-`.
        kept_mappings: what it has said of others, by the signature of their headers.
        told: called with the rows done and those in all.
    """

    def row_rules(row: ReadRow) -> None:
        values = row.values
        for found in contradictions(values, today):
            row.add(found.code, found.name, **found.params)
        if round_id is not None and values["round_id"] != round_id:
            row.add("round-mismatch", "round_id")
        for name, named in choices_of(values):
            if known_programmes is not None and named not in known_programmes:
                row.add("programme-unknown", name)

    return check_table(
        path,
        ApplicationRow,
        application_form(round_required=round_id is None, given=mapping, kept=kept_mappings),
        row_rules=row_rules,
        repeats=_REPEATS,
        defaults={} if round_id is None else {"round_id": round_id},
        told=told,
    )


def same_person(row: ReadRow) -> Hashable | None:
    """The key of rows whose reading and date of birth are the same."""
    values = row.values
    key = (values.get("family_kana"), values.get("given_kana"), values.get("birth_date"))
    return None if None in key else key


_REPEATS = (
    Repeat("application-no-repeated", "application_no", same_value("application_no")),
    Repeat(
        "account-contradiction",
        "applicant_account",
        same_value("applicant_account"),
        unless=same_person,
    ),
    Repeat("person-repeated", "family_kana", same_person),
    Repeat("person-repeated", "email", same_email, unless=same_person),
)
