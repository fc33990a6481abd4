"""Applications on their way in: checked rows go into the database by COPY, in one transaction.

Rows are found again by their application number, so the same file, or a corrected copy of it, can be
imported as often as wanted. `cases/starting.py` then starts a case for each.
"""

import hashlib
import uuid
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from activities.kernel.database import Connection, copy_into
from activities.kernel.queries import queries
from schemas.admission.applications import ApplicationRow
from schemas.admission.identifiers import ROUND_ATTRIBUTE, admission_case_id
from schemas.kernel.people import NumberedRow

SQL: Final = queries("admission/imports")
Rows = Sequence[NumberedRow[ApplicationRow]]
PATIENCE: Final = 300.0
"""Seconds for one statement of an import; the pool's own limit is for a person's single question."""
PERSON_COLUMNS: Final = (
    "family_name",
    "given_name",
    "family_kana",
    "given_kana",
    "birth_date",
    "sex",
    "email",
    "phone",
    "postal_code",
    "address",
    "guardian_name",
    "language",
)
APPLICATION_COLUMNS: Final = (
    "application_no",
    "round_id",
    "programme",
    "further_choices",
    "school_name",
    "school_code",
    "school_contact_email",
    "related_staff",
    "statement",
    "submitted_on",
    "accommodation_requested_on",
    "accommodation_sudden",
)


@dataclass(frozen=True)
class Stored:
    """What storing found: the batch, None when nothing was new; and the rows that hindered it."""

    batch_id: uuid.UUID | None
    added: int
    known: int
    conflicting: tuple[NumberedRow[ApplicationRow], ...] = ()


async def differing(connection: Connection, rows: Rows) -> Rows:
    """Rows whose application number is stored with other content."""
    known = await _known(connection, rows)
    return [
        row
        for row in rows
        if (stored := known.get(row.data.application_no)) is not None and stored != _digest(row.data)
    ]


async def contradicting_accounts(connection: Connection, rows: Iterable[NumberedRow[ApplicationRow]]) -> Rows:
    """Rows whose portal account is on record for somebody with another reading or birth date."""
    accounts = {_identity(row.data) for row in rows if row.data.applicant_account}
    found = await connection.fetch(SQL["owners_of_accounts"], list(accounts), timeout=PATIENCE)
    owners = {each["identity_key"]: tuple(each)[1:] for each in found}
    return [
        row
        for row in rows
        if row.data.applicant_account
        and owners.get(_identity(row.data), _person(row.data)) != _person(row.data)
    ]


async def store_applications(
    connection: Connection,
    rows: Rows,
    *,
    file_sha256: str,
    round_id: str,
    skipped: int,
    imported_by: str,
    starts_itself: bool = False,
) -> Stored:
    """Store the checked rows of a round in one transaction; what is stored already is left as it is.

    A batch is what one import has added. When a row's number exists with other content, or its account
    is another person's, the rows are returned as conflicting and nothing is stored. With `starts_itself`
    the relay starts whatever nobody else has started.
    """
    async with connection.transaction():
        for limit in ("statement_timeout", "lock_timeout"):
            await connection.execute(f"SET LOCAL {limit} = {int(PATIENCE * 1000)}")
        await connection.execute(SQL["lock_imports"], timeout=PATIENCE)
        known = await _known(connection, rows)
        new = _New(rows, known)
        unfit = (*await differing(connection, rows), *await contradicting_accounts(connection, new))
        if unfit or next(iter(new), None) is None:
            return Stored(None, 0, len(known), unfit)
        batch = (uuid.uuid4(), file_sha256, round_id, len(rows), skipped, imported_by)
        await connection.execute(SQL["add_batch"], *batch)
        people = await _store_people(connection, new)
        await copy_into(
            connection,
            "applications",
            (*APPLICATION_COLUMNS, "case_id", "person_id", "row_sha256"),
            (_application(row.data, people[_identity(row.data)]) for row in new),
            patience=PATIENCE,
        )
        stored = await copy_into(
            connection,
            "import_rows",
            ("application_no", "batch_id", "row"),
            ((row.data.application_no, batch[0], row.row) for row in new),
            patience=PATIENCE,
        )
        await connection.execute(
            SQL["add_starts"], batch[0], starts_itself, ROUND_ATTRIBUTE, timeout=PATIENCE
        )
    return Stored(batch[0], stored, len(known))


@dataclass(frozen=True)
class _New:
    """The rows that are not stored yet, gone through as often as wanted and never all in memory."""

    rows: Rows
    known: Container[str]

    def __iter__(self) -> Iterator[NumberedRow[ApplicationRow]]:
        return (row for row in self.rows if row.data.application_no not in self.known)


async def _known(connection: Connection, rows: Rows) -> dict[str, str]:
    numbers = [row.data.application_no for row in rows]
    found = await connection.fetch(SQL["known_applications"], numbers, timeout=PATIENCE)
    return {row["application_no"]: row["row_sha256"] for row in found}


def _application(row: ApplicationRow, person_id: uuid.UUID) -> tuple[Any, ...]:
    values = (getattr(row, name) for name in APPLICATION_COLUMNS)
    return (*values, admission_case_id(row.application_no), person_id, _digest(row))


async def _store_people(
    connection: Connection, rows: Iterable[NumberedRow[ApplicationRow]]
) -> dict[str, uuid.UUID]:
    await connection.execute(SQL["make_room_for_people"])
    await connection.copy_records_to_table(
        "arriving",
        columns=("person_id", "identity_key", "account", *PERSON_COLUMNS, "place"),
        records=(
            (
                *(uuid.uuid4(), _identity(row.data), row.data.applicant_account),
                *(getattr(row.data, name) for name in PERSON_COLUMNS),
                place,
            )
            for place, row in enumerate(rows)
        ),
        timeout=PATIENCE,
    )
    await connection.execute(SQL["take_in_people"], timeout=PATIENCE)
    found = await connection.fetch(SQL["people_that_arrived"], timeout=PATIENCE)
    await connection.execute(SQL["leave_room"])
    return {row["identity_key"]: row["person_id"] for row in found}


def _identity(row: ApplicationRow) -> str:
    if row.applicant_account:
        parts = ["account", row.applicant_account]
    else:
        parts = ["person", row.family_kana, row.given_kana, row.birth_date.isoformat(), row.email.lower()]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def _person(row: ApplicationRow) -> tuple[Any, ...]:
    return (row.family_kana, row.given_kana, row.birth_date)


def _digest(row: ApplicationRow) -> str:
    # without defaults: a column that a later version adds leaves the digests of earlier files as they were
    return hashlib.sha256(row.model_dump_json(exclude_defaults=True).encode()).hexdigest()
