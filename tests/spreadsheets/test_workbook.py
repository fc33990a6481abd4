import io
import zipfile
from datetime import date, datetime, time

import pytest
import xlsxwriter

from spreadsheets import workbook, workbook_process
from spreadsheets.faults import RefusedError
from spreadsheets.workbook import is_zip, read_workbook
from spreadsheets.workbook_process import read_limited


def book(fill=lambda book: book.add_worksheet().write_string(0, 0, "x")):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as made:
        fill(made)
    return buffer.getvalue()


def rewritten(data, change):
    """The archive with each member passed through `change(name, content)`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return buffer.getvalue()


def demanding_workbook():
    """Some kilobytes that make the reader ask for 96 GB before it has read a cell."""
    return rewritten(
        book(), lambda _, content: content.replace(b'uniqueCount="1"', b'uniqueCount="4000000000"')
    )


def refusal(data):
    with pytest.raises(RefusedError) as refused:
        read_workbook(data)
    return refused.value.code


@pytest.mark.parametrize(
    "reference", [b'r="XFD1"', b"r='XFD1'", b's="1" r="EA1"', b'r = "A1048576"', b'r="DY1"', b'r="B200000"']
)
def test_a_cell_far_away_is_refused_before_it_is_laid_out(reference):
    """A kilobyte that claims a table of 17 thousand million cells costs nothing."""
    data = rewritten(book(), lambda _, content: content.replace(b'<c r="A1"', b"<c " + reference))
    assert refusal(data) == "table-too-large"


def test_a_row_far_away_is_refused():
    """A row may claim its number without any cell doing so."""
    data = rewritten(book(), lambda _, content: content.replace(b'<row r="1"', b'<row r="1048576"'))
    assert refusal(data) == "table-too-large"


def test_cells_within_the_limits_and_empty_formats_outside_pass():
    """The last allowed column is read, and a format without content does not count."""

    def fill(made):
        sheet = made.add_worksheet()
        sheet.write_string(0, 127, "last")
        sheet.write_blank(0, 500, None, made.add_format({"bold": True}))

    sheet = read_workbook(book(fill))
    assert next(sheet.rows)[127] == "last"
    assert not sheet.other_sheets


def test_a_tag_cut_by_a_chunk_is_still_seen(monkeypatch):
    """The look-over reads in pieces, and a far cell may lie across two of them."""
    data = rewritten(book(), lambda _, content: content.replace(b'<c r="A1"', b'<c r="XFD9"'))
    monkeypatch.setattr(workbook, "_CHUNK", 7)
    assert refusal(data) == "table-too-large"


def test_an_archive_that_unpacks_to_too_much(monkeypatch):
    """What the archive claims to unpack to is summed up before anything is unpacked."""
    monkeypatch.setattr(workbook, "MAX_UNPACKED_BYTES", 1000)
    assert refusal(book()) == "table-too-large"


def test_an_archive_with_too_many_members(monkeypatch):
    """Thousands of parts are no application form."""
    monkeypatch.setattr(workbook, "MAX_MEMBERS", 3)
    assert refusal(book()) == "table-too-large"


def test_other_archives_are_unsupported():
    """A ZIP of something else is named as such."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("applications.csv", "x")
    assert is_zip(buffer.getvalue())
    assert refusal(buffer.getvalue()) == "file-unsupported"


@pytest.mark.parametrize("cut", [30, 500, -30])
def test_damaged_workbooks(cut):
    """A download that stopped half-way is said to be damaged."""
    assert refusal(book()[:cut]) == "workbook-broken"


def test_a_damaged_part():
    """A flipped byte is found by the checksum, broken XML by the reader."""
    data = bytearray(book())
    data[data.index(b"xl/worksheets/sheet1.xml") + 60] ^= 0xFF
    assert refusal(bytes(data)) == "workbook-broken"
    broken = rewritten(book(), lambda name, content: b"<x" if name == "xl/workbook.xml" else content)
    assert refusal(broken) == "workbook-broken"


def test_an_empty_workbook():
    """A workbook without a value is an empty file."""
    assert refusal(book(lambda made: made.add_worksheet())) == "file-empty"


def test_the_first_visible_sheet_counts():
    """A hidden first sheet (a list of codes, say) is passed over; other visible ones are reported."""

    def fill(made):
        first, second, third = (made.add_worksheet(name) for name in ("codes", "data", "notes"))
        first.write_string(0, 0, "hidden")
        second.activate()
        second.write_string(1, 1, "here")
        third.write_string(0, 0, "more")
        first.hide()

    sheet = read_workbook(book(fill))
    assert [row for row in sheet.rows if any(row)] == [["", "here"]]
    assert sheet.other_sheets


def test_a_workbook_that_asks_for_too_much_memory_is_refused():
    """The process that reads dies of its limit, and whoever asked gets an answer that says what to do."""
    with pytest.raises(RefusedError) as refused:
        read_limited(demanding_workbook())
    assert refused.value.code == "workbook-too-demanding"


@pytest.mark.parametrize("limit", ["OUTPUT_MIB", "SECONDS"])
def test_a_workbook_that_takes_too_long_or_says_too_much_is_refused(monkeypatch, limit):
    """Time and output are bounded as memory is: a small file can repeat one long text without end."""
    monkeypatch.setattr(workbook_process, limit, 0)
    with pytest.raises(RefusedError) as refused:
        read_limited(book())
    assert refused.value.code == "workbook-too-demanding"


def test_cells_of_every_kind_come_through_the_process():
    """Dates, times, numbers, booleans and texts are what they were, as often as the rows are read."""

    def fill(made):
        sheet = made.add_worksheet()
        formats = [
            made.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm", "hh:mm")
        ]
        sheet.write_row(1, 1, [True, 1.5, 7, "文"])
        sheet.write_datetime(1, 5, date(2026, 11, 1), formats[0])
        sheet.write_datetime(1, 6, datetime.fromisoformat("2026-11-01T10:23"), formats[1])
        sheet.write_datetime(1, 7, time(9, 5), formats[2])

    sheet = read_limited(book(fill))
    expected = [
        "",
        True,
        1.5,
        7,
        "文",
        date(2026, 11, 1),
        datetime.fromisoformat("2026-11-01T10:23"),
        time(9, 5),
    ]
    assert list(sheet.rows) == list(sheet.rows) == [[""] * 8, expected]
    assert sheet.height == 2


def test_the_process_is_given_no_secrets(monkeypatch):
    """What a workbook might do to its reader reaches no setting of ours."""
    monkeypatch.setenv("IEHE_OFFICE_DATABASE_URL", "secret")
    seen = []
    started = workbook_process.subprocess.Popen
    monkeypatch.setattr(
        workbook_process.subprocess,
        "Popen",
        lambda *a, **named: (seen.append(named["env"]), started(*a, **named))[1],
    )
    read_limited(book())
    assert not any(name.startswith("IEHE") for name in seen[0])
