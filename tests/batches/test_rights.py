"""Who may do what with batches in the database, and that they go with their case."""

import json
from uuid import UUID

import asyncpg
import pytest

from tests.batches.board import CASE, Board
from tests.batches.test_corrections import confirm, propose
from tests.conftest import Database, others
from workers.policies import load_defaults

FIRST = (("000101", "150", "80.5"), ("000102", "0", "欠"))
TABLES = (
    "batch_value_changes",
    "batch_values",
    "batch_proposals",
    "batch_rows",
    "batches",
    "batch_standings",
)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE iehe.batches SET state = 'accepted'",
        "INSERT INTO iehe.batch_values (case_id, kind, number, part) VALUES ('', '', '', '')",
        "UPDATE iehe.batch_values SET value = 1",
        "DELETE FROM iehe.batch_rows",
        "SELECT iehe.accept_batch(gen_random_uuid(), '', '', now())",
        "SELECT iehe.confirm_value(gen_random_uuid(), '', now())",
        "SELECT iehe.lock_standing('', '')",
    ],
)
async def test_an_office_writes_no_value(board: Board, statement: str) -> None:
    """It loads, compares, drops and proposes; what stands is written by steps."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await board.office.execute(statement)


async def test_an_office_brings_in_no_batch_that_is_accepted(board: Board) -> None:
    """State and persons of an acceptance are no columns of its own."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await board.office.execute("INSERT INTO iehe.batches (case_id, state) VALUES ($1, 'accepted')", CASE)


@pytest.mark.parametrize("table", ["batch_rows", "batch_values", "batches", "batch_value_changes"])
async def test_a_worker_writes_by_the_functions_alone(board: Board, table: str) -> None:
    """No rule's slip rewrites a score."""
    await board.taken(*FIRST)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await board.worker.execute(f"UPDATE iehe.{table} SET case_id = case_id")  # noqa: S608 - our own
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await board.worker.execute(f"DELETE FROM iehe.{table}")  # noqa: S608 - our own


@pytest.mark.parametrize("table", ["batch_rows", "batch_value_changes"])
async def test_evidence_stays_as_it_is(board: Board, table: str) -> None:
    """Not even the owner changes rows that were read or values that stood."""
    await board.taken(*FIRST)
    for statement in ("UPDATE iehe.{} SET value = 1", "DELETE FROM iehe.{}", "TRUNCATE iehe.{}"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await board.owner.execute(statement.format(table))


async def test_an_auditor_reads_hashes_and_no_values(board: Board, database: Database) -> None:
    """Who loaded and accepted what, with which counts."""
    await board.taken(*FIRST)
    auditor = await asyncpg.connect(database.url("auditor"))
    try:
        assert await auditor.fetchval("SELECT loaded_by FROM iehe.batches") == "office-1"
        for table in ("batch_rows", "batch_values", "batch_value_changes", "batch_proposals"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await auditor.execute(f"SELECT FROM iehe.{table}")
    finally:
        await auditor.close()


async def test_the_worker_of_another_home_accepts_nothing(board: Board, database: Database) -> None:
    """Nor does it see that there is anything."""
    batch = await board.load(*FIRST)
    far = await asyncpg.connect(database.url("worker", others()[0].name))
    try:
        assert await far.fetchval("SELECT count(*) FROM iehe.batches") == 0
        with pytest.raises(asyncpg.PostgresError, match="no-such-batch"):
            await far.execute(
                "SELECT iehe.accept_batch($1, $2, 'office-2', now())", UUID(batch["batch"]), batch["hash"]
            )
    finally:
        await far.close()


async def test_all_of_it_goes_with_its_case(board: Board) -> None:
    """Rows, values, history and proposals, counted in the certificate."""
    await load_defaults(board.owner, "admission")
    await board.taken(*FIRST)
    await confirm(board, await propose(board))
    await board.owner.execute("UPDATE iehe.cases SET closed_at = now() - interval '9 years'")
    assert await board.owner.fetchval("SELECT iehe.erase_case('run', $1, 0)", CASE) is True
    for table in TABLES:
        assert await board.count(table) == 0
    rows = json.loads(await board.owner.fetchval("SELECT rows FROM iehe.case_certificates"))
    assert {table: rows[table] for table in TABLES} == {
        "batch_value_changes": 5,
        "batch_values": 4,
        "batch_proposals": 1,
        "batch_rows": 4,
        "batches": 1,
        "batch_standings": 1,
    }
