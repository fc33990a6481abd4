"""A file of applications, checked by itself and against what is stored, with its annotated copy."""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cli import faults as shown
from cli.admission.mappings import columns_as_json, kept_mappings, show_columns
from cli.admission.stored_faults import StoredFault, stored_faults
from cli.progress import from_thread, progress
from cli.session import CommandError, Session
from schemas.kernel.japan import TOKYO

if TYPE_CHECKING:
    from activities.kernel.database import Connection
    from schemas.admission.applications import ApplicationRow
    from schemas.kernel.people import NumberedRow
    from spreadsheets.rows import Checked

AT_ONCE: Final = 5_000
"""Rows that are held against the database in one question."""


@dataclass(frozen=True, slots=True)
class DeclaredRound:
    """What a round on record says of its applications; they are submitted until the end of `last_day`."""

    programmes: frozenset[str]
    last_day: date


@dataclass
class CheckedFile:
    """A file on its way through the check."""

    session: Session
    file: Path
    round_id: str | None
    mapping: dict[str, str] = field(default_factory=dict)
    xlsx_copy: bool = False
    report: dict[str, Any] = field(default_factory=dict)
    copy: Path | None = None

    checked: Checked[ApplicationRow] = field(init=False)
    good: Sequence[NumberedRow[ApplicationRow]] = field(init=False)
    numbers: list[str] = field(init=False)
    rounds: dict[str, set[int]] = field(init=False)

    async def check(self) -> None:
        """Read the whole file, compare it with what is stored, and write the annotated copy."""
        from spreadsheets.admission.checking import check_file

        declared = await self._declared()
        programmes = frozenset().union(*(each.programmes for each in declared.values()))
        pool = await self.session.pool()
        kept = await kept_mappings(pool)
        with progress("rows checked / 行を確認", 0) as told:
            # in a thread, so that Ctrl-C is heard during the seconds that a large file takes
            self.checked = await asyncio.to_thread(
                check_file,
                self.file,
                round_id=self.round_id,
                known_programmes=programmes,
                today=datetime.now(TOKYO).date(),
                mapping=self.mapping,
                kept_mappings=kept,
                told=from_thread(told),
            )
        if not self.session.as_json:
            show_columns(self.session, self.checked.layout)
        async with pool.acquire() as connection:
            await self._compare(connection, declared)
        self._report()
        await self._annotate()

    async def _declared(self) -> dict[str, DeclaredRound]:
        rounds = {
            row["round_id"]: DeclaredRound(
                frozenset(row["programmes"]), row["closes_at"].astimezone(TOKYO).date()
            )
            for row in await self.session.fetch("admission/imports:rounds")
        }
        if self.round_id is None:
            return rounds
        if self.round_id not in rounds:
            known = ", ".join(rounds) or "-"
            raise CommandError("unknown-round", {"known": list(rounds)}, round_id=self.round_id, known=known)
        return {self.round_id: rounds[self.round_id]}

    async def _compare(self, connection: Connection, declared: dict[str, DeclaredRound]) -> None:
        """Hold the rows against what is declared and stored, some at a time; keep which are good."""
        from activities.admission.applications import contradicting_accounts, differing

        unknown: set[int] = set()
        elsewhere: set[int] = set()
        other: set[int] = set()
        account: set[int] = set()
        late: set[int] = set()
        keys: dict[int, tuple[str, str]] = {}
        rows = iter(self.checked.rows)
        while some := list(islice(rows, AT_ONCE)):
            for row in some:
                given = declared.get(row.data.round_id)
                if given is None:
                    unknown.add(row.row)
                elif row.data.programme not in given.programmes:
                    elsewhere.add(row.row)
                elif row.data.submitted_on > given.last_day:
                    late.add(row.row)
                keys[row.row] = (row.data.application_no, row.data.round_id)
            other |= {row.row for row in await differing(connection, some)}
            account |= {row.row for row in await contradicting_accounts(connection, some)} - other
        self._add(stored_faults(self.checked, unknown, StoredFault.ROUND_UNKNOWN))
        self._add(self._programmes_unknown(elsewhere))
        self._add(stored_faults(self.checked, other, StoredFault.ALREADY_IMPORTED_DIFFERENTLY))
        self._add(stored_faults(self.checked, account, StoredFault.ACCOUNT_OF_ANOTHER))
        self._add(stored_faults(self.checked, late, StoredFault.SUBMITTED_LATE))
        bad = unknown | elsewhere | other | account
        good = {number: key for number, key in keys.items() if number not in bad}
        self.good = self._rows(good)
        self.numbers = [number for number, _ in good.values()]
        self.rounds = defaultdict(set)
        for row_number, (_, round_id) in good.items():
            self.rounds[round_id].add(row_number)

    def _rows(self, wanted: Container[int]) -> Sequence[NumberedRow[ApplicationRow]]:
        from spreadsheets.spool import SpooledRows

        rows = self.checked.rows
        return rows.where(wanted.__contains__) if isinstance(rows, SpooledRows) else rows

    def good_of(self, round_id: str) -> Sequence[NumberedRow[ApplicationRow]]:
        """The good rows of a round."""
        return self._rows(self.rounds[round_id])

    def _programmes_unknown(self, rows: set[int]) -> list[Any]:
        from spreadsheets.faults import fault

        layout = self.checked.layout
        column, at = layout.label("programme") if layout is not None else (None, None)
        return [fault("programme-unknown", row=row, column=column, position=at) for row in sorted(rows)]

    def _add(self, found: list[Any]) -> None:
        self.checked = replace(self.checked, faults=(*self.checked.faults, *found))

    def _report(self) -> None:
        faults = self.checked.faults
        self.report = {
            "file": str(self.file),
            "sha256": self.checked.sha256,
            "encoding": self.checked.encoding,
            "rows": self.checked.total,
            "valid": len(self.good),
            "errors": len(self.checked.errors),
            "warnings": len(faults) - len(self.checked.errors),
            "stored": 0,
            "known": 0,
            "started": 0,
            "batches": [],
            "columns": columns_as_json(self.checked.layout),
            "faults": shown.as_json(faults) if self.session.as_json else [],
        }

    async def _annotate(self) -> None:
        from spreadsheets.annotate import write_annotated

        if self.checked.faults:
            try:
                with progress("annotated copy / 確認結果", 0) as told:
                    kind: Any = "xlsx" if self.xlsx_copy else None
                    self.copy = await asyncio.to_thread(
                        write_annotated, self.file, self.checked, kind, from_thread(told)
                    )
            except OSError as error:
                print(
                    f"annotated copy not written / 確認結果を保存できません: {error.strerror}",
                    file=sys.stderr,
                )
        self.report["annotated"] = str(self.copy) if self.copy else None
