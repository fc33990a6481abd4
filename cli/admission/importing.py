"""`iehe admission import`: check every row, store them whole, start a case for each; at any time again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import faults as shown
from cli.admission.import_check import CheckedFile
from cli.admission.mappings import MapOption, keep_mapping, read_mapping
from cli.admission.starting import DEFAULT_CONCURRENCY, ConcurrencyOption, say_completed, start
from cli.case_arguments import DATABASE_AWAY, answering, carry_out, require_role, say
from cli.session import (
    ActorOption,
    CommandError,
    Exit,
    JsonOption,
    Session,
    print_json,
)


def import_applications(
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
    as_: ActorOption = None,
    as_json: JsonOption = False,
    concurrency: ConcurrencyOption = DEFAULT_CONCURRENCY,
) -> None:
    """Check a file of applications, store it, and start a case for each; safe to kill and to run again."""

    async def work(session: Session) -> None:
        from workflows.admission.process import OFFICE

        actor = await session.actor(as_)
        require_role(actor, OFFICE)
        run = Import(session, file, round_id, read_mapping(map_), xlsx_copy)
        await run.check()
        if not dry_run:
            await run.keep_mapping(actor.id)
        if run.checked.errors and not (accept_valid and run.good):
            raise run.faulty()
        if not dry_run:
            await session.check_keys()
            try:
                async with answering():
                    await run.store(actor.id)
            except CommandError as error:
                raise _perhaps_stored(error) if error.code == DATABASE_AWAY else error from None
            await start(session, run.numbers, concurrency, run.report)
        run.show(dry_run=dry_run)

    carry_out(work, as_json=as_json)


class Import(CheckedFile):
    """One run over one file."""

    def faulty(self) -> CommandError:
        """Nothing was imported, because of the faults shown."""
        if not self.session.as_json:
            shown.show(self.checked.faults, self.copy)
        errors, total = len(self.checked.errors), self.checked.total
        english = f"Nothing was imported: {errors} errors in {total} rows. Correct the file and run it again."
        japanese = (
            f"取り込みは行っていません: {total} 行に誤りが {errors} 件あります。修正して再実行してください。"
        )
        if self.copy:
            english += f" Annotated copy: {self.copy}."
            japanese += f" 確認結果: {self.copy}。"
        if self.good:
            english += f" Or import the {len(self.good)} rows without errors with --accept-valid."
            japanese += f" 誤りのない {len(self.good)} 行だけを取り込むには --accept-valid を付けてください。"
        return CommandError("faulty-file", english, japanese, Exit.FAULTY_FILE, self.report)

    async def keep_mapping(self, kept_by: str) -> None:
        """Keep the mapping given now for files with this header, unless the header is at fault itself."""
        layout = self.checked.layout
        if self.mapping and layout is not None and not any(f.severity == "error" for f in layout.faults):
            pool = await self.session.pool()
            await keep_mapping(pool, layout, kept_by)

    async def store(self, imported_by: str) -> None:
        """Store the good rows of every round in one transaction."""
        from activities.admission.applications import store_applications

        pool = await self.session.pool()
        async with pool.acquire() as connection, connection.transaction():
            for round_id in sorted(self.rounds):
                stored = await store_applications(
                    connection,
                    self.good_of(round_id),
                    file_sha256=self.checked.sha256 or "",
                    round_id=round_id,
                    skipped=self.checked.total - len(self.good),
                    imported_by=imported_by,
                )
                if stored.conflicting:
                    raise _changed_meanwhile()
                self.report["stored"] += stored.added
                self.report["known"] += stored.known
                if stored.batch_id is not None:
                    batch = {"batch_id": str(stored.batch_id), "round_id": round_id, "stored": stored.added}
                    self.report["batches"].append(batch)

    def show(self, *, dry_run: bool) -> None:
        """Print what became of the file."""
        if self.session.as_json:
            print_json({**self.report, "dry_run": dry_run})
            return
        if self.checked.faults:
            shown.show(self.checked.faults, self.copy)
            if self.copy:
                say(self.session, f"annotated copy: {self.copy}", f"確認結果: {self.copy}")
        report = self.report
        skipped = report["rows"] - report["valid"]
        if dry_run:
            say(
                self.session,
                f"{report['rows']} rows checked, {report['valid']} could be imported; nothing was changed.",
                f"{report['rows']} 行を確認し、{report['valid']} 行が取り込み可能です。変更はありません。",
            )
        elif not report["stored"] and not report["started"]:
            say(
                self.session,
                f"already imported, every case is open or being opened ({report['known']} applications).",
                f"取り込み済みです。すべての案件は開始済みまたは開始処理中です（{report['known']} 件）。",
            )
        else:
            say(
                self.session,
                f"{report['stored']} applications stored, {report['known']} were there; "
                f"{report['started']} cases started; {skipped} rows left out.",
                f"{report['stored']} 件を登録（登録済み {report['known']} 件）、"
                f"案件 {report['started']} 件を開始、除外 {skipped} 行。",
            )
        if not dry_run:
            say_completed(self.session, report)


def _perhaps_stored(error: CommandError) -> CommandError:
    return error.also(
        "The whole file is stored, or nothing of it: run the same command again, it tells and stores nothing "
        "twice.",
        "ファイルは全件登録済みか、まったく登録されていないかのどちらかです。"
        "同じコマンドを再実行すると確認でき、二重登録はされません。",
    )


def _changed_meanwhile() -> CommandError:
    return CommandError(
        "changed-meanwhile",
        "Somebody else imported some of these applications just now; nothing was stored. Run it again.",
        "同時に別の取り込みが行われたため、何も登録していません。もう一度実行してください。",
        Exit.REFUSED,
    )
