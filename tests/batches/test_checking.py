"""Files of numbers: read by their mapping, refused whole, each fault at its place."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.kernel.batches import BatchHead, BatchRow
from spreadsheets.annotate import annotated
from spreadsheets.batches.checking import CheckedBatch, check_batch
from spreadsheets.batches.gathering import KnownPerson
from tests.batches.mappings import (
    LONG,
    LONG_HEADER,
    LONG_ROWS,
    PERSONS,
    WIDE,
    WIDE_HEADER,
    WIDE_ROWS,
    Desk,
    as_workbook,
    codes,
    mapping,
    named,
)

READ = {
    ("000101", "math", "scored", Decimal(150)),
    ("000101", "english", "scored", Decimal("80.5")),
    ("000102", "math", "scored", Decimal(0)),
    ("000102", "english", "absent", None),
    ("000103", "english", "exempt", None),
    ("120104", "math", "scored", Decimal(200)),
    ("120104", "english", "scored", Decimal(100)),
}


def changed(at: int, column: int, value: Any) -> list[tuple[Any, ...]]:
    """The rows of the wide file with one cell replaced."""
    rows = [list(row) for row in WIDE_ROWS]
    rows[at][column] = value
    return [tuple(row) for row in rows]


def values(checked: CheckedBatch) -> set[tuple[str, str, str, Decimal | None]]:
    assert checked.batch is not None, checked.faults
    return {(row.number, row.part, row.state, row.value) for row in checked.batch.rows}


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize(("ends", "quoted"), [("\n", False), ("\r\n", True)], ids=["lf", "crlf-quoted"])
def test_files_of_both_offices_say_the_same(desk: Desk, encoding: str, ends: str, quoted: bool) -> None:
    """R1: each value has its row; zero, blank, absent and exempt are four things, whatever the encoding."""
    of = mapping()
    table = [WIDE_HEADER, *WIDE_ROWS]
    checked = desk.check(of, table, named(of, 4, "530.5"), encoding=encoding, ends=ends, quoted=quoted)
    assert values(checked) == READ
    assert checked.batch is not None
    assert checked.batch.distribution["math"].blank == 1
    assert {row.row for row in checked.batch.rows if row.number == "120104"} == {5}
    assert checked.faults == ()


def test_a_workbook_says_the_same(tmp_path: Path) -> None:
    """SpartnerNL/Laravel-Excel #153: the number 0 in a workbook is a zero and no empty cell."""
    rows = [
        ("000101", "ミホン ハナコ", 150, 80.5, 230.5),
        ("000102", "ミホン タロウ", 0, "欠", 0),
        ("000103", "レイ ジロウ", None, "免除", None),
        ("120104", "サンプル アイ", 200, 100.0, 300),
    ]
    as_workbook(tmp_path / "scores.xlsx", [WIDE_HEADER, *rows])
    of = mapping()
    checked = check_batch(tmp_path / "scores.xlsx", of, named(of, 4, "530.5"), PERSONS)
    assert values(checked) == READ


def test_a_long_file_has_states_and_the_order_of_answers(desk: Desk) -> None:
    """Present without a number is a blank; absent is a state; the order of two answers is kept."""
    checked = desk.long(LONG_ROWS)
    assert checked.batch is not None, checked.faults
    rows = {(row.number, row.part): row for row in checked.batch.rows}
    assert rows["000103", "japanese"].state == "absent"
    assert ("120104", "japanese") not in rows
    assert checked.batch.distribution["japanese"].blank == 1
    assert rows["000101", "chemistry"] == BatchRow("000101", "chemistry", "scored", Decimal(77), 1, 4)
    assert rows["000102", "japanese"].value == 0


def test_a_list_of_who_came_has_no_numbers(desk: Desk) -> None:
    """A file without values says of each number that it is there."""
    of = mapping(
        """
        key = "elsewhere-2027"
        year = 2027
        kind = "enrolled-elsewhere"
        exam = "first-2027"
        columns = { number = { headers = ["受験番号"] }, exam = { headers = ["日程"] } }
        parts = [{ code = "enrolled" }]
        """
    )
    table = [("受験番号", "日程"), ("000101", "first-2027"), ("000103", "first-2027")]
    checked = desk.check(of, table, BatchHead(year=2027, exam="first-2027", rows=2))
    assert values(checked) == {
        ("000101", "enrolled", "present", None),
        ("000103", "enrolled", "present", None),
    }


