import csv
import io
import stat
import zipfile
from datetime import date

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from spreadsheets import annotate, copy_files
from spreadsheets.admission.checking import check_file
from spreadsheets.admission.sample_files import write_csv, write_xlsx
from spreadsheets.admission.samples import SAMPLE_ROUND, sample_applications
from spreadsheets.annotate import guarded, write_annotated


def checked(path):
    return check_file(path, round_id=SAMPLE_ROUND, known_programmes=None, today=date(2026, 11, 23))


def sample(path, *, rows=40, title=None, **options):
    write = write_xlsx if path.suffix == ".xlsx" else write_csv
    write(path, sample_applications(rows, seed=2, fault_rate=0.4, duplicates=2), title=title, **options)
    return checked(path)


@pytest.mark.parametrize("encoding", ["cp932", "utf-8-sig", "utf-16"])
def test_a_copy_has_the_file_s_encoding_and_two_columns_more(tmp_path, encoding):
    """The clerk opens the copy as the file before and finds each fault in its row, in both languages."""
    found = sample(tmp_path / "a.csv", encoding=encoding, title="見本データ SAMPLE DATA")
    copy = write_annotated(tmp_path / "a.csv", found)
    assert copy == tmp_path / "a.checked.csv"
    rows = list(csv.reader(io.StringIO(copy.read_text(encoding), newline="")))
    original = list(csv.reader(io.StringIO((tmp_path / "a.csv").read_bytes().decode(encoding), newline="")))
    assert rows[1][-2:] == ["確認結果", "Check result"]
    faulty = {fault.row for fault in found.faults}
    for number, row in enumerate(rows, 1):
        assert bool(row[-1]) == (number in faulty or number == 2)
        assert number not in faulty or len(row) == 26
    assert [len(row) for row in rows] == [26] * len(original)
    first = found.faults[0]
    assert first.message_ja in rows[first.row - 1][-2]
    assert first.code in rows[first.row - 1][-1]


