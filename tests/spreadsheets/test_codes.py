import io
import re
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import xlsxwriter

from schemas.kernel.japan import TOKYO
from spreadsheets import table_files as reading
from spreadsheets.admission.application_columns import application_columns
from spreadsheets.admission.sample_files import APPLICATION_COLUMNS, write_staff_csv
from spreadsheets.admission.samples import sample_applications, sample_staff
from spreadsheets.closures import check_closures_file
from spreadsheets.exchange.partners import check_partners_file
from spreadsheets.faults import WARNINGS, WORDS
from spreadsheets.outreach.topics import TOPIC_COLUMNS, check_topics_file
from spreadsheets.staff import STAFF_COLUMNS, check_staff_file
from spreadsheets.support.alerts import check_alerts_file
from spreadsheets.support.register import check_register_file
from spreadsheets.support.rota import Shift, check_rota_file
from tests.batches.faulty import BATCHES
from tests.dormitory.faulty import DORMITORY
from tests.exchange.faulty import EXCHANGE
from tests.spreadsheets.test_workbook import demanding_workbook

OF_ROOMS = EXCHANGE | DORMITORY | BATCHES
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
    "file-empty": b"",
    "file-unsupported": b"%PDF-1.7",
    "file-binary": b"a\0b",
    "encoding-unknown": b"\xff",
    "csv-broken": b'a,"b\n',
    "workbook-broken": b"PK\x03\x04",
    "header-missing": b"a,b\n1,2\n",
    "no-rows": HEADER,
    "column-missing": "受験番号,姓\nA1,x".encode(),
    "column-duplicate": HEADER + ",氏".encode(),
    "column-unknown": HEADER + ",備考".encode(),
    "too-many-cells": HEADER + b"\n" + b"," * 30 + b"x",
    "sheets-ignored": workbook([["受験番号", "姓"]], [["x"]]),
    "number-not-text": workbook(numbered()),
    "row-hidden": workbook(numbered(), hide=lambda sheet: sheet.set_row(1, None, None, {"hidden": True})),
    "column-hidden": workbook(
        numbered(), hide=lambda sheet: sheet.set_column(0, 0, None, None, {"hidden": True})
    ),
    "name-not-split": "受験番号,氏名\nA2027-1,見本花子".encode(),
}
ROWS = {
    "cell-too-long": [{"statement": "x" * 10_001}],
    "required": [{"family_name": "\u3000"}],
    "text-too-long": [{"statement": "x" * 4_001}],
    "control-character": [{"given_name": "a\nb"}],
    "gaiji-character": [{"family_name": "\ue000田"}],
    "cell-error": [{"school_code": "#N/A"}],
    "character-lost": [{"family_name": "?田"}],
    "weekday-mismatch": [{"birth_date": "2008年4月1日(月)"}],
    "formula-character": [{"family_name": "=1+1"}],
    "application-no-invalid": [{"application_no": "a-1"}],
    "application-no-without-digit": [{"application_no": "SATO-TARO"}],
    "application-no-repeated": [{"application_no": "A2027-1"}] * 2,
    "round-invalid": [{"round_id": "一般"}],
    "round-mismatch": [{"round_id": "2026-general"}],
    "programme-invalid": [{"programme": "文学部"}],
    "programme-unknown": [{"programme": "astrology"}],
    "choice-repeated": [{"programme": "law", "further_choices": "science;law"}],
    "code-invalid": [{"school_code": "?"}],
    "choice-unknown": [{"sex": "x"}],
    "kana-invalid": [{"family_kana": "佐藤"}],
    "email-invalid": [{"email": "x"}],
    "phone-invalid": [{"phone": "110"}],
    "postal-code-invalid": [{"postal_code": "12-3"}],
    "date-invalid": [{"birth_date": "2008/2/30"}],
    "era-out-of-bounds": [{"birth_date": "平成32年4月1日"}],
    "date-in-future": [{"submitted_on": "2999-01-01"}],
    "age-implausible": [{"birth_date": "大正元年8月1日"}],
    "accommodation-date-missing": [{"accommodation_sudden": "はい", "accommodation_requested_on": ""}],
    "account-contradiction": [{"applicant_account": "p1"}] * 2,
    "person-repeated": [{"email": "x@example.com"}] * 2,
}
STAFF = {
    "number-invalid": [{"load_cap": "many"}],
    "date-order": [{"available_to": "2020-01-01"}],
    "staff-id-repeated": [{}, {"staff_id": "reviewer-1"}],
}
TOPIC = "2026,contracts,law,契約,Contracts,lecturer-1\n"
TOPICS = {
    "topic-repeated": TOPIC * 2,
    "lecturer-not-on-staff": TOPIC.replace("lecturer-1", "lecturer-2"),
}
PARTNERS = {"partner-repeated": "uni-a,Uni A,a@example.edu\n" * 2}