def test_the_head_may_stand_in_the_file(desk: Desk) -> None:
    """R13: rows and sum in rows above the header, beside their label or in one cell with it."""
    of = mapping()
    head = BatchHead(year=2027, exam="general-2027")
    above = [("令和9年度 得点", ""), ("件数", "4", "得点合計：530.5")]
    assert desk.check(of, [*above, WIDE_HEADER, *WIDE_ROWS], head).batch is not None
    wrong = desk.check(of, [("件数", "5"), WIDE_HEADER, *WIDE_ROWS], named(of, 4, "530.5"))
    assert codes(wrong) == {(1, "batch-head-differs")}
    blurred = desk.check(of, [("件数", "四"), WIDE_HEADER, *WIDE_ROWS], named(of, 4, "530.5"))
    assert codes(blurred) == {(1, "batch-head-unreadable")}


def test_a_batch_names_all_that_it_must(desk: Desk) -> None:
    """R13: year, exam, rows and sum; each that is missing is named."""
    checked = desk.check(mapping(), [WIDE_HEADER, *WIDE_ROWS], BatchHead())
    assert checked.batch is None
    missing = [found.message_en for found in checked.faults if found.code == "batch-head-missing"]
    assert [text.rpartition("(")[2] for text in missing] == ["year)", "exam)", "rows)", "sum)"]


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (BatchHead(year=2026, exam="general-2027", rows=4, sum=Decimal("530.5")), "batch-year-wrong"),
        (BatchHead(year=2027, exam="late-2027", rows=4, sum=Decimal("530.5")), "batch-exam-wrong"),
        (BatchHead(year=2027, exam="general-2027", rows=5, sum=Decimal("530.5")), "batch-rows-differ"),
        (BatchHead(year=2027, exam="general-2027", rows=4, sum=Decimal("530.4")), "batch-sum-differs"),
        (
            BatchHead(year=2027, exam="general-2027", part="art", rows=4, sum=Decimal("530.5")),
            "batch-part-unknown",
        ),
    ],
)
def test_what_a_batch_names_must_be_so(desk: Desk, head: BatchHead, code: str) -> None:
    """R13: another year, another exam, other counts, another sum, an unknown part: refused whole."""
    checked = desk.check(mapping(), [WIDE_HEADER, *WIDE_ROWS], head)
    assert codes(checked) == {(None, code)}
    assert checked.batch is None


def test_rows_of_another_year_or_exam_are_named(desk: Desk) -> None:
    """R13: the file's own column says otherwise; the words of the mapping count."""
    columns = 'year = { headers = ["年度"] }\nexam = { headers = ["試験区分"] }\n'
    of = mapping(WIDE, ("[columns]\n", f"[columns]\n{columns}"))
    header = ("年度", "試験区分", *WIDE_HEADER)
    rows = [("令和9年度", "前期日程", *row) for row in WIDE_ROWS]
    assert desk.check(of, [header, *rows], named(of, 4, "530.5")).batch is not None
    rows[1] = ("2026", "前期日程", *WIDE_ROWS[1])
    rows[2] = ("2027年度", "後期日程", *WIDE_ROWS[2])
    checked = desk.check(of, [header, *rows], named(of, 4, "530.5"))
    assert codes(checked) == {(3, "batch-year-wrong"), (4, "batch-exam-wrong")}
    # a file that does not say it is none of those that the mapping means
    silent = desk.check(of, [WIDE_HEADER, *WIDE_ROWS], named(of, 4, "530.5"))
    assert [found.code for found in silent.faults] == ["column-missing"] * 2


def test_last_years_numbers_refuse_the_whole_file(desk: Desk) -> None:
    """R13: nobody has these numbers; every one is named, and nothing of the good rows is taken."""
    rows = [*WIDE_ROWS, *((f"9{number:05}", "", "10", "10", "20") for number in range(944))]
    checked = desk.wide(rows)
    assert sum(found.code == "batch-number-unknown" for found in checked.faults) == 944
    assert checked.batch is None


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        (2, "201", "batch-over-full"),
        (2, "-1", "batch-value-negative"),
        (2, "−1", "batch-value-negative"),
        (2, "1.5", "batch-value-decimals"),
        (3, "80.55", "batch-value-decimals"),
        (2, "百", "batch-value-invalid"),
        (2, "1,50", "batch-value-invalid"),
        (2, "NaN", "batch-value-invalid"),
        (2, "1e2", "batch-value-invalid"),
        (2, "#N/A", "cell-error"),
        (0, "受験000101", "batch-number-invalid"),
        (0, "000199", "batch-number-unknown"),
        (0, "", "required"),
        (4, "230", "batch-total-differs"),
    ],
)
def test_a_cell_that_cannot_be_is_named(desk: Desk, column: int, value: str, code: str) -> None:
    """R11: by row and column, and in both languages; the other rows are not taken either."""
    checked = desk.wide(changed(0, column, value))
    (found,) = checked.faults
    assert (found.row, found.code) == (2, code)
    assert (found.column or "").startswith(WIDE_HEADER[column])
    assert found.message_ja != found.message_en
    assert not value or value not in found.message_ja + found.message_en or value.isascii()
    assert checked.batch is None


