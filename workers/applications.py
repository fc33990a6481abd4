"""Applications on their way in: checked rows into the database by COPY, then one workflow for each.

Both halves may be killed anywhere and run again. Rows are stored in one transaction and found again by
their application number; a row counts as started only after Temporal has the workflow, and starting it
a second time finds it there.
"""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
from temporalio.client import Client
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError

from schemas.admission import OpenApplication
from schemas.applications import ApplicationRow
from schemas.identifiers import CASES_QUEUE, ProcessName, SearchAttribute, admission_case_id
from workers.intake.rows import NumberedRow

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
    "school_name",
    "school_code",
    "school_contact_email",
    "related_staff",
    "statement",
    "submitted_on",
    "accommodation_requested_on",
    "accommodation_sudden",
)
START_CONCURRENCY: Final = 50
MARK_EVERY: Final = 100


@dataclass(frozen=True)
class Stored:
    """What storing found: the batch, how many rows are new, and numbers that exist with other content."""

    batch_id: uuid.UUID
    added: int
    known: int
    conflicting: tuple[NumberedRow[ApplicationRow], ...] = ()


class UnknownRoundError(Exception):
    """The round of a row is not declared."""


async def store_applications(
    connection: asyncpg.Connection,
    rows: Sequence[NumberedRow[ApplicationRow]],
    *,
    file_sha256: str,
    round_id: str,
    skipped: int,
    imported_by: str,
) -> Stored:
    """Store a checked file in one transaction; the same file again adds nothing and finds its batch.

    An application number that exists with other content is left as it is and reported; then nothing of
    the file is stored.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('iehe/import', 0))")
        known = {
            row["application_no"]: row["row_sha256"]
            for row in await connection.fetch(
                "SELECT application_no, row_sha256 FROM iehe.applications "
                "WHERE application_no = ANY ($1::text[])",
                [row.data.application_no for row in rows],
            )
        }
        digests = {row.data.application_no: _digest(row.data) for row in rows}
        conflicting = tuple(
            row
            for row in rows
            if known.get(row.data.application_no, digests[row.data.application_no])
            != digests[row.data.application_no]
        )
        if conflicting:
            return Stored(uuid.UUID(int=0), 0, len(known) - len(conflicting), conflicting)
        batch_id = await _batch(connection, file_sha256, round_id, len(rows), skipped, imported_by)
        new = [row for row in rows if row.data.application_no not in known]
        people = await _store_people(connection, new)
        await connection.copy_records_to_table(
            "applications",
            schema_name="iehe",
            columns=(*APPLICATION_COLUMNS, "case_id", "person_id", "row_sha256"),
            records=(
                (
                    *(getattr(row.data, name) for name in APPLICATION_COLUMNS),
                    admission_case_id(row.data.application_no),
                    people[_identity(row.data)],
                    digests[row.data.application_no],
                )
                for row in new
            ),
        )
        listed = await connection.fetchval(
            "SELECT count(*) FROM iehe.import_rows WHERE batch_id = $1", batch_id
        )
        if not listed:
            await connection.copy_records_to_table(
                "import_rows",
                schema_name="iehe",
                columns=("batch_id", "row", "application_no"),
                records=((batch_id, row.row, row.data.application_no) for row in rows),
            )
        return Stored(batch_id, len(new), len(known))


async def _batch(
    connection: asyncpg.Connection, sha256: str, round_id: str, rows: int, skipped: int, imported_by: str
) -> uuid.UUID:
    await connection.execute(
        "INSERT INTO iehe.import_batches (batch_id, file_sha256, round_id, rows, skipped, imported_by) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        uuid.uuid4(),
        sha256,
        round_id,
        rows,
        skipped,
        imported_by,
    )
    batch_id: uuid.UUID = await connection.fetchval(
        "SELECT batch_id FROM iehe.import_batches WHERE file_sha256 = $1 AND round_id = $2 AND skipped = $3",
        sha256,
        round_id,
        skipped,
    )
    return batch_id


async def _store_people(
    connection: asyncpg.Connection, rows: Iterable[NumberedRow[ApplicationRow]]
) -> dict[str, uuid.UUID]:
    people = {_identity(row.data): row.data for row in rows}
    await connection.execute(
        "CREATE TEMPORARY TABLE arriving ON COMMIT DROP AS SELECT * FROM iehe.people WITH NO DATA"
    )
    await connection.copy_records_to_table(
        "arriving",
        columns=("person_id", "identity_key", "account", *PERSON_COLUMNS),
        records=(
            (uuid.uuid4(), key, row.applicant_account, *(getattr(row, name) for name in PERSON_COLUMNS))
            for key, row in people.items()
        ),
    )
    await connection.execute(
        "INSERT INTO iehe.people SELECT * FROM arriving ON CONFLICT (identity_key) DO NOTHING"
    )
    found = await connection.fetch(
        "SELECT identity_key, person_id FROM iehe.people WHERE identity_key = ANY ($1::text[])", list(people)
    )
    return {row["identity_key"]: row["person_id"] for row in found}


def _identity(row: ApplicationRow) -> str:
    if row.applicant_account:
        parts = ["account", row.applicant_account]
    else:
        parts = ["person", row.family_kana, row.given_kana, row.birth_date.isoformat(), row.email.lower()]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def _digest(row: ApplicationRow) -> str:
    return hashlib.sha256(row.model_dump_json().encode()).hexdigest()


async def start_case(client: Client, application_no: str, round_id: str) -> bool:
    """Start the case of an application; False when it was started before, running or ended."""
    attributes = TypedSearchAttributes(
        [
            SearchAttributePair(
                SearchAttributeKey.for_keyword(SearchAttribute.PROCESS), ProcessName.ADMISSION_REVIEW
            ),
            SearchAttributePair(SearchAttributeKey.for_keyword(SearchAttribute.ROUND), round_id),
        ]
    )
    try:
        await client.start_workflow(
            ProcessName.ADMISSION_REVIEW,
            OpenApplication(application_no=application_no),
            id=admission_case_id(application_no),
            task_queue=CASES_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            search_attributes=attributes,
            static_summary=f"Admission review of {application_no} / 入学者選抜 {application_no}",
        )
    except WorkflowAlreadyStartedError:
        return False
    return True


async def start_batch(
    pool: asyncpg.Pool, client: Client, batch_id: uuid.UUID, round_id: str
) -> AsyncIterator[int]:
    """Start what is left of a batch, bounded in concurrency; yields how many more have been started."""
    todo = await pool.fetch(
        "SELECT row, application_no FROM iehe.import_rows "
        "WHERE batch_id = $1 AND started_at IS NULL ORDER BY row",
        batch_id,
    )
    for first in range(0, len(todo), MARK_EVERY):
        part = todo[first : first + MARK_EVERY]
        gate = asyncio.Semaphore(START_CONCURRENCY)

        async def start(application_no: str, gate: asyncio.Semaphore = gate) -> None:
            async with gate:
                await start_case(client, application_no, round_id)

        async with asyncio.TaskGroup() as group:
            for row in part:
                group.create_task(start(row["application_no"]))
        await pool.execute(
            "UPDATE iehe.import_rows SET started_at = now() WHERE batch_id = $1 AND row = ANY ($2::int[])",
            batch_id,
            [row["row"] for row in part],
        )
        yield len(part)


async def store_staff(connection: asyncpg.Connection, rows: Iterable[Any]) -> int:
    """Add or update staff; who is not in the file stays as they are. Returns how many were given."""
    records = [
        (
            row.staff_id,
            row.name,
            row.email,
            row.language,
            sorted(role.value for role in row.roles),
            row.load_cap,
            row.available_from,
            row.available_to,
            row.phone,
            row.address,
            "[" + ",".join(employer.model_dump_json() for employer in row.employers) + "]",
            list(row.relations),
        )
        for row in rows
    ]
    async with connection.transaction():
        await connection.executemany(
            "INSERT INTO iehe.staff (staff_id, name, email, language, roles, load_cap, available_from, "
            "available_to, phone, address, employers, relations) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
            "ON CONFLICT (staff_id) DO UPDATE SET name = excluded.name, email = excluded.email, "
            "language = excluded.language, roles = excluded.roles, load_cap = excluded.load_cap, "
            "available_from = excluded.available_from, available_to = excluded.available_to, "
            "phone = excluded.phone, address = excluded.address, employers = excluded.employers, "
            "relations = excluded.relations, active = true",
            records,
        )
    return len(records)
