"""`iehe support report`: the counts of a year as they are published (P9)."""

import csv
import io
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.case_arguments import command
from cli.session import CommandError, Session, print_json
from cli.tables import table

Row = tuple[str, str, str]
HIDDEN = "<5"


@command
async def report(
    session: Session,
    year: Annotated[int, typer.Argument(help="Academic year, from April: 2026.", min=2000, max=2200)],
    *,
    to: Annotated[Path | None, typer.Option("--to", help="Write it to a .csv or .xlsx file.")] = None,
) -> None:
    """Show the counts of a year that is over, small ones hidden; it stays as it was first published."""
    from cases.support.report import report_of
    from workflows.support.process import SUPPORT

    actor = await session.administer("read-report", SUPPORT.name)
    if to is not None and to.suffix not in (".csv", ".xlsx"):
        raise CommandError("report-format", file=to.name)
    told = await report_of(await session.pool(), year, actor)
    if to is not None:
        (_write_csv if to.suffix == ".csv" else _write_workbook)(to, _rows(told))
        session.answer({"file": str(to), "year": year}, "report-written", file=to)
    elif session.as_json:
        print_json(told)
    else:
        print(table(("table", "value", "count"), _rows(told)))


def _rows(told: dict[str, Any]) -> list[Row]:
    days = told["days_to_first_response"]
    return [
        ("referrals", "", _count(told["referrals"])),
        ("days to first response (median)", "", HIDDEN if days is None else str(days)),
        *(
            (name, cell, _count(count))
            for name, cells in told["tables"].items()
            for cell, count in cells.items()
        ),
    ]


def _count(count: int | None) -> str:
    return HIDDEN if count is None else str(count)


def _write_csv(to: Path, rows: list[Row]) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows([("table", "value", "count"), *rows])
    # Excel takes a file without the mark for one in Shift_JIS
    to.write_bytes(buffer.getvalue().encode("utf-8-sig"))


def _write_workbook(to: Path, rows: list[Row]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(to)) as book:
        sheet = book.add_worksheet("report")
        for place, row in enumerate([("table", "value", "count"), *rows]):
            sheet.write_row(place, 0, [int(each) if each.isdigit() else each for each in row])
