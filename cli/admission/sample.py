"""`iehe sample`: files of made-up applications and staff, as an office would have them."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.case_arguments import command
from cli.session import CommandError, Session

app = typer.Typer(no_args_is_help=True, help="Made-up files to try things out; no real person is in them.")

MOST_ROWS = 200_000


@app.command("admissions")
@command
async def sample_admissions(
    session: Session,
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
) -> None:
    """Write applications as clerks type them: mixed dates, widths and spellings."""
    import re

    from schemas.admission.applications import ROUND_ID_PATTERN
    from spreadsheets.admission.sample_files import write_csv, write_xlsx
    from spreadsheets.admission.samples import SAMPLE_ROUND, sample_applications

    if round_id is not None and not re.fullmatch(ROUND_ID_PATTERN, round_id):
        raise CommandError("round-id-malformed", round_id=round_id, sample=SAMPLE_ROUND)
    made = sample_applications(rows, seed, round_id or SAMPLE_ROUND, faults)
    path = out.with_suffix(".xlsx") if xlsx else out
    try:
        written = write_xlsx(path, made) if xlsx else write_csv(path, made, encoding=encoding)
    except OSError as error:
        raise _unwritable(path, error) from None
    _report(session, path, written)


@app.command("staff")
@command
async def sample_staff(
    session: Session, *, out: Annotated[Path, typer.Option(help="Where to write it.")] = Path("staff.csv")
) -> None:
    """Write a staff file with everybody that an admission round needs."""
    from spreadsheets.admission import samples
    from spreadsheets.admission.sample_files import write_staff_csv

    try:
        written = write_staff_csv(out, samples.sample_staff())
    except OSError as error:
        raise _unwritable(out, error) from None
    _report(session, out, written)


def _report(session: Session, path: Path, written: int) -> None:
    session.answer({"file": str(path), "rows": written}, "sample-written")


def _unwritable(path: Path, error: OSError) -> CommandError:
    reason = error.strerror or "cannot be written"
    return CommandError("file-unwritable", path=path, reason=reason)
