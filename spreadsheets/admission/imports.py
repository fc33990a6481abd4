"""A file of applications on its way in, for every door: checked by itself and against what is stored, and
stored whole or not at all.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg

from activities.admission.applications import (
    PATIENCE,
    contradicting_accounts,
    differing,
    store_applications,
)
from activities.kernel.database import Connection
from activities.kernel.queries import queries
from schemas.admission.applications import ApplicationRow
from schemas.kernel.japan import TOKYO
from schemas.kernel.people import NumberedRow
from spreadsheets.admission.checking import check_file
from spreadsheets.admission.mappings import kept_mappings
from spreadsheets.admission.stored_faults import StoredFault, stored_faults
from spreadsheets.faults import Fault, fault
from spreadsheets.rows import Checked, Told, tell_nobody
from spreadsheets.spool import SpooledRows

SQL: Final = queries("admission/imports")
AT_ONCE: Final = 5_000
"""Rows that are held against the database in one question."""
Rows = Sequence[NumberedRow[ApplicationRow]]


class RoundUnknownError(LookupError):
    """There is no such round to import into; `known` are those that there are."""

    def __init__(self, round_id: str, known: list[str]) -> None:
        super().__init__(round_id)
        self.round_id, self.known = round_id, known


class ChangedMeanwhileError(RuntimeError):
    """Another import stored some of the applications with other content: nothing was stored."""


@dataclass(frozen=True, slots=True)
class DeclaredRound:
    """What a round on record says of its applications; they are submitted until the end of `last_day`."""

    programmes: frozenset[str]
    last_day: date


@dataclass(frozen=True)
class CheckedImport:
    """A file that was checked: what is wrong with it, and which of its rows can be stored.

    Args:
        checked: the file with its faults, those against what is stored included.
        numbers: the application numbers of the good rows, in the order of the file.
        rounds: by round, the numbers of its good rows.
    """

    checked: Checked[ApplicationRow]
    numbers: tuple[str, ...]
    rounds: Mapping[str, frozenset[int]]

    @property
    def valid(self) -> int:
        """How many rows can be stored."""
        return len(self.numbers)

    @property
    def left_out(self) -> int:
        """How many rows cannot."""
        return self.checked.total - self.valid

    def good_of(self, round_id: str) -> Rows:
        """The rows of a round that can be stored."""
        return self._rows(self.rounds[round_id])

    def _rows(self, wanted: Container[int]) -> Rows:
        rows = self.checked.rows
        return rows.where(wanted.__contains__) if isinstance(rows, SpooledRows) else rows


@dataclass(frozen=True)
class StoredBatch:
    """What an import has added to a round; `batch_id` None: nothing was new."""

    round_id: str
    batch_id: UUID | None
    added: int
    known: int


async def check_import(
    pool: asyncpg.Pool,
    path: Path,
    round_id: str | None,
    mapping: Mapping[str, str] | None = None,
    told: Told = tell_nobody,
) -> CheckedImport:
    """Read a whole file and hold it against what is declared and stored; nothing is changed.

    Args:
        pool: connections of the office role.
        path: the file.
        round_id: the round of every row; None where rows name theirs.
        mapping: what the office says now of its columns.
        told: hears how far it is, in the thread that reads.

    Raises:
        RoundUnknownError: the round is not on record.
    """
    declared = await _declared(pool, round_id)
    programmes = frozenset[str]().union(*(each.programmes for each in declared.values()))
    kept = await kept_mappings(pool)
    # in a thread, so that everything else goes on during the seconds that a large file takes
    checked = await asyncio.to_thread(
        check_file,
        path,
        round_id=round_id,
        known_programmes=programmes,
        today=datetime.now(TOKYO).date(),
        mapping=mapping or {},
        kept_mappings=kept,
        told=told,
    )
    async with pool.acquire() as connection:
        return await _compare(connection, checked, declared)


async def _declared(pool: asyncpg.Pool, round_id: str | None) -> dict[str, DeclaredRound]:
    rounds = {
        row["round_id"]: DeclaredRound(
            frozenset(row["programmes"]), row["closes_at"].astimezone(TOKYO).date()
        )
        for row in await pool.fetch(SQL["rounds"])
    }
    if round_id is None:
        return rounds
    if round_id not in rounds:
        raise RoundUnknownError(round_id, list(rounds))
    return {round_id: rounds[round_id]}


async def _compare(
    connection: Connection, checked: Checked[ApplicationRow], declared: Mapping[str, DeclaredRound]
) -> CheckedImport:
    """Hold the rows against what is declared and stored, some at a time; keep which are good."""
    unknown, elsewhere, other, account, late = (set[int]() for _ in range(5))
    keys: dict[int, tuple[str, str]] = {}
    rows = iter(checked.rows)
    while some := list(islice(rows, AT_ONCE)):
        for row in some:
            given = declared.get(row.data.round_id)
            if given is None:
                unknown.add(row.row)
            elif not {row.data.programme, *row.data.further_choices} <= given.programmes:
                elsewhere.add(row.row)
            elif row.data.submitted_on > given.last_day:
                late.add(row.row)
            keys[row.row] = (row.data.application_no, row.data.round_id)
        other |= {row.row for row in await differing(connection, some)}
        account |= {row.row for row in await contradicting_accounts(connection, some)} - other
    found = [
        *stored_faults(checked, unknown, StoredFault.ROUND_UNKNOWN),
        *_programmes_unknown(checked, elsewhere),
        *stored_faults(checked, other, StoredFault.ALREADY_IMPORTED_DIFFERENTLY),
        *stored_faults(checked, account, StoredFault.ACCOUNT_OF_ANOTHER),
        *stored_faults(checked, late, StoredFault.SUBMITTED_LATE),
    ]
    bad = unknown | elsewhere | other | account
    good = {number: key for number, key in keys.items() if number not in bad}
    rounds = defaultdict[str, set[int]](set)
    for row_number, (_, round_id) in good.items():
        rounds[round_id].add(row_number)
    return CheckedImport(
        replace(checked, faults=(*checked.faults, *found)),
        tuple(number for number, _ in good.values()),
        {round_id: frozenset(numbers) for round_id, numbers in rounds.items()},
    )


def _programmes_unknown(checked: Checked[ApplicationRow], rows: set[int]) -> list[Fault]:
    column, at = checked.layout.label("programme") if checked.layout is not None else (None, None)
    return [fault("programme-unknown", row=row, column=column, position=at) for row in sorted(rows)]


async def known_of(pool: asyncpg.Pool, found: CheckedImport) -> int:
    """How many of the good rows are stored already."""
    known = 0
    for start in range(0, found.valid, AT_ONCE):
        numbers = list(found.numbers[start : start + AT_ONCE])
        known += len(await pool.fetch(SQL["known_applications"], numbers))
    return known


async def store_import(
    pool: asyncpg.Pool, found: CheckedImport, imported_by: str, *, starts_itself: bool = False
) -> list[StoredBatch]:
    """Store the good rows of every round in one transaction; what is stored already stays as it is.

    With `starts_itself` the relay starts the cases.

    Raises:
        ChangedMeanwhileError: another import came before it; nothing is stored.
    """
    batches = []
    connection: Any
    async with pool.acquire() as connection, connection.transaction():
        for round_id in sorted(found.rounds):
            stored = await store_applications(
                connection,
                found.good_of(round_id),
                file_sha256=found.checked.sha256 or "",
                round_id=round_id,
                skipped=found.left_out,
                imported_by=imported_by,
                starts_itself=starts_itself,
            )
            if stored.conflicting:
                raise ChangedMeanwhileError
            batches.append(StoredBatch(round_id, stored.batch_id, stored.added, stored.known))
        if starts_itself:
            # what an earlier import has stored and not started is started too
            await connection.execute(SQL["let_start"], list(found.numbers), timeout=PATIENCE)
    return batches
