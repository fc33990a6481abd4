import sys
from datetime import date

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.admission.applications import Sex
from spreadsheets.admission.application_columns import application_columns
from spreadsheets.admission.checking import check_file
from spreadsheets.admission.sample_files import APPLICATION_COLUMNS, write_csv, write_xlsx
from spreadsheets.admission.samples import SAMPLE_ROUND, sample_applications
from spreadsheets.headers import Column

TODAY = date(2026, 11, 23)


def found(checked):
    return [(fault.row, fault.column, fault.code) for fault in checked.faults]


def test_a_good_row_is_normalised(check):
    """What was typed in many ways is stored in one."""
    checked = check(
        {
            "family_kana": "さとう",
            "birth_date": "平成20年4月1日",
            "sex": "女",
            "phone": "\uff10\uff19\uff10-1234-5678",
            "postal_code": "1234567",
            "language": "英語",
            "submitted_on": "R8.10.1",
            "accommodation_requested_on": "",
            "accommodation_sudden": "",
        }
    )
    (row,) = checked.rows
    assert row.row == 2
    assert row.data.family_kana == "サトウ"
    assert row.data.birth_date == date(2008, 4, 1)
    assert row.data.sex is Sex.FEMALE
    assert row.data.phone == "09012345678"
    assert row.data.postal_code == "123-4567"
    assert row.data.language == "en"
    assert row.data.submitted_on == date(2026, 10, 1)
    assert (row.data.accommodation_requested_on, row.data.accommodation_sudden) == (None, False)
    assert (checked.total, checked.faults, checked.encoding, len(checked.sha256)) == (1, (), "utf-8-sig", 64)


def test_a_stored_row_does_not_spill_its_person(check):
    """Logs and tracebacks show the key of a record and nothing else of it."""
    (row,) = check({"family_name": "CANARY"}).rows
    assert "CANARY" not in repr(row) + str(row.data)
    assert "A2027-000001" in repr(row)


def test_every_fault_of_every_row_is_collected(check):
    """A clerk corrects a file once, not once for each fault."""
    checked = check({"email": "x", "phone": "1"}, {}, {"birth_date": "2008/2/30"})
    assert found(checked) == [
        (2, "メールアドレス (K)", "email-invalid"),
        (2, "電話番号 (L)", "phone-invalid"),
        (4, "生年月日 (I)", "date-invalid"),
    ]
    assert [row.row for row in checked.rows] == [3]
    assert checked.total == 3


def test_faults_never_echo_a_value(check):
    """A list of faults can be mailed around: it holds places and rules, no person."""
    canary = "CANARYカナリア"
    for column in APPLICATION_COLUMNS:
        for value in (canary, f"={canary}", f"{canary}\0x".replace("\0", "\x01"), canary * 500):
            checked = check({column.field: value})
            assert all("CANARY" not in repr(fault) for fault in checked.faults)


def test_english_headers_in_another_order(tmp_path):
    """Columns are found by name in either language, whatever their order, spaces, width or case."""
    rows = list(sample_applications(3, seed=1))
    columns = [
        Column(column.field, column.read, (f" {column.headers[1].upper()}\u3000",))
        for column in reversed(APPLICATION_COLUMNS)
    ]
    write_csv(tmp_path / "en.csv", rows, columns=columns)
    write_csv(tmp_path / "ja.csv", rows)
    english, japanese = (
        check_file(tmp_path / name, round_id=None, known_programmes=None, today=TODAY)
        for name in ("en.csv", "ja.csv")
    )
    assert english.faults == ()
    assert english.rows == japanese.rows
    assert len(english.rows) == 3


def test_no_two_columns_share_a_header():
    """A header means one thing."""
    names = [name for column in APPLICATION_COLUMNS for name in column.headers]
    assert len(names) == len(set(names))


def test_notes_in_headers_are_ignored(check):
    """Headers carry notes such as (西暦), (必須) or an asterisk."""
    text = "※ 受験番号 (必須),姓(漢字),姓(フリガナ),生年月日(西暦),電話番号(保護者)\nA1,,,,"
    checked = check(data=text.encode())
    codes = {fault.column for fault in checked.faults if fault.code == "required"}
    assert {"姓(漢字) (B)", "姓(フリガナ) (C)", "生年月日(西暦) (D)"} <= codes
    assert (1, "電話番号(保護者) (E)", "column-unknown") in found(checked)


def test_title_rows_and_blank_rows(tmp_path):
    """A merged title above the header and blank rows between rows shift no row number."""
    rows = list(sample_applications(2, seed=1))
    for name, write in (("a.csv", write_csv), ("a.xlsx", write_xlsx)):
        write(tmp_path / name, [rows[0], {}, {}, rows[1]], title="見本データ SAMPLE DATA")
        checked = check_file(tmp_path / name, round_id=SAMPLE_ROUND, known_programmes=None, today=TODAY)
        assert checked.faults == ()
        assert [row.row for row in checked.rows] == [3, 6]
        assert checked.total == 2