def test_full_width_digits_are_read_and_noted(desk: Desk) -> None:
    """As every file is read; a warning says how many and where, once for a column."""
    rows = changed(0, 0, "０００１０１")
    rows[3] = ("１２０１０４", *rows[3][1:])
    checked = desk.wide(rows)
    assert values(checked) == READ
    (found,) = checked.faults
    assert (found.code, found.severity) == ("batch-full-width", "warning")
    assert "2 rows: 2, 5" in found.message_en


def test_lost_zeros_are_a_fault_of_their_own(desk: Desk) -> None:
    """A spreadsheet has cut them off: it is said, and mended only where the mapping says so."""
    rows = changed(0, 0, "101")
    checked = desk.wide(rows)
    assert codes(checked) == {(2, "batch-zeros-lost")}
    padded = desk.wide(rows, "530.5", ("width = 6", "width = 6, pad = true"))
    assert values(padded) == READ
    assert [(found.code, found.severity) for found in padded.faults] == [("batch-zeros-added", "warning")]


def test_a_number_that_may_be_two_persons_is_not_mended(tmp_path: Path) -> None:
    """With the short number known too, nobody can say who is meant."""
    of = mapping(WIDE, ("width = 6", "width = 6, pad = true"))
    file = tmp_path / "scores.csv"
    file.write_text("受験番号,数学,英語\n101,1,1\n", encoding="utf-8")
    known = {"101": KnownPerson(), "000101": KnownPerson()}
    checked = check_batch(file, of, named(of, 1, "2"), known)
    assert codes(checked) == {(2, "batch-zeros-lost")}


def test_codes_compare_as_text(desk: Desk) -> None:
    """ankushgarg1998/ipu-ranklist #66: 28563 is not 028563, and nothing becomes a second subject."""
    rows = [("000101", "AA01", "28563", "120", "受", ""), *LONG_ROWS[1:]]
    assert codes(desk.long(rows)) == {(2, "batch-part-unknown")}


def test_a_number_twice_for_one_part(desk: Desk) -> None:
    """Both rows are named, each with the other; in a long file another part is no repetition."""
    assert codes(desk.wide([*WIDE_ROWS, WIDE_ROWS[0]])) == {(2, "batch-repeated"), (6, "batch-repeated")}
    rows = [*LONG_ROWS, ("000101", "AA01", "046", "70", "受", "")]
    assert codes(desk.long(rows)) == {(4, "batch-repeated"), (8, "batch-repeated")}


def test_shifted_columns_are_one_fault(desk: Desk) -> None:
    """In every row the total is not the sum: it is said once, of the columns."""
    rows = [(row[0], row[1], "3", "4", "80") for row in WIDE_ROWS]
    checked = desk.wide(rows)
    assert codes(checked) == {(1, "batch-columns-shifted")}
    # of two rows nobody can say that
    two = desk.wide([rows[0], rows[1]], "14")
    assert codes(two) == {(2, "batch-total-differs"), (3, "batch-total-differs")}


def test_a_sheet_of_which_a_part_was_sorted(desk: Desk) -> None:
    """Number and kana are not one person's: one fault, with how many rows and which."""
    kana = sorted(row[1] for row in WIDE_ROWS)
    rows = [(row[0], name, *row[2:]) for row, name in zip(WIDE_ROWS, kana, strict=True)]
    checked = desk.wide(rows)
    (found,) = checked.faults
    assert found.code == "batch-kana-differs"
    assert "of 4 rows" in found.message_en
    assert checked.batch is None