def test_plain_utf_8_gets_a_mark_for_excel(tmp_path):
    """Without its mark Excel would show a UTF-8 file as garbage."""
    found = sample(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_bytes((tmp_path / "a.csv").read_bytes()[3:])
    found = checked(tmp_path / "b.csv")
    assert found.encoding == "utf-8"
    assert write_annotated(tmp_path / "b.csv", found).read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_a_copy_handed_in_again_gives_the_same_answer(tmp_path, name):
    """The added columns and apostrophes are taken off again, however often a copy is checked."""
    found = sample(tmp_path / name)
    copy = write_annotated(tmp_path / name, found)
    again = checked(copy)
    assert (again.rows, again.faults) == (found.rows, found.faults)
    third = checked(write_annotated(copy, again))
    assert (third.rows, third.faults) == (found.rows, found.faults)


def test_what_is_hidden_stays_hidden_in_the_copy(tmp_path):
    """Handed in again, the copy of a workbook has the same hidden rows and columns, with the same faults."""
    first, *others = sample_applications(4, seed=2)
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([{name: name for name in first}, first, *others]):
            sheet.write_row(number, 0, [row[name] for name in first])
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_column(1, 1, None, None, {"hidden": True})
    found = checked(path)
    again = checked(write_annotated(path, found))
    assert {fault.code for fault in found.faults} >= {"row-hidden", "column-hidden"}
    assert (again.rows, again.faults) == (found.rows, found.faults)


def test_a_workbook_shows_its_faults_in_colour(tmp_path):
    """Faulty cells are coloured and commented, and dates stay dates."""
    found = sample(tmp_path / "a.xlsx")
    copy = write_annotated(tmp_path / "a.xlsx", found)
    assert copy == tmp_path / "a.checked.xlsx"
    cells = CalamineWorkbook.from_path(copy).get_sheet_by_index(0).to_python(skip_empty_area=False)
    assert any(isinstance(cell, date) for row in cells for cell in row)
    assert {len(row) for row in cells} == {26}
    with zipfile.ZipFile(copy) as archive:
        comments = archive.read("xl/comments1.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
    places = {(fault.row, fault.position) for fault in found.faults}
    assert comments.count("<comment ") == len(places)
    assert "FFFFC7CE" in styles


def test_comments_are_limited(tmp_path, monkeypatch):
    """Beyond a limit cells are only coloured, because Excel crawls with thousands of comments."""
    monkeypatch.setattr(annotate, "COMMENTED_CELLS", 3)
    copy = write_annotated(tmp_path / "a.xlsx", sample(tmp_path / "a.xlsx"))
    with zipfile.ZipFile(copy) as archive:
        assert archive.read("xl/comments1.xml").decode().count("<comment ") == 3


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_formulas_are_made_harmless(tmp_path, start):
    """Nothing of a file runs when the office opens its copy, in any cell, unknown columns included."""
    assert guarded(f"{start}1+1") == f"'{start}1+1"
    row = next(sample_applications(1, seed=1)) | {"statement": f"{start}cmd|' /C calc'!A0"}
    for name, write in (("a.csv", write_csv), ("a.xlsx", write_xlsx)):
        write(tmp_path / name, [row], title=f"{start}1")
        found = checked(tmp_path / name)
        copy = write_annotated(tmp_path / name, found)
        content = copy.read_bytes()
        if name == "a.csv":
            cells = [
                cell
                for line in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
                for cell in line
            ]
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
        else:
            with zipfile.ZipFile(copy) as archive:
                assert "<f>" not in archive.read("xl/worksheets/sheet1.xml").decode()
        assert checked(copy).rows == found.rows


def test_missing_columns_are_told_beside_the_headers(tmp_path):
    """What is said of the whole table stands in its header row, and the copy is still known again."""
    path = tmp_path / "a.csv"
    path.write_text("受験番号,姓,メモ\nA2027-1,見本,x\n", encoding="utf-8-sig")
    found = checked(path)
    copy = write_annotated(path, found)
    header = next(csv.reader(io.StringIO(copy.read_text("utf-8-sig"), newline="")))
    assert header[3].startswith("確認結果 [")
    assert "column-missing" in header[4]
    assert checked(copy).faults == found.faults


def test_no_copy_of_what_is_no_table(tmp_path):
    """A file that cannot be read has no rows to write beside."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"%PDF-1.7")
    assert write_annotated(path, checked(path)) is None
    assert list(tmp_path.iterdir()) == [path]


def test_a_copy_is_private_and_complete(tmp_path, monkeypatch):
    """Only its owner may read a copy, and a failed one leaves nothing behind."""
    found = sample(tmp_path / "a.csv")

    def fail(_handle):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(copy_files.os, "fsync", fail)
        with pytest.raises(OSError, match="No space"):
            write_annotated(tmp_path / "a.csv", found)
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]
    copy = write_annotated(tmp_path / "a.csv", found)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_a_copy_that_somebody_changed_is_never_written_over(tmp_path):
    """What a clerk corrected in a copy, or put under its name, stays; the new copy takes the next number."""
    found = sample(tmp_path / "a.csv")
    copy = write_annotated(tmp_path / "a.csv", found)
    corrected = copy.read_bytes().replace(b"astrology", b"science")
    copy.write_bytes(corrected)
    (tmp_path / "a.checked-2.csv").write_text("notes of the office")
    third = write_annotated(tmp_path / "a.csv", found)
    assert third == tmp_path / "a.checked-3.csv"
    assert copy.read_bytes() == corrected
    assert (tmp_path / "a.checked-2.csv").read_text() == "notes of the office"


def test_a_copy_as_it_was_written_is_replaced(tmp_path):
    """Checking again and again leaves one copy, the latest, as long as nobody has touched it."""
    first = write_annotated(tmp_path / "a.csv", sample(tmp_path / "a.csv"))
    found = sample(tmp_path / "a.csv", rows=10)
    assert write_annotated(tmp_path / "a.csv", found) == first
    assert len(first.read_text("utf-8-sig").splitlines()) < 20


def test_a_copy_without_a_mark_is_kept(tmp_path, monkeypatch):
    """Where the file system cannot prove that a copy is untouched, none is ever replaced."""

    def fail(*_arguments, **_settings):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(copy_files.os, "setxattr", fail)
    found = sample(tmp_path / "a.csv")
    copies = [write_annotated(tmp_path / "a.csv", found).name for _ in range(2)]
    assert copies == ["a.checked.csv", "a.checked-2.csv"]


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (("x.2026", "x.2027"), None),
        (("x.csv", "x.txt"), None),
        (("x.csv", "x.CSV"), None),
        (("x", "x.csv"), None),
        (("x.csv", "x.xlsx"), "xlsx"),
    ],
)
def test_no_two_files_share_a_copy(tmp_path, names, kind):
    """Each file has a copy of its own name, whatever its ending."""
    copies = []
    for number, name in enumerate(names, 1):
        write_csv(tmp_path / name, sample_applications(number, seed=2))
        copies.append(write_annotated(tmp_path / name, checked(tmp_path / name), kind))
    assert len(set(copies)) == len(names)


def test_a_workbook_as_copy_of_a_text_file_keeps_leading_zeros(tmp_path):
    """Who opens a CSV in Excel loses zeros; in the XLSX copy every cell is text, and it imports the same."""
    row = next(sample_applications(1, seed=1)) | {"application_no": "00012345", "email": "nonsense"}
    write_csv(tmp_path / "a.csv", [row], encoding="cp932")
    found = checked(tmp_path / "a.csv")
    copy = write_annotated(tmp_path / "a.csv", found, "xlsx")
    assert copy == tmp_path / "a.csv.checked.xlsx"
    assert CalamineWorkbook.from_path(copy).get_sheet_by_index(0).to_python()[1][0] == "00012345"
    assert checked(copy).faults == found.faults


def test_odd_cells_of_a_workbook_are_copied(tmp_path):
    """Booleans, numbers, times, very long texts and cells beyond the header survive the copy."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["受験番号", "姓", "名"])
        sheet.write_row(1, 0, [True, 1.5, "x" * 32_767, "beyond"])
        sheet.write_datetime(2, 1, date(2026, 1, 2), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_number(3, 1, 0.5, book.add_format({"num_format": "hh:mm"}))
    found = checked(path)
    codes = {fault.code for fault in found.faults}
    assert {"number-not-text", "cell-too-long", "too-many-cells"} <= codes
    cells = CalamineWorkbook.from_path(write_annotated(path, found)).get_sheet_by_index(0).to_python()
    assert cells[1][:4] == [True, 1.5, "x" * 32_767, "beyond"]
    assert cells[2][1] == date(2026, 1, 2)
    assert cells[3][1]