def test_csv_and_workbook_give_the_same_rows(tmp_path):
    """The format of a file does not change what is imported."""
    rows = list(sample_applications(60, seed=5, fault_rate=0.3, duplicates=3))
    write_csv(tmp_path / "a.csv", rows, encoding="cp932")
    write_xlsx(tmp_path / "a.xlsx", rows)
    results = [
        check_file(tmp_path / name, round_id=SAMPLE_ROUND, known_programmes=None, today=TODAY)
        for name in ("a.csv", "a.xlsx")
    ]
    assert results[0].rows == results[1].rows
    assert results[0].faults == results[1].faults


def test_the_round_of_the_import_is_the_default(check):
    """A file without the column belongs to the import's round, one with another round is refused."""
    assert check({}, without=frozenset({"round_id"})).rows[0].data.round_id == SAMPLE_ROUND
    assert found(check({"round_id": ""})) == []
    assert found(check({"round_id": "2027-other"})) == [(2, "選抜区分 (B)", "round-mismatch")]
    assert check({"round_id": "2027-Other"}, round_id=None).rows[0].data.round_id == "2027-other"
    assert found(check({"round_id": ""}, round_id=None)) == [(2, "選抜区分 (B)", "required")]


def test_nothing_of_a_file_without_a_required_column_is_good(check):
    """Rows without their dates of birth are no applications."""
    checked = check({}, {}, without=frozenset({"birth_date"}))
    assert found(checked) == [(1, "生年月日", "column-missing")]
    assert (checked.rows, checked.total) == ((), 2)


def test_unknown_columns_only_warn(check):
    """An office's own column is named and left out."""
    (header, row) = (",".join(values) for values in zip(*good().items(), strict=True))
    checked = check(data=f"{header},備考\n{row},x".encode())
    assert [(fault.column, fault.severity) for fault in checked.faults] == [("備考 (Y)", "warning")]
    assert len(checked.rows) == 1


def good():
    row = next(sample_applications(1, seed=1))
    return {column.headers[0]: row[column.field].replace("\n", " ") for column in APPLICATION_COLUMNS}


def test_shifted_cells_are_seen(check):
    """An unquoted comma moves the last cell beyond the header."""
    (header, row) = (",".join(values) for values in zip(*good().items(), strict=True))
    assert (2, "(Y)", "too-many-cells") in found(check(data=f"{header}\nx,{row}".encode()))
    assert found(check(data=f"{header}\n{row},,,".encode())) == []


@pytest.mark.parametrize(
    ("birth", "code"),
    [
        ("2013-04-01", None),
        ("2013-04-02", "age-implausible"),
        ("1926-04-02", None),
        ("1926-04-01", "age-implausible"),
        ("2026-11-23", "age-implausible"),
        ("2026-11-24", "date-in-future"),
    ],
)
def test_ages_at_entry(check, birth, code):
    """On 1 April after the check an entrant is 14 to 100 years old."""
    assert [fault.code for fault in check({"birth_date": birth}).faults] == ([code] if code else [])


def test_submitted_today_but_not_tomorrow(check):
    """Nobody has submitted anything tomorrow."""
    assert found(check({"submitted_on": "2026-11-23"})) == []
    assert found(check({"submitted_on": "2026-11-24"})) == [(2, "出願日 (U)", "date-in-future")]


def test_a_repeated_number_is_an_error_on_both_rows(check):
    """Which of the two is right only the office knows; a row that is faulty otherwise counts too."""
    checked = check({"application_no": "A2027-9"}, {}, {"application_no": "A2027-\uff19", "email": "x"})
    repeats = [fault for fault in checked.faults if fault.code == "application-no-repeated"]
    assert [(fault.row, fault.message_en[-1]) for fault in repeats] == [(2, "4"), (4, "2")]
    assert [row.row for row in checked.rows] == [3]


def test_many_repeats_name_ten_rows(check):
    """A number copied down a whole column does not make messages of its length."""
    checked = check(*[{"application_no": "A2027-9"}] * 30)
    messages = [f.message_en for f in checked.faults if f.code == "application-no-repeated"]
    assert len(messages) == 30
    assert messages[0].endswith("3, 4, 5, 6, 7, 8, 9, 10, 11, 12, …")


