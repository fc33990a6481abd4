"""Mappings of a year and files that follow them, as offices write them."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from schemas.kernel.batches import BatchHead, BatchMapping, read_mapping
from spreadsheets.batches.checking import CheckedBatch, check_batch
from spreadsheets.batches.gathering import KnownPerson

WIDE = """
key = "exam-2027"
year = 2027
kind = "exam-scores"
exam = "general-2027"
exam_words = ["前期日程"]
year_words = ["令和9年度"]

[columns]
number = { headers = ["受験番号"], width = 6 }
kana = { headers = ["カナ氏名"] }
total = { headers = ["合計"] }

[[parts]]
code = "math"
headers = ["数学"]
full = "200"

[[parts]]
code = "english"
headers = ["英語"]
full = "100"
decimals = 1

[states]
absent = ["欠", "欠席"]
exempt = ["免除"]

[head]
rows = ["件数"]
sum = ["得点合計"]
"""
LONG = """
key = "test-centre-2027"
year = 2027
kind = "common-test"
exam = "common-2027"

[columns]
number = { headers = ["受験番号"], width = 6 }
other_number = { headers = ["成績請求番号"] }
subject = { headers = ["科目コード"] }
value = { headers = ["得点"] }
status = { headers = ["受験状況"] }
order = { headers = ["解答順"] }

[[parts]]
code = "japanese"
codes = ["028563"]
full = "200"

[[parts]]
code = "physics"
codes = ["045"]
subject = "science"
full = "100"

[[parts]]
code = "chemistry"
codes = ["046"]
subject = "science"
full = "100"

[states]
absent = ["欠"]
exempt = ["免"]
present = ["受"]
"""
PERSONS: Mapping[str, KnownPerson] = {
    "000101": KnownPerson("ミホンハナコ", "AA01"),
    "000102": KnownPerson("ミホンタロウ", "AA02"),
    "000103": KnownPerson("レイジロウ", "AA03"),
    "120104": KnownPerson("サンプルアイ", "AA04"),
}
WIDE_HEADER = ("受験番号", "カナ氏名", "数学", "英語", "合計")
WIDE_ROWS: tuple[tuple[Any, ...], ...] = (
    ("000101", "ミホン ハナコ", "150", "80.5", "230.5"),
    ("000102", "ミホン タロウ", "0", "欠", "0"),
    ("000103", "レイ ジロウ", "", "免除", ""),
    ("120104", "サンプル アイ", "200", "100", "300"),
)
"""A zero, an absence, a blank and an exemption among them; their sum is 530.5."""
LONG_HEADER = ("受験番号", "成績請求番号", "科目コード", "得点", "受験状況", "解答順")
LONG_ROWS: tuple[tuple[Any, ...], ...] = (
    ("000101", "AA01", "028563", "120", "受", ""),
    ("000101", "AA01", "045", "55", "受", "2"),
    ("000101", "AA01", "046", "77", "受", "1"),
    ("000102", "AA02", "028563", "0", "受", ""),
    ("000103", "AA03", "028563", "", "欠", ""),
    ("120104", "AA04", "028563", "", "受", ""),
)


def mapping(text: str = WIDE, *changes: tuple[str, str]) -> BatchMapping:
    """A mapping with some of its text replaced."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read_mapping(text)


def named(of: BatchMapping, rows: int, total: str | None, **other: Any) -> BatchHead:
    """What is given with a file."""
    return BatchHead(year=of.year, exam=of.exam, rows=rows, sum=total, **other)  # type: ignore[arg-type]  # as text


def as_csv(
    table: Sequence[Sequence[Any]], *, encoding: str = "cp932", ends: str = "\n", quoted: bool = False
) -> bytes:
    """A text file: lines that end in LF, or in CRLF with every cell quoted, as two real offices have them."""
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    csv.writer(text, lineterminator=ends, quoting=quoting).writerows(table)
    return text.getvalue().encode(encoding)


def as_workbook(
    path: Path, table: Sequence[Sequence[Any]], *, hidden_rows: Sequence[int] = (), hidden_column: str = ""
) -> None:
    """A workbook; rows count from 1."""
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    for at, row in enumerate(table):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(at, column, value)
            elif value is not None:
                sheet.write_number(at, column, value)
    for number in hidden_rows:
        sheet.set_row(number - 1, None, None, {"hidden": True})
    if hidden_column:
        sheet.set_column(f"{hidden_column}:{hidden_column}", None, None, {"hidden": True})
    book.close()


class Desk:
    """Writes a table into a file and has it checked."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "scores.csv"

    def check(
        self, of: BatchMapping, table: Sequence[Sequence[Any]], head: BatchHead, **written: Any
    ) -> CheckedBatch:
        """As a text file."""
        self.file.write_bytes(as_csv(table, **written))
        return check_batch(self.file, of, head, PERSONS)

    def wide(
        self, rows: Sequence[Sequence[Any]], total: str = "530.5", *changes: tuple[str, str]
    ) -> CheckedBatch:
        """Rows of the wide mapping, with as many named as there are."""
        of = mapping(WIDE, *changes)
        return self.check(of, [WIDE_HEADER, *rows], named(of, len(rows), total))

    def long(
        self, rows: Sequence[Sequence[Any]], total: str = "252", *changes: tuple[str, str], **head: Any
    ) -> CheckedBatch:
        """Rows of the long mapping, likewise."""
        of = mapping(LONG, *changes)
        return self.check(of, [LONG_HEADER, *rows], named(of, len(rows), total, **head))


def codes(checked: CheckedBatch) -> set[tuple[int | None, str]]:
    """Row and code of every fault."""
    return {(found.row, found.code) for found in checked.faults}
