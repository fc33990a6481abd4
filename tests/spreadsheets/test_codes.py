import io
import re
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from spreadsheets import table_files as reading
from spreadsheets.admission.sample_files import APPLICATION_COLUMNS, write_staff_csv
from spreadsheets.admission.samples import sample_applications, sample_staff
from spreadsheets.codes import WARNINGS, Code
from spreadsheets.messages import MESSAGES
from spreadsheets.staff import STAFF_COLUMNS, check_staff_file
from tests.spreadsheets.test_workbook import demanding_workbook

FORMAT_PAGE = Path(__file__).parents[2] / "docs" / "import-format.md"
SAMPLES = Path(__file__).parents[2] / "docs" / "samples"
HEADER = ",".join(column.headers[0] for column in APPLICATION_COLUMNS).encode()


def workbook(*sheets, hide=None):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for rows in sheets:
            sheet = book.add_worksheet()
            if hide:
                hide(sheet)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return buffer.getvalue()


def numbered():
    row = next(sample_applications(1, seed=1))
    values = [
        [column.headers[0] for column in APPLICATION_COLUMNS],
        [row[c.field] for c in APPLICATION_COLUMNS],
    ]
    values[1][0] = 20270001
    return values


WHOLE_FILES = {
    Code.FILE_EMPTY: b"",
    Code.FILE_UNSUPPORTED: b"%PDF-1.7",
    Code.FILE_BINARY: b"a\0b",
    Code.ENCODING_UNKNOWN: b"\xff",
    Code.CSV_BROKEN: b'a,"b\n',
    Code.WORKBOOK_BROKEN: b"PK\x03\x04",
    Code.HEADER_MISSING: b"a,b\n1,2\n",
    Code.NO_ROWS: HEADER,
    Code.COLUMN_MISSING: "受験番号,姓\nA1,x".encode(),
    Code.COLUMN_DUPLICATE: HEADER + ",氏".encode(),
    Code.COLUMN_UNKNOWN: HEADER + ",備考".encode(),
    Code.TOO_MANY_CELLS: HEADER + b"\n" + b"," * 30 + b"x",
    Code.SHEETS_IGNORED: workbook([["受験番号", "姓"]], [["x"]]),
    Code.NUMBER_NOT_TEXT: workbook(numbered()),
    Code.ROW_HIDDEN: workbook(numbered(), hide=lambda sheet: sheet.set_row(1, None, None, {"hidden": True})),
    Code.COLUMN_HIDDEN: workbook(
        numbered(), hide=lambda sheet: sheet.set_column(0, 0, None, None, {"hidden": True})
    ),
    Code.NAME_NOT_SPLIT: "受験番号,氏名\nA2027-1,見本花子".encode(),
}
ROWS = {
    Code.CELL_TOO_LONG: [{"statement": "x" * 10_001}],
    Code.REQUIRED: [{"family_name": "\u3000"}],
    Code.TEXT_TOO_LONG: [{"statement": "x" * 4_001}],
    Code.CONTROL_CHARACTER: [{"given_name": "a\nb"}],
    Code.GAIJI_CHARACTER: [{"family_name": "\ue000田"}],
    Code.CELL_ERROR: [{"school_code": "#N/A"}],
    Code.CHARACTER_LOST: [{"family_name": "?田"}],
    Code.WEEKDAY_MISMATCH: [{"birth_date": "2008年4月1日(月)"}],
    Code.FORMULA_CHARACTER: [{"family_name": "=1+1"}],
    Code.APPLICATION_NO_INVALID: [{"application_no": "a-1"}],
    Code.APPLICATION_NO_WITHOUT_DIGIT: [{"application_no": "SATO-TARO"}],
    Code.APPLICATION_NO_REPEATED: [{"application_no": "A2027-1"}] * 2,
    Code.ROUND_INVALID: [{"round_id": "一般"}],
    Code.ROUND_MISMATCH: [{"round_id": "2026-general"}],
    Code.PROGRAMME_INVALID: [{"programme": "文学部"}],
    Code.PROGRAMME_UNKNOWN: [{"programme": "astrology"}],
    Code.CODE_INVALID: [{"school_code": "?"}],
    Code.CHOICE_UNKNOWN: [{"sex": "x"}],
    Code.KANA_INVALID: [{"family_kana": "佐藤"}],
    Code.EMAIL_INVALID: [{"email": "x"}],
    Code.PHONE_INVALID: [{"phone": "110"}],
    Code.POSTAL_CODE_INVALID: [{"postal_code": "12-3"}],
    Code.DATE_INVALID: [{"birth_date": "2008/2/30"}],
    Code.ERA_OUT_OF_BOUNDS: [{"birth_date": "平成32年4月1日"}],
    Code.DATE_IN_FUTURE: [{"submitted_on": "2999-01-01"}],
    Code.AGE_IMPLAUSIBLE: [{"birth_date": "大正元年8月1日"}],
    Code.ACCOMMODATION_DATE_MISSING: [{"accommodation_sudden": "はい", "accommodation_requested_on": ""}],
    Code.ACCOUNT_CONTRADICTION: [{"applicant_account": "p1"}] * 2,
    Code.PERSON_REPEATED: [{"email": "x@example.com"}] * 2,
}
STAFF = {
    Code.NUMBER_INVALID: [{"load_cap": "many"}],
    Code.DATE_ORDER: [{"available_to": "2020-01-01"}],
    Code.STAFF_ID_REPEATED: [{}, {"staff_id": "reviewer-1"}],
}