def test_kana_may_be_known_by_a_keyed_mark_alone(tmp_path: Path) -> None:
    """Who calls says how a kana is compared; spaces and hiragana do not matter."""
    of = mapping()
    file = tmp_path / "scores.csv"
    file.write_text("受験番号,カナ氏名,数学,英語\n000101,みほん　ハナコ,1,1\n", encoding="utf-8")

    def key(kana: str) -> str:
        return f"key:{kana.replace(' ', '')[::-1]}"

    known = {"000101": KnownPerson(key("ミホンハナコ"))}
    assert check_batch(file, of, named(of, 1, "2"), known, kana_key=key).batch is not None
    other = {"000101": KnownPerson(key("ミホンタロウ"))}
    checked = check_batch(file, of, named(of, 1, "2"), other, kana_key=key)
    assert codes(checked) == {(1, "batch-kana-differs")}


def test_hidden_rows_are_named_and_a_hidden_column_is_told(tmp_path: Path) -> None:
    """A filter has hidden somebody: an error with the row. A hidden column is read, with a warning."""
    of = mapping()
    file = tmp_path / "scores.xlsx"
    as_workbook(file, [WIDE_HEADER, *WIDE_ROWS], hidden_rows=[3, 5], hidden_column="C")
    checked = check_batch(file, of, named(of, 4, "530.5"), PERSONS)
    assert codes(checked) == {(3, "row-hidden"), (5, "row-hidden"), (1, "column-hidden")}
    assert {found.row for found in checked.errors} == {3, 5}


def test_numbers_of_a_workbook_have_lost_their_zeros(tmp_path: Path) -> None:
    """A number cell 101 is not taken for 000101; one without zeros to lose is as good as text."""
    of = mapping()
    file = tmp_path / "scores.xlsx"
    as_workbook(file, [WIDE_HEADER, (101, *WIDE_ROWS[0][1:]), (120104, *WIDE_ROWS[3][1:])])
    checked = check_batch(file, of, named(of, 2, "530.5"), PERSONS)
    assert codes(checked) == {(2, "batch-zeros-lost")}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (("000103", "AA03", "028563", "0", "欠", ""), "batch-state-contradicts"),
        (("000103", "AA03", "028563", "10", "免", ""), "batch-state-contradicts"),
        (("000103", "AA03", "028563", "欠", "受", ""), "batch-state-contradicts"),
        (("000103", "AA03", "028563", "10", "早退", ""), "choice-unknown"),
        (("000103", "AA02", "028563", "", "欠", ""), "batch-other-number-differs"),
        (("000103", "AA03", "028563", "", "欠", "零"), "number-invalid"),
        (("000103", "AA03", "028563", "201", "受", ""), "batch-over-full"),
    ],
)
def test_states_and_numbers_do_not_contradict_each_other(desk: Desk, row: tuple[str, ...], code: str) -> None:
    """An absentee has no number, not even 0; and the other number is the same person's."""
    assert codes(desk.long([*LONG_ROWS[:4], row], "252")) == {(6, code)}


def test_a_batch_about_one_subject_has_no_other(desk: Desk) -> None:
    """R13: named with the upload, by the code of a subject or a part; or in the file itself."""
    science = LONG_ROWS[1:3]
    assert desk.long(science, "132", part="science").batch is not None
    assert codes(desk.long(LONG_ROWS[:3], "252", part="science")) == {(2, "batch-part-wrong")}
    of = mapping(LONG + '\n[head]\npart = ["科目"]\n')
    table = [("科目", "science"), LONG_HEADER, *LONG_ROWS[:3]]
    assert codes(desk.check(of, table, named(of, 3, "252"))) == {(3, "batch-part-wrong")}
    wide = mapping()
    table = [WIDE_HEADER, *((row[0], row[1], row[2], "", row[2]) for row in WIDE_ROWS)]
    assert desk.check(wide, table, named(wide, 4, "350", part="math")).batch is not None
    other = desk.check(wide, [WIDE_HEADER, *WIDE_ROWS], named(wide, 4, "530.5", part="math"))
    assert {found.code for found in other.errors} == {"batch-part-wrong"}


