"""Storing applications: whole, once, and one person as one person."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from activities.admission.applications import Stored, contradicting_accounts, differing, store_applications
from activities.kernel.database import open_pool
from schemas.kernel.people import NumberedRow
from tests.office import person
from tests.workflows.conftest import pool, vacant  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name

ROUND = "2027-comprehensive"


@pytest.fixture
async def office(database, vacant) -> AsyncIterator[asyncpg.Pool]:
    """Connections with the office's rights, which must do."""
    pool = await open_pool(database.url("office"), size=4)
    yield pool
    await pool.close()


def numbered(*rows):
    return [NumberedRow(number, row) for number, row in enumerate(rows, 2)]


async def store(office: asyncpg.Pool, rows, sha256: str = "0" * 64, skipped: int = 0) -> Stored:
    async with office.acquire() as connection:
        return await store_applications(
            connection, rows, file_sha256=sha256, round_id=ROUND, skipped=skipped, imported_by="office-1"
        )


async def test_stored_once(office, pool) -> None:
    """The same rows again add nothing, not even a batch."""
    rows = numbered(person(), person())

    first, again = await store(office, rows), await store(office, rows)

    assert (first.added, first.known) == (2, 0)
    assert (again.batch_id, again.added, again.known) == (None, 0, 2)
    assert await pool.fetchval("SELECT count(*) FROM iehe.import_batches") == 1
    assert await pool.fetchval("SELECT count(*) FROM iehe.case_starts WHERE started_at IS NULL") == 2


async def test_conflict_stores_nothing(office, pool) -> None:
    """One number with other content keeps the whole file out and is named."""
    known = person()
    await store(office, numbered(known))
    changed = known.model_copy(update={"programme": "law"})

    stored = await store(office, numbered(person(), changed))

    assert [row.row for row in stored.conflicting] == [3]
    assert await pool.fetchval("SELECT count(*) FROM iehe.applications") == 1
    assert await pool.fetchval("SELECT programme FROM iehe.applications") == known.programme


async def test_one_person_with_the_latest_address(office, pool) -> None:
    """Two applications under one account are one person, reached as the later one says."""
    first = person(applicant_account="account-1")
    same = ("family_name", "given_name", "family_kana", "given_kana", "birth_date")
    second = person(
        applicant_account="account-1",
        address="見本県新市1-1",
        **{name: getattr(first, name) for name in same},
    )

    await store(office, numbered(first))
    await store(office, numbered(second))

    assert await pool.fetchval("SELECT count(DISTINCT person_id) FROM iehe.applications") == 1
    assert await pool.fetchval("SELECT address FROM iehe.people") == "見本県新市1-1"


async def test_account_of_another(office, pool) -> None:
    """An account with another birth date on record is reported and stores nothing."""
    await store(office, numbered(person(applicant_account="account-1")))
    other = numbered(person(applicant_account="account-1"))

    stored = await store(office, other)

    async with office.acquire() as connection:
        assert list(await contradicting_accounts(connection, other)) == other
        assert list(await differing(connection, other)) == []
    assert list(stored.conflicting) == other
    assert await pool.fetchval("SELECT count(*) FROM iehe.applications") == 1


async def test_two_imports_at_once(office, pool) -> None:
    """Two people importing the same file at the same time store it once."""
    rows = numbered(*(person() for _ in range(50)))

    both = await asyncio.gather(store(office, rows), store(office, rows))

    assert sorted(stored.added for stored in both) == [0, 50]
    assert await pool.fetchval("SELECT count(*) FROM iehe.import_rows") == 50


async def test_a_new_optional_column_changes_no_digest(office, monkeypatch) -> None:
    """Values left at their defaults are no part of a row's content."""
    row = person()
    await store(office, numbered(row))
    spelled_out = type(row)(**{**row.model_dump(exclude_defaults=True), "accommodation_sudden": False})

    assert (await store(office, numbered(spelled_out))).known == 1


async def test_office_cannot_change_what_is_stored(office) -> None:
    """The office's role adds applications and deletes unused texts; it alters neither application nor log."""
    await store(office, numbered(person()))

    for statement in (
        "UPDATE iehe.applications SET programme = 'law'",
        "DELETE FROM iehe.applications",
        "UPDATE iehe.notices SET message = 'other'",
        "UPDATE iehe.texts SET sealed = ''",
        "DELETE FROM iehe.case_log",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await office.execute(statement)
