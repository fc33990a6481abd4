"""`iehe admission import`: check every row, store them whole, start a case for each; at any time again."""

from pathlib import Path
from typing import Annotated

import typer

from cli import faults as shown
from cli.admission.import_check import CheckedFile
from cli.admission.mappings import MapOption, read_mapping
from cli.case_arguments import DATABASE_AWAY, acting, answering, require_role
from cli.case_starting import DEFAULT_CONCURRENCY, ConcurrencyOption, say_completed, start
from cli.session import CommandError, Session, print_json


@acting
async def import_applications(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XLSX: docs/import-format.md.")],
    *,
    round_id: Annotated[
        str | None, typer.Option("--round", help="The round of every row; otherwise rows name theirs.")
    ] = None,
    accept_valid: Annotated[
        bool, typer.Option("--accept-valid", help="Import the rows without errors, leave out the others.")
    ] = False,
    map_: MapOption = None,
    xlsx_copy: Annotated[
        bool, typer.Option("--xlsx-copy", help="Write the annotated copy as XLSX: leading zeros are kept.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check; store and start nothing.")] = False,
    concurrency: ConcurrencyOption = DEFAULT_CONCURRENCY,
) -> None:
    """Check a file of applications, store it, and start a case for each; safe to kill and to run again."""
    from workflows.admission.process import ADMISSION_REVIEW, OFFICE

    actor = await session.actor()
    require_role(actor, OFFICE)
    run = Import(session, file, round_id, read_mapping(map_), xlsx_copy)
    await run.check()
    if not dry_run:
        await run.keep_mapping(actor.id)
    if run.checked.errors and not (accept_valid and run.found.valid):
        raise run.faulty()
    if not dry_run:
        await session.check_keys()
        try:
            async with answering():
                await run.store(actor.id)
        except CommandError as error:
            raise error.also("file-perhaps-stored") if error.code == DATABASE_AWAY else error from None
        cases = [ADMISSION_REVIEW.case_id(number) for number in run.found.numbers]
        await start(session, [ADMISSION_REVIEW.room], cases, concurrency, run.report)
    run.show(dry_run=dry_run)


class Import(CheckedFile):
    """One run over one file."""

    def faulty(self) -> CommandError:
        """Nothing was imported, because of the faults shown."""
        if not self.session.as_json:
            shown.show(self.checked.faults, self.copy)
        values = {"errors": len(self.checked.errors), "total": self.checked.total}
        error = CommandError("nothing-imported", self.report, **values)
        if self.copy:
            error = error.also("see-annotated-copy", copy=self.copy)
        valid = self.found.valid
        return error.also("accept-valid", good=valid) if valid else error

    async def keep_mapping(self, kept_by: str) -> None:
        """Keep the mapping given now for files with this header, unless the header is at fault itself."""
        if self.mapping:
            from spreadsheets.admission.mappings import keep_mapping

            await keep_mapping(await self.session.pool(), self.checked.layout, kept_by)

    async def store(self, imported_by: str) -> None:
        """Store the good rows of every round in one transaction."""
        from spreadsheets.admission.imports import ChangedMeanwhileError, store_import

        try:
            batches = await store_import(await self.session.pool(), self.found, imported_by)
        except ChangedMeanwhileError:
            raise CommandError("changed-meanwhile") from None
        for each in batches:
            self.report["stored"] += each.added
            self.report["known"] += each.known
            if each.batch_id is not None:
                batch = {"batch_id": str(each.batch_id), "round_id": each.round_id, "stored": each.added}
                self.report["batches"].append(batch)

    def show(self, *, dry_run: bool) -> None:
        """Print what became of the file."""
        if self.session.as_json:
            print_json({**self.report, "dry_run": dry_run})
            return
        if self.checked.faults:
            shown.show(self.checked.faults, self.copy)
            if self.copy:
                self.session.say("annotated-copy", copy=self.copy)
        report = self.report
        done = "imported" if report["stored"] or report["started"] else "already-imported"
        self.session.say(
            "rows-checked" if dry_run else done, **report, skipped=report["rows"] - report["valid"]
        )
        if not dry_run:
            say_completed(self.session, report)