def check_staff(path, changes):
    write_staff_csv(path, (row | change for row, change in zip(sample_staff(), changes, strict=False)))
    return check_staff_file(path)


@pytest.mark.parametrize("code", Code)
def test_every_code_is_found(code, check, tmp_path, monkeypatch):
    """Each documented fault is the answer to some file, with its severity and without open placeholders."""
    if code in WHOLE_FILES:
        checked = check(data=WHOLE_FILES[code])
    elif code in ROWS:
        checked = check(*ROWS[code])
    elif code in STAFF:
        checked = check_staff(tmp_path / "staff.csv", STAFF[code])
    elif code is Code.FILE_UNREADABLE:
        checked = check(path=tmp_path)
    elif code is Code.MAPPED_COLUMN_MISSING:
        checked = check({}, mapping={"受付ID": "application_no"})
    elif code is Code.WORKBOOK_TOO_DEMANDING:
        checked = check(data=demanding_workbook())
    else:
        limit = {Code.FILE_TOO_LARGE: "MAX_BYTES", Code.TABLE_TOO_LARGE: "MAX_ROWS"}[code]
        monkeypatch.setattr(reading, limit, 1)
        checked = check({})
    found = [fault for fault in checked.faults if fault.code is code]
    assert found, [fault.code for fault in checked.faults]
    assert {fault.severity for fault in found} == {"warning" if code in WARNINGS else "error"}
    assert not any("{" in fault.message_ja + fault.message_en for fault in found)
    if found[0].severity == "error":
        assert len(checked.rows) < max(checked.total, 1)


def test_every_code_has_its_messages():
    """A code without words would be no help to a clerk, and CP932 must be able to write them."""
    assert MESSAGES.keys() == set(Code)
    for japanese, english in MESSAGES.values():
        assert (japanese + english).encode("cp932")
        assert re.findall(r"{\w+}", japanese) == re.findall(r"{\w+}", english)


def test_the_format_page_lists_every_code():
    """The page that offices read and the code agree, word for word."""
    page = FORMAT_PAGE.read_text("utf-8")
    listed = re.findall(r"^\| `([a-z-]+)` \| (error|warning) \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    expected = [(code.value, "warning" if code in WARNINGS else "error", *MESSAGES[code]) for code in Code]
    assert listed == expected


@pytest.mark.parametrize(
    ("title", "columns"), [("Applications", APPLICATION_COLUMNS), ("Staff", STAFF_COLUMNS)]
)
def test_the_format_page_lists_every_column(title, columns):
    """Each column stands on the page with whether it is required and every header that names it."""
    section = FORMAT_PAGE.read_text("utf-8").split(f"\n## {title}\n")[1].split("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)` \| (yes|no|\S.*?) \| (.+?) \| .*\|$", section, re.MULTILINE)
    assert [(field, headers) for field, _, headers in listed] == [
        (column.field, " · ".join(column.headers)) for column in columns
    ]
    assert all(
        (needed == "yes") == column.required or column.field == "round_id"
        for (_, needed, _), column in zip(listed, columns, strict=True)
    )


def test_the_samples_of_the_documentation(check):
    """The good sample is clean, the faulty one shows many faults, and both say that they are samples."""
    good = check(path=SAMPLES / "applications.csv")
    assert good.faults == ()
    assert len(good.rows) == 12
    faulty = check(path=SAMPLES / "applications-faulty.csv")
    assert len({fault.code for fault in faulty.errors}) >= 8
    assert 0 < len(faulty.rows) < faulty.total
    staff = check_staff_file(SAMPLES / "staff.csv")
    assert staff.faults == ()
    assert len(staff.rows) == 23
    for path in SAMPLES.glob("*.csv"):
        assert "SAMPLE DATA" in path.read_text("utf-8-sig").splitlines()[0]


def test_a_zip_of_a_csv_is_no_workbook(check):
    """The office is told to unpack it, rather than that it is damaged."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("applications.csv", "x")
    assert [fault.code for fault in check(data=buffer.getvalue()).faults] == [Code.FILE_UNSUPPORTED]