CLOSURES = {
    "time-invalid": "2027-01-01,25:00,26:00\n",
    "hours-half": "2027-01-01,9:00,\n",
    "hours-reversed": "2027-01-01,9:00,8:00\n",
    "closure-too-long": "2027-01-01,,,2028-01-01\n",
    "closure-repeated": "2027-01-01,,\n" * 2,
}
ROTA = {
    "span-invalid": "2027-01-01,9:00,duty-1,\n",
    "shift-repeated": "2027-01-01,9:00-17:00,duty-1,\n" * 2,
    "shift-taken": "2026-12-01,9:00-17:00,duty-1,\n",
    "same-person-twice": "2027-01-01,9:00-17:00,duty-1,duty-1\n",
    "person-unknown": "2027-01-01,9:00-17:00,duty-9,\n",
    "person-not-reachable": "2027-01-01,9:00-17:00,duty-2,\n",
}
REGISTER = {
    "concern-repeated": "2021-04-05,S2021-0042,学業,\n" * 2,
    "staff-unknown": "2021-04-05,S2021-0042,学業,nobody-1\n",
}
ALERTS = {"alert-repeated": "S2026-0042,math-101,4\n" * 2}


def check_closures(path, rows):
    lines = [f"{row},,closure" if row.count(",") == 2 else f"{row},closure" for row in rows.split()]
    path.write_text("\n".join(["date,opens,closes,last,why", *lines]))
    return check_closures_file(path, ["office"])


def check_alerts(path, rows):
    path.write_text(f"学籍番号,科目,欠席数\n{rows}", encoding="utf-8")
    return check_alerts_file(path)


def check_register(path, rows):
    path.write_text(f"受付日,学籍番号,相談種別,関係職員\n{rows}", encoding="utf-8")
    return check_register_file(path, {"counsellor-1": "見本"}, date(2026, 6, 1))


def check_rota(path, rows):
    path.write_text("日付,時間帯,当番,副当番\n" + rows)
    begins = datetime(2026, 12, 1, 16, tzinfo=TOKYO)
    planned = [Shift("first", "duty-3", begins, begins + timedelta(hours=9))]
    return check_rota_file(path, {"duty-1": True, "duty-2": False}, planned)


def check_topics(path, rows):
    path.write_text(",".join(column.headers[0] for column in TOPIC_COLUMNS) + "\n" + rows, encoding="utf-8")
    return check_topics_file(path, {"lecturer-1"})


def check_partners(path, rows):
    path.write_text("partner,name,mail\n" + rows, encoding="utf-8")
    return check_partners_file(path)


def check_staff(path, changes):
    write_staff_csv(path, (row | change for row, change in zip(sample_staff(), changes, strict=False)))
    return check_staff_file(path)


OTHERS = {
    code: (check_file, rows)
    for check_file, files in (
        (check_topics, TOPICS),
        (check_partners, PARTNERS),
        (check_closures, CLOSURES),
        (check_rota, ROTA),
        (check_alerts, ALERTS),
        (check_register, REGISTER),
    )
    for code, rows in files.items()
}


@pytest.mark.parametrize("code", WORDS)
def test_every_code_is_found(code, check, tmp_path, monkeypatch):
    """Each documented fault is the answer to some file, with its severity and without open placeholders."""
    if code in WHOLE_FILES:
        checked = check(data=WHOLE_FILES[code])
    elif code in ROWS:
        checked = check(*ROWS[code])
    elif code in STAFF:
        checked = check_staff(tmp_path / "staff.csv", STAFF[code])
    elif code in OTHERS:
        check_file, rows = OTHERS[code]
        checked = check_file(tmp_path / "file.csv", rows)
    elif code in OF_ROOMS:
        checked = OF_ROOMS[code](tmp_path / "file.csv")
    elif code == "file-unreadable":
        checked = check(path=tmp_path)
    elif code == "mapped-column-missing":
        checked = check({}, mapping={"受付ID": "application_no"})
    elif code == "workbook-too-demanding":
        checked = check(data=demanding_workbook())
    else:
        limit = {"file-too-large": "MAX_BYTES", "table-too-large": "MAX_ROWS"}[code]
        monkeypatch.setattr(reading, limit, 1)
        checked = check({})
    found = [fault for fault in checked.faults if fault.code == code]
    assert found, [fault.code for fault in checked.faults]
    assert {fault.severity for fault in found} == {"warning" if code in WARNINGS else "error"}
    assert not any("{" in fault.message_ja + fault.message_en for fault in found)
    if found[0].severity == "error":
        assert len(checked.rows) < max(checked.total, 1)


def test_every_code_has_its_messages():
    """A code without words would be no help to a clerk, and CP932 must be able to write them."""
    for words in WORDS.values():
        japanese, english = words["ja"], words["en"]
        assert (japanese + english).encode("cp932")
        assert re.findall(r"{\w+}", japanese) == re.findall(r"{\w+}", english)


def test_the_format_page_lists_every_code():
    """The page that offices read and the code agree, word for word."""
    page = FORMAT_PAGE.read_text("utf-8")
    listed = re.findall(r"^\| `([a-z-]+)` \| (error|warning) \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    expected = [
        (code, "warning" if code in WARNINGS else "error", words["ja"], words["en"])
        for code, words in WORDS.items()
    ]
    assert listed == expected


@pytest.mark.parametrize(
    ("title", "columns"),
    [
        ("Applications", application_columns(round_required=True)),
        ("Staff", STAFF_COLUMNS),
        ("Topics", TOPIC_COLUMNS),
    ],
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
    assert len(staff.rows) == 49
    for path in SAMPLES.glob("*.csv"):
        assert "SAMPLE DATA" in path.read_text("utf-8-sig").splitlines()[0]


def test_a_zip_of_a_csv_is_no_workbook(check):
    """The office is told to unpack it, rather than that it is damaged."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("applications.csv", "x")
    assert [fault.code for fault in check(data=buffer.getvalue()).faults] == ["file-unsupported"]
