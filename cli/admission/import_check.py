"""A file of applications at the command line: checked with its progress, reported, with an annotated copy."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli import faults as shown
from cli.admission.mappings import columns_as_json, show_columns
from cli.progress import from_thread, progress
from cli.session import CommandError, Session

if TYPE_CHECKING:
    from schemas.admission.applications import ApplicationRow
    from spreadsheets.admission.imports import CheckedImport
    from spreadsheets.rows import Checked


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

    found: CheckedImport = field(init=False)

    @property
    def checked(self) -> Checked[ApplicationRow]:
        """The file with everything that is wrong with it."""
        return self.found.checked

    async def check(self) -> None:
        """Read the whole file, compare it with what is stored, and write the annotated copy."""
        from spreadsheets.admission.imports import RoundUnknownError, check_import

        pool = await self.session.pool()
        try:
            with progress("rows checked / 行を確認", 0) as told:
                self.found = await check_import(
                    pool, self.file, self.round_id, self.mapping, from_thread(told)
                )
        except RoundUnknownError as error:
            known = ", ".join(error.known) or "-"
            values = {"round_id": error.round_id, "known": known}
            raise CommandError("unknown-round", {"known": error.known}, **values) from None
        if not self.session.as_json:
            show_columns(self.session, self.checked.layout)
        self._report()
        await self._annotate()

    def _report(self) -> None:
        faults = self.checked.faults
        self.report = {
            "file": str(self.file),
            "sha256": self.checked.sha256,
            "encoding": self.checked.encoding,
            "rows": self.checked.total,
            "valid": self.found.valid,
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
