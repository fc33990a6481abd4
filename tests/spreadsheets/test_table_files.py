import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spreadsheets import table_files as reading
from spreadsheets.admission.application_columns import application_form
from spreadsheets.admission.sample_files import APPLICATION_COLUMNS, write_csv, write_xlsx
from spreadsheets.admission.samples import sample_applications
from spreadsheets.faults import RefusedError
from spreadsheets.headers import letter, locate
from spreadsheets.table_files import read_bytes, read_table

FORM = application_form(round_required=True)
HEADER = ",".join(column.headers[0] for column in APPLICATION_COLUMNS)


def refusal(data):
    with pytest.raises(RefusedError) as refused:
        read_table(data, FORM)
    return refused.value.code, refused.value.row


@pytest.mark.parametrize(
    "encoding", ["cp932", "utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "utf-16-be-bom"]
)
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_encodings_delimiters_and_line_ends(encoding, delimiter, newline):
    """What any office program writes gives the same cells."""
    text = (
        HEADER.replace(",", delimiter)
        + newline
        + delimiter.join(["A2027-1", "髙橋﨑", '"a,b;c\td"'])
        + newline
    )
    bom = {"utf-16-le-bom": "\ufeff", "utf-16-be-bom": "\ufeff"}.get(encoding, "")
    table = read_table((bom + text).encode(encoding.removesuffix("-bom")), FORM)
    assert table.delimiter == delimiter
    assert table.encoding == (encoding if "16" not in encoding else "utf-16")
    assert list(table.rows)[1] == ["A2027-1", "髙橋﨑", "a,b;c\td"]


@given(
    cells=st.lists(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20), min_size=1, max_size=5
    ),
    encoding=st.sampled_from(["utf-8-sig", "utf-16", "utf-8"]),
)
def test_any_text_survives_the_encodings(cells, encoding):
    """Quoting and decoding lose no character."""
    row = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    table = read_table(f"{HEADER}\n{row}\n".encode(encoding), FORM)
    assert list(table.rows)[1] == cells


def test_the_delimiter_is_told_by_the_header(tmp_path):
    """A statement full of commas does not make a tab-separated file a comma-separated one."""
    text = HEADER.replace(",", "\t") + "\n" + "A1\t" + "a," * 200
    assert read_table(text.encode(), FORM).delimiter == "\t"


def test_quoted_line_breaks_do_not_shift_row_numbers():
    """A record with line breaks is one row in Excel."""
    table = read_table(f'{HEADER}\nA1,"x\ny\r\nz"\nA2\n\nA4'.encode(), FORM)
    assert [row[:1] for row in list(table.rows)[1:]] == [["A1"], ["A2"], [], ["A4"]]


@pytest.mark.parametrize(
    ("data", "code", "row"),
    [
        (b"\xef\xbb\xbf", "file-empty", None),
        (b" \r\n,,\r\n", "file-empty", None),
        (b"\xff\xfe", "file-empty", None),
        (b"a,b\n1\x002", "file-binary", 2),
        ("a,b".encode("utf-16-le"), "file-binary", 1),
        (b"a,b\n\xef\xbd\xff\xff", "encoding-unknown", 2),
        (b"\xef\xbb\xbfa\n\nb\xff", "encoding-unknown", 3),
        (b"\xff\xfea\x00\n", "encoding-unknown", 1),
        (b"a,b\n\x80", "encoding-unknown", 2),
        (b"\xff", "encoding-unknown", 1),
        (bytes(range(1, 256)) * 4, "encoding-unknown", None),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file-unsupported", None),
        (b"%PDF-1.7\n", "file-unsupported", None),
        (b'a,b\n1,"2\n3,4\n', "csv-broken", 2),
        (b'a,b\n1,2\n3,"4"5\n', "csv-broken", 3),
        (b"a,b\n1," + b"x" * 200_000, "cell-too-long", 2),
    ],
)
def test_files_that_are_refused_as_a_whole(data, code, row):
    """A file that cannot be trusted is refused with the row where it breaks, where there is one."""
    found = refusal(data)
    assert found[0] == code
    assert row is None or found[1] == row


def test_too_many_rows(monkeypatch):
    """A table beyond the limit is refused before it fills the memory."""
    monkeypatch.setattr(reading, "MAX_ROWS", 3)
    assert refusal(b"a,b\n" * 3)[0] == "table-too-large"


@settings(deadline=None)  # what begins as a workbook starts a process
@given(data=st.binary(min_size=1, max_size=400))
def test_junk_is_a_table_or_refused(data):
    """No bytes make the reader fail in another way than by refusing them."""
    try:
        table = read_table(data, FORM)
    except RefusedError:
        return
    locate(list(table.rows), FORM)


def test_what_is_no_file(tmp_path, monkeypatch):
    """A missing file, a folder, a pipe, a dangling link, an odd name: unreadable, and never a wait."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    for path in (tmp_path, tmp_path / "missing", tmp_path / "pipe", tmp_path / "link", tmp_path / "nul\0l"):
        with pytest.raises(RefusedError) as refused:
            read_bytes(path)
        assert refused.value.code == "file-unreadable"
    (tmp_path / "big").write_bytes(b"12345")
    monkeypatch.setattr(reading, "MAX_BYTES", 4)
    with pytest.raises(RefusedError) as refused:
        read_bytes(tmp_path / "big")
    assert refused.value.code == "file-too-large"


def test_a_workbook_is_known_by_its_content(tmp_path):
    """XLSX under the name of a CSV is read as what it is."""
    path = tmp_path / "applications.csv"
    write_xlsx(path, sample_applications(2, seed=1), title="見本")
    table = read_table(path.read_bytes(), FORM)
    assert table.encoding == "xlsx"
    assert locate(list(table.rows), FORM).header_row == 1


def test_cp932_files_hold_names_beyond_shift_jis(tmp_path):
    """髙 and 﨑 are in Microsoft's code page, and common in names."""
    write_csv(tmp_path / "a.csv", [{"family_name": "髙﨑①"}], encoding="cp932")
    rows = read_table((tmp_path / "a.csv").read_bytes(), FORM).rows
    assert "髙﨑①" in list(rows)[1]


@pytest.mark.parametrize(
    ("position", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")]
)
def test_column_letters(position, letters):
    """Columns are named as Excel names them."""
    assert letter(position) == letters
