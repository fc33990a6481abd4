"""A file of applications, checked by itself and against what is stored, with its annotated copy."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.cli import faults as shown
from workers.cli.session import TOKYO, CommandError, Exit, Session

if TYPE_CHECKING:
    from activities.database import Connection
    from schemas.applications import ApplicationRow, NumberedRow
    from workers.intake.rows import Checked


@dataclass
class CheckedFile:
    """A file on its way through the check."""

    session: Session
    file: Path
    round_id: str | None
    xlsx_copy: bool = False
    report: dict[str, Any] = field(default_factory=dict)
    copy: Path | None = None

    checked: Checked[ApplicationRow] = field(init=False)
    good: list[NumberedRow[ApplicationRow]] = field(init=False)

    @property
    def numbers(self) -> list[str]:
        """The applications of the file that may have a case."""
        return [row.data.application_no for row in self.good]

    async def check(self) -> None:
        """Read the whole file, compare it with what is stored, and write the annotated copy."""
        from workers.intake.checking import check_file

        declared = await self._declared()
        programmes = frozenset().union(*declared.values()) if declared else frozenset()
        # in a thread, so that Ctrl-C is heard during the seconds that a large file takes
        self.checked = await asyncio.to_thread(
            check_file,
            self.file,
            round_id=self.round_id,
            known_programmes=programmes,
            today=datetime.now(TOKYO).date(),
        )
        self._add(self._unknown_rounds(declared))
        pool = await self.session.pool()
        async with pool.acquire() as connection:
            self._add(await self._stored_faults(connection))
        self._keep_good()
        self._annotate()

    async def _declared(self) -> dict[str, frozenset[str]]:
        from activities.sql import queries

        pool = await self.session.pool()
        rows = await pool.fetch(queries("office")["rounds"])
        rounds = {row["round_id"]: frozenset(row["programmes"]) for row in rows}
        if self.round_id is None:
            return rounds
        if self.round_id not in rounds:
            known = ", ".join(rounds) or "-"
            raise CommandError(
                "unknown-round",
                f"There is no round '{self.round_id}'. Declared: {known} (iehe round list).",
                f"選抜区分「{self.round_id}」は登録されていません。登録済み: {known}（iehe round list）。",
                Exit.NOT_FOUND,
                {"known": list(rounds)},
            )
        return {self.round_id: rounds[self.round_id]}

    def _unknown_rounds(self, declared: dict[str, frozenset[str]]) -> list[Any]:
        from workers.intake.codes import Code
        from workers.intake.messages import fault

        unknown = [row.row for row in self.checked.rows if row.data.round_id not in declared]
        found = shown.stored_faults(self.checked, unknown, shown.StoredFault.ROUND_UNKNOWN)
        layout = self.checked.layout
        for row in self.checked.rows:
            if row.row not in unknown and row.data.programme not in declared[row.data.round_id]:
                column, at = layout.label("programme") if layout is not None else (None, None)
                found.append(fault(Code.PROGRAMME_UNKNOWN, row=row.row, column=column, position=at))
        return found

    async def _stored_faults(self, connection: Connection) -> list[Any]:
        from activities.applications import contradicting_accounts, differing

        rows = self.checked.rows
        other = {row.row for row in await differing(connection, rows)}
        account = {row.row for row in await contradicting_accounts(connection, rows)} - other
        return [
            *shown.stored_faults(self.checked, other, shown.StoredFault.ALREADY_IMPORTED_DIFFERENTLY),
            *shown.stored_faults(self.checked, account, shown.StoredFault.ACCOUNT_OF_ANOTHER),
        ]

    def _add(self, found: list[Any]) -> None:
        self.checked = replace(self.checked, faults=(*self.checked.faults, *found))

    def _keep_good(self) -> None:
        bad = {fault.row for fault in self.checked.errors}
        self.good = [row for row in self.checked.rows if row.row not in bad]
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
            "faults": shown.as_json(faults),
        }

    def _annotate(self) -> None:
        from workers.intake.annotate import write_annotated

        if self.checked.faults:
            try:
                self.copy = write_annotated(self.file, self.checked, "xlsx" if self.xlsx_copy else None)
            except OSError as error:
                print(
                    f"annotated copy not written / 確認結果を保存できません: {error.strerror}",
                    file=sys.stderr,
                )
        self.report["annotated"] = str(self.copy) if self.copy else None
