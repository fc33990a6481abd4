"""Files of nominations as coordinators send them; all people are made up."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from spreadsheets.exchange.nominations import check_nominations_file
from spreadsheets.rows import Checked
from tests.exchange.builder import TOKYO, default_policy
from workflows.exchange.comparing import Asked, Known, Offered
from workflows.exchange.dates import Term

HEADERS = (
    *("Family name", "Given name", "Birth date", "Nationality", "Home number", "Mail", "Agreement"),
    *("From", "To", "Term", "Faculty"),
)
GOOD = {
    "family": "Sample",
    "given": "Anna",
    "born": "2004-02-13",
    "nationality": "DE",
    "number": "S-1",
    "mail": "anna@example.com",
    "agreement": "a1",
    "first": "2027-04-01",
    "last": "2027-08-20",
    "term": "27S",
    "faculty": "law",
}
IN_WINDOW = datetime(2026, 10, 20, 10, tzinfo=TOKYO)


def student(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A row; each number is somebody else."""
    own = {"number": f"S-{number}", "family": f"Sample{chr(96 + number)}", "mail": f"s{number}@example.com"}
    return GOOD | own | changes


def csv(path: Path, *rows: dict[str, Any], encoding: str = "utf-8") -> Path:
    """Rows as a CSV file."""
    lines = [",".join(HEADERS), *(",".join(str(row[name]) for name in GOOD) for row in rows)]
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
    return path


def xlsx(path: Path, *rows: dict[str, Any]) -> Path:
    """Rows as a workbook, in which dates may be dates and numbers numbers."""
    with xlsxwriter.Workbook(path) as book:
        sheet, days = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        for at, row in enumerate([dict(zip(GOOD, HEADERS, strict=True)), *rows]):
            for column, name in enumerate(GOOD):
                value = row[name]
                if isinstance(value, date):
                    sheet.write_datetime(at, column, datetime(value.year, value.month, value.day), days)  # noqa: DTZ001
                elif isinstance(value, int):
                    sheet.write_number(at, column, value)
                else:
                    sheet.write_string(at, column, value)
    return path


def asked(**changes: Any) -> Asked:
    """What a file is checked by: two agreements of April 2027, and nothing known."""
    policy = default_policy()
    usual: dict[str, Any] = {
        "now": IN_WINDOW,
        "agreements": {
            ("27S", "a1"): Offered("uni-a", frozenset({"all", "law"})),
            ("27S", "b1"): Offered("uni-b", frozenset({"science"})),
        },
        "known": (),
        "term_of": lambda code: Term(code, policy),
    }
    return Asked(**(usual | changes))


def known(case_id: str = "exchange/27S-ABCD0001", *, term: str = "27S", **values: Any) -> Known:
    """A mobility that the last file has brought."""
    had = {"months": None, "language": "en", "needs_coe": True} | GOOD | values
    for name in ("born", "first", "last"):
        had[name] = date.fromisoformat(had[name])
    number = str(had.pop("number"))
    return Known(case_id, "uni-a", term, number, True, False, 1, had)


def check(path: Path, **changes: Any) -> Checked[Any]:
    """A file, checked."""
    return check_nominations_file(path, asked(**changes))


def codes(checked: Checked[Any]) -> list[tuple[str, int | None]]:
    """Each fault with its row."""
    return [(each.code, each.row) for each in checked.faults]
