"""`iehe sample`: files of made-up applications and staff, as an office would have them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.case_arguments import carry_out, say
from cli.session import CommandError, Exit, JsonOption, Session, print_json

app = typer.Typer(no_args_is_help=True, help="Made-up files to try things out; no real person is in them.")

MOST_ROWS = 200_000


@app.command("admissions")
def sample_admissions(
    *,
    rows: Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="How many applications.")] = 100,
    seed: Annotated[int, typer.Option(help="The same seed makes the same file.")] = 1,
    out: Annotated[Path, typer.Option(help="Where to write it.")] = Path("applications.csv"),
    encoding: Annotated[
        Literal["cp932", "utf-8-sig"], typer.Option(help="cp932 is what Excel in Japan writes.")
    ] = "cp932",
    xlsx: Annotated[bool, typer.Option("--xlsx", help="An Excel workbook instead of CSV.")] = False,
    round_id: Annotated[str | None, typer.Option("--round", help="Round that is applied to.")] = None,
    faults: Annotated[float, typer.Option(min=0, max=1, help="Share of rows with a mistake.")] = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Write applications as clerks type them: mixed dates, widths and spellings."""

    async def work(session: Session) -> None:
        import re

        from schemas.admission.applications import ROUND_ID_PATTERN
        from spreadsheets.admission.sample_files import write_csv, write_xlsx
        from spreadsheets.admission.samples import SAMPLE_ROUND, sample_applications

        if round_id is not None and not re.fullmatch(ROUND_ID_PATTERN, round_id):
            raise CommandError(
                "round-invalid",
                f"'{round_id}' is not the id of a round, which is like {SAMPLE_ROUND}",
                f"「{round_id}」は選抜回の形式ではありません（例: {SAMPLE_ROUND}）",
                Exit.USAGE,
            )
        made = sample_applications(rows, seed, round_id or SAMPLE_ROUND, faults)
        path = out.with_suffix(".xlsx") if xlsx else out
        try:
            written = write_xlsx(path, made) if xlsx else write_csv(path, made, encoding=encoding)
        except OSError as error:
            raise _unwritable(path, error) from None
        _report(session, path, written)

    carry_out(work, as_json=as_json)


@app.command("staff")
def sample_staff(
    *,
    out: Annotated[Path, typer.Option(help="Where to write it.")] = Path("staff.csv"),
    as_json: JsonOption = False,
) -> None:
    """Write a staff file with everybody that an admission round needs."""

    async def work(session: Session) -> None:
        from spreadsheets.admission import samples
        from spreadsheets.admission.sample_files import write_staff_csv

        try:
            written = write_staff_csv(out, samples.sample_staff())
        except OSError as error:
            raise _unwritable(out, error) from None
        _report(session, out, written)

    carry_out(work, as_json=as_json)


def _report(session: Session, path: Path, written: int) -> None:
    if session.as_json:
        print_json({"file": str(path), "rows": written})
    else:
        say(session, f"{path}: {written} rows", f"{path}: {written} 行")


def _unwritable(path: Path, error: OSError) -> CommandError:
    reason = error.strerror or "cannot be written"
    return CommandError(
        "file-unwritable",
        f"{path}: {reason}. Choose another place with --out.",
        f"{path}: 書き込めません（{reason}）。--out で別の場所を指定してください。",
        Exit.USAGE,
    )