def test_one_person_twice_is_a_warning(check):
    """Siblings' applications are allowed or for a person to judge, so nothing is kept out."""
    person = {"family_kana": "サトウ", "given_kana": "アイ", "birth_date": "H20.4.1"}
    checked = check(
        person,
        person | {"birth_date": "2008-04-01", "family_kana": "ｻﾄｳ"},
        {"email": "Z@example.com"},
        {"email": "z@example.com"},
    )
    assert found(checked) == [
        (2, "セイ (G)", "person-repeated"),
        (3, "セイ (G)", "person-repeated"),
        (4, "メールアドレス (K)", "person-repeated"),
        (5, "メールアドレス (K)", "person-repeated"),
    ]
    assert len(checked.rows) == 4


def test_one_account_is_one_person(check):
    """An account may apply twice, but not under two dates of birth; an unreadable one proves nothing."""
    person = {
        "applicant_account": "p1",
        "family_kana": "サトウ",
        "given_kana": "アイ",
        "email": "z@example.com",
    }
    same = check(person | {"birth_date": "2008-4-1"}, person | {"birth_date": "H20.4.1"})
    assert {fault.code for fault in same.faults} <= {"date-invalid", "person-repeated"}
    different = check(person | {"birth_date": "2008-04-01"}, person | {"birth_date": "2008-04-02"})
    assert [f.code for f in different.faults].count("account-contradiction") == 2
    unreadable = check(person | {"birth_date": "2008-04-01"}, person | {"birth_date": "x"})
    assert "account-contradiction" not in {fault.code for fault in unreadable.faults}


def test_further_choices_stand_in_one_cell_or_in_a_column_each(check):
    """第二志望学科 and the like, in the order of the columns; each is a programme that there is."""
    (row,) = check({"programme": "law", "further_choices": "science、medicine"}).rows
    assert row.data.further_choices == ("science", "medicine")
    header = "受験番号,第一志望学科,第二志望学科,第三志望学科"
    places = check(data=f"{header}\nA1001,law,science,\n".encode()).layout.places
    assert [place.at for place in places["further_choices"]] == [2, 3]
    unknown = check({"programme": "law", "further_choices": "astrology"})
    assert [fault[2] for fault in found(unknown)] == ["programme-unknown"]


def test_an_unknown_programme_is_refused_where_programmes_are_known(check):
    """Without a list of programmes any well-formed code passes."""
    assert found(check({"programme": "astrology"})) == [(2, "学部コード (C)", "programme-unknown")]
    assert found(check({"programme": "Astrology"}, known_programmes=None)) == []


def test_numbers_and_dates_of_a_workbook(tmp_path):
    """Date cells are read; numbers in identifier columns are refused, because zeros may be lost."""
    row = next(sample_applications(1, seed=1)) | {"submitted_on": "2026-10-01"}
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for place, column in enumerate(APPLICATION_COLUMNS):
            sheet.write_string(0, place, column.headers[0])
            sheet.write_string(1, place, row[column.field])
        places = {column.field: place for place, column in enumerate(APPLICATION_COLUMNS)}
        sheet.write_datetime(
            1, places["birth_date"], date(2008, 4, 1), book.add_format({"num_format": "[$-411]ge.m.d"})
        )
        sheet.write_number(1, places["submitted_on"], 20261001)
        for field, number in (("application_no", 20270001), ("postal_code", 600808), ("phone", 9012345678)):
            sheet.write_number(1, places[field], number)
    checked = check_file(path, round_id=SAMPLE_ROUND, known_programmes=None, today=TODAY)
    assert found(checked) == [
        (2, "受験番号 (A)", "number-not-text"),
        (2, "電話番号 (L)", "number-not-text"),
        (2, "郵便番号 (M)", "number-not-text"),
    ]


TEXTS = st.dictionaries(
    st.sampled_from([column.field for column in application_columns(round_required=True)]),
    st.one_of(st.text(max_size=30), st.text("0123456789-/年月日平成元@.=+あア\u3000\n\ue000", max_size=20)),
    max_size=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(changes=TEXTS)
def test_what_passes_the_check_fits_the_model(check, changes):
    """The check is at least as strict as the record it makes, so it never fails on a row."""
    clean = {
        field: text.replace("\0", "").encode("utf-8", "ignore").decode() for field, text in changes.items()
    }
    checked = check(clean, known_programmes=None, round_id=None)
    assert len(checked.rows) + bool(checked.errors) >= 1


def test_the_work_for_a_row_is_bounded(tmp_path):
    """Ten times the rows cost about ten times the calls, and few calls each."""

    def calls(rows):
        path = tmp_path / f"{rows}.csv"
        write_csv(path, sample_applications(rows, seed=1))
        count = 0

        def profile(_frame, event, _argument):
            nonlocal count
            count += event == "call"

        sys.setprofile(profile)
        try:
            check_file(path, round_id=SAMPLE_ROUND, known_programmes=None, today=TODAY)
        finally:
            sys.setprofile(None)
        return count

    few, many = calls(100), calls(1000)
    assert many < 11 * few
    assert many / 1000 < 250