def test_a_file_of_parts_has_the_subject_of_its_mapping(desk: Desk) -> None:
    """Codes are of subject and part; the subject stands in a column or is the mapping's."""
    changes = (
        ('subject = { headers = ["科目コード"] }', 'part = { headers = ["大問"] }'),
        ("[columns]", 'subject = "M"\n\n[columns]'),
        *(
            (f'codes = ["{code}"]', f'codes = ["M/{at}"]')
            for at, code in enumerate(("028563", "045", "046"), 1)
        ),
    )
    of = mapping(LONG, *changes)
    table = [
        ("受験番号", "大問", "得点"),
        ("000101", "1", "120"),
        ("000101", "2", "5.0"),
        ("000101", "4", "1"),
    ]
    checked = desk.check(of, table[:3], named(of, 2, "125"))
    assert values(checked) == {
        ("000101", "japanese", "scored", Decimal(120)),
        ("000101", "physics", "scored", Decimal(5)),
    }
    assert codes(desk.check(of, table, named(of, 3, "126"))) == {(4, "batch-part-unknown")}
    both = mapping(
        LONG, *changes[:1], *changes[2:], ("[columns]", '[columns]\nsubject = { headers = ["科目"] }')
    )
    table = [("受験番号", "科目", "大問", "得点"), ("000101", "Ｍ", "1", "120"), ("000101", "N", "1", "1")]
    assert codes(desk.check(both, table, named(both, 2, "121"))) == {
        (3, "batch-part-unknown"),
        (1, "batch-full-width"),
    }


def test_the_state_of_a_row_is_that_of_its_parts(desk: Desk) -> None:
    """A wide file with a column of states: who was absent has no number in any part."""
    of = mapping(
        WIDE,
        ("[columns]", '[columns]\nstatus = { headers = ["出欠"] }'),
        ("[states]", '[states]\npresent = ["出席"]'),
    )
    table = [("受験番号", "出欠", "数学", "英語"), ("000101", "欠席", "", ""), ("000102", "出席", "0", "")]
    checked = desk.check(of, table, named(of, 2, "0"))
    assert values(checked) == {
        ("000101", "math", "absent", None),
        ("000101", "english", "absent", None),
        ("000102", "math", "scored", Decimal(0)),
    }
    table[1] = ("000101", "欠席", "0", "")
    assert codes(desk.check(of, table, named(of, 2, "0"))) == {(2, "batch-state-contradicts")}


def test_totals_of_a_long_file_are_of_a_person(desk: Desk) -> None:
    """Each row of a person has the sum of all of theirs."""
    of = mapping(LONG, ("[columns]", '[columns]\ntotal = { headers = ["合計"] }'))
    header = ("受験番号", "科目コード", "得点", "合計")
    rows = [("000101", "045", "55", "132"), ("000101", "046", "77", "132"), ("000102", "045", "1", "1")]
    assert desk.check(of, [header, *rows], named(of, 3, "133")).batch is not None
    rows[2] = ("000102", "045", "1", "2")
    assert codes(desk.check(of, [header, *rows], named(of, 3, "133"))) == {(4, "batch-total-differs")}


def test_a_part_without_its_column_is_missing(desk: Desk) -> None:
    """A column under an unknown header is not taken for the one that is missing."""
    of = mapping()
    table = [("受験番号", "数学", "英会話"), ("000101", "1", "1")]
    checked = desk.check(of, table, named(of, 1, "1"))
    assert codes(checked) == {(1, "column-missing"), (1, "column-unknown")}


@pytest.mark.parametrize(
    "data", [b"", b"a,b\n1,2\n", b"\x89PNG\r\n\x1a\n"], ids=["empty", "no-header", "png"]
)
def test_what_is_no_such_file_is_refused_as_a_whole(desk: Desk, data: bytes) -> None:
    """With what every file may have wrong."""
    desk.file.write_bytes(data)
    of = mapping()
    checked = check_batch(desk.file, of, named(of, 1, "1"), PERSONS)
    assert len(checked.faults) == 1
    assert checked.batch is None


def test_a_mapping_whose_headers_are_one_as_headers_are_compared(desk: Desk) -> None:
    """大問1-1 and 大問11 cannot be told apart in a file: nothing is guessed."""
    checked = desk.wide(WIDE_ROWS, "530.5", ('["数学"]', '["大問1-1"]'), ('["英語"]', '["大問11"]'))
    assert codes(checked) == {(None, "batch-mapping-ambiguous")}


def test_the_annotated_copy_has_all_faults(desk: Desk) -> None:
    """Those of the whole beside those of rows: the office corrects the copy and hands it in."""
    checked = desk.wide(changed(0, 2, "201"), "1")
    copy = annotated(checked.checked)
    assert copy is not None
    lines = copy[1].decode("cp932").splitlines()
    assert checked.faults[0].message_ja in lines[1]
    again = desk.file.with_name("again.csv")
    again.write_bytes(copy[1])
    of = mapping()
    assert codes(check_batch(again, of, named(of, 4, "530.5"), PERSONS)) == codes(checked)
