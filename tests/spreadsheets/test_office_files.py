"""Files as offices have them: damaged, filtered, with formulas, laid out in their own way."""

import csv
import io
import re

import pytest
import xlsxwriter

from spreadsheets.admission.sample_files import APPLICATION_COLUMNS
from spreadsheets.admission.samples import sample_applications
from tests.spreadsheets.test_workbook import rewritten

FIELDS = [column.field for column in APPLICATION_COLUMNS]
LABELS = {column.field: column.headers[0] for column in APPLICATION_COLUMNS}
PLAIN = {"birth_date": "2008-04-01", "submitted_on": "2026-11-01", "statement": "x"}


def people(count=1):
    rows = [row | PLAIN for row in sample_applications(count, seed=3)]
    return [row | {"applicant_account": ""} for row in rows]


def book(rows, *, change=lambda book, sheet: None, header=None):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as made:
        sheet = made.add_worksheet()
        for line, cells in enumerate([header or [LABELS[name] for name in FIELDS], *rows]):
            for place, cell in enumerate(cells):
                sheet.write_string(line, place, cell)
        change(made, sheet)
    return buffer.getvalue()


def table(*rows):
    return [[row[name] for name in FIELDS] for row in rows]


def text(*lines):
    buffer = io.StringIO()
    csv.writer(buffer).writerows(lines)
    return buffer.getvalue().encode()


def laid_out(titles, values, row):
    """The row with its own columns for `titles`, the others under their usual headers."""
    gone = {field for fields in titles.values() for field in fields}
    kept = [name for name in FIELDS if name not in gone]
    header = [*(LABELS[name] for name in kept), *titles]
    return text(header, [*(row[name] for name in kept), *values])


def codes(checked):
    return [(fault.row, fault.code) for fault in checked.faults]


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?"])
def test_an_error_cell_is_a_fault_of_its_row_and_column(check, error):
    """A lookup that failed is not an empty cell, in a required column or any other."""
    place = FIELDS.index("accommodation_requested_on")

    def change(made, sheet):
        sheet.write_formula(2, place, "=VLOOKUP(1,Z:Z,1,0)", None, error)

    checked = check(data=book(table(*people(2)), change=change))
    label = f"{LABELS['accommodation_requested_on']} (V)"
    assert [(f.row, f.column, f.code) for f in checked.faults] == [(3, label, "cell-error")]
    assert [row.row for row in checked.rows] == [2]


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "########"])
def test_an_error_saved_as_text_is_a_fault_too(check, error):
    """A CSV holds errors, and dates of a narrow column, as what was shown."""
    assert codes(check(PLAIN | {"accommodation_requested_on": error})) == [(2, "cell-error")]


def test_a_formula_that_was_never_calculated_is_a_fault(check):
    """A program other than Excel may write formulas without their values; an empty result is a value."""
    place = FIELDS.index("related_staff")

    def change(made, sheet):
        sheet.write_formula(1, place, "=A1", None, "")
        sheet.write_formula(2, place, "=A1", None, "")

    data = book(table(*people(2)), change=change)
    empty = re.compile(rb'(<c r="[A-Z]+2")(?: t="str")?>(<f>A1</f>)<v></v>')
    never = re.compile(rb'(<c r="[A-Z]+3")(?: t="str")?>(<f>A1</f>)<v></v>')
    data = rewritten(data, lambda _, part: never.sub(rb"\1>\2", empty.sub(rb'\1 t="str">\2<v></v>', part)))
    assert codes(check(data=data)) == [(3, "cell-error")]


def test_a_hidden_row_is_refused_and_the_others_are_good(check):
    """What a filter or a hand has hidden nobody has looked at; it is not imported without a word."""

    def change(made, sheet):
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.autofilter(0, 0, 3, 3)

    checked = check(data=book(table(*people(3)), change=change))
    assert codes(checked) == [(3, "row-hidden")]
    assert [row.row for row in checked.rows] == [2, 4]


def test_a_hidden_column_is_told(check):
    """A column that nobody sees is imported with a warning."""

    def change(made, sheet):
        sheet.set_column(4, 4, None, None, {"hidden": True})

    checked = check(data=book(table(*people(1)), change=change))
    assert codes(checked) == [(1, "column-hidden")]
    assert len(checked.rows) == 1


@pytest.mark.parametrize("lost", ["?田", "〓子", "●", "\ufffd田", "□", "\uff1f"])
@pytest.mark.parametrize("name", ["family_name", "given_kana", "address", "school_name", "guardian_name"])
def test_a_character_that_was_lost_in_saving_is_a_fault(check, lost, name):
    """What CP932 puts for a character it lacks is no name; the fault says how to save."""
    (fault,) = check(PLAIN | {name: lost}).faults
    assert (fault.row, fault.code) == (2, "character-lost")
    assert "CSV UTF-8" in fault.message_ja + fault.message_en


def test_a_question_in_a_statement_is_no_damage(check):
    """Prose may ask, and a declared relation may list with bullets."""
    assert check(PLAIN | {"statement": "なぜ?", "related_staff": "●見本"}).faults == ()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("below", [["姓", "名"], ["セイ", "メイ"]])
def test_two_header_rows(check, kind, below):
    """氏名 above 姓 and 名, フリガナ above セイ and メイ, all else in the upper row."""
    (row,) = people()
    upper = [LABELS[name] for name in FIELDS]
    lower = [""] * len(FIELDS)
    for name, above, names in (("family_name", "氏名", ["姓", "名"]), ("family_kana", "フリガナ", below)):
        at = FIELDS.index(name)
        upper[at : at + 2], lower[at : at + 2] = [above, ""], names
    lines = [upper, lower, *table(row)]
    checked = check(data=text(*lines) if kind == "csv" else book(lines[1:], header=upper))
    assert checked.faults == ()
    assert [found.row for found in checked.rows] == [3]
    assert checked.rows[0].data.family_name == row["family_name"]
    assert checked.layout.label("given_kana")[0] == f"フリガナ {below[1]} (H)"


def test_the_guardian_s_telephone_is_not_the_applicant_s(check):
    """Below the header of another person a known name means another thing."""
    (row,) = people()
    names = [name for name in FIELDS if name not in ("phone", "guardian_name")]
    upper = [*(LABELS[name] for name in names), "保護者", ""]
    lower = [*("" for _ in names), "氏名", "電話番号"]
    checked = check(data=text(upper, lower, [*(row[name] for name in names), "見本 太郎", "000-0000-0009"]))
    assert [(f.column, f.code) for f in checked.faults] == [("保護者 電話番号 (X)", "column-unknown")]
    assert (checked.rows[0].data.phone, checked.rows[0].data.guardian_name) == (None, "見本 太郎")


@pytest.mark.parametrize("name", ["氏名", "志願者氏名", "名前", "姓名"])
@pytest.mark.parametrize("reading", ["フリガナ", "ふりがな", "氏名（カナ）", "よみがな"])
def test_whole_names_in_one_column(check, name, reading):
    """Family name and given name are parted at the space, full or half width."""
    (row,) = people()
    titles = {name: ("family_name", "given_name"), reading: ("family_kana", "given_kana")}
    checked = check(data=laid_out(titles, ["見本\u3000花子", "みほん ﾊﾅｺ"], row))
    assert checked.faults == ()
    data = checked.rows[0].data
    assert (data.family_name, data.given_name, data.family_kana, data.given_kana) == (
        *("見本", "花子", "ミホン", "ハナコ"),
    )


@pytest.mark.parametrize("whole", ["見本花子", "見本 花 子"])
def test_a_whole_name_that_cannot_be_parted_is_one_fault(check, whole):
    """Where the given name begins is not guessed."""
    (row,) = people()
    checked = check(data=laid_out({"氏名": ("family_name", "given_name")}, [whole], row))
    assert codes(checked) == [(2, "name-not-split")]


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("姓（ふりがな）", "family_kana"),
        ("名（よみ）", "given_kana"),
        ("携帯電話", "phone"),
        ("携帯番号", "phone"),
        ("出願日時", "submitted_on"),
        ("受験No.", "application_no"),
    ],
)
def test_ordinary_headers(check, header, field):
    """Headers that offices use are known without being asked for."""
    (row,) = people()
    checked = check(data=laid_out({header: (field,)}, [row[field]], row))
    assert checked.faults == ()
    assert len(checked.rows) == 1


def test_a_second_telephone_is_told_and_not_an_error(check):
    """Where both are there, 電話番号 is taken, and the mobile telephone's column is named."""
    (row,) = people()
    lines = [[*(LABELS[name] for name in FIELDS), "携帯電話"], [*table(row)[0], "000-0000-0009"]]
    checked = check(data=text(*lines))
    assert [(f.column, f.code) for f in checked.faults] == [("携帯電話 (Y)", "column-unknown")]
    assert checked.rows[0].data.phone == row["phone"].replace("-", "")


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ({"住所1": "見本県見本市1-2", "住所2": "見本荘3"}, "見本県見本市1-2 見本荘3"),
        ({"都道府県": "見本県", "市区町村": "見本市", "番地": "1-2", "建物名": ""}, "見本県見本市1-2"),
        ({"住所": "見本県見本市1-2", "建物名": "見本荘3"}, "見本県見本市1-2 見本荘3"),
    ],
)
def test_an_address_in_several_columns(check, parts, whole):
    """The parts are put together in the file's order, a building behind a space."""
    (row,) = people()
    checked = check(data=laid_out(dict.fromkeys(parts, ("address",)), list(parts.values()), row))
    assert checked.faults == ()
    assert checked.rows[0].data.address == whole


def test_the_name_of_a_building_alone_is_no_address(check):
    """A file without the rest of the address lacks a column."""
    (row,) = people()
    found = check(data=laid_out({"建物名": ("address",)}, ["見本荘3"], row))
    assert [code for _, code in codes(found)] == ["column-unknown", "column-missing"]


MAPPING = {"受付ID": "application_no", "本人の名": "family_name+given_name", "備考": "-"}


def own_layout(row):
    titles = {"受付ID": ("application_no",), "本人の名": ("family_name", "given_name"), "備考": ()}
    return laid_out(titles, [row["application_no"], "見本 花子", "x"], row)


def test_a_mapping_tells_what_columns_hold(check):
    """The office says once what its headers mean; what it does not want is no longer warned of."""
    (row,) = people()
    checked = check(data=own_layout(row), mapping=MAPPING)
    assert checked.faults == ()
    assert checked.rows[0].data.given_name == "花子"
    assert ("備考 (X)", ()) in list(checked.layout.held())


def test_a_kept_mapping_is_used_for_the_same_header_alone(check):
    """What was said of one file is used again for its like, and for no other."""
    (row,) = people()
    first = check(data=own_layout(row), mapping=MAPPING)
    kept = {first.layout.signature: MAPPING}
    again = check(data=own_layout(row), kept_mappings=kept)
    assert (again.faults, again.rows[0].data) == ((), first.rows[0].data)
    other = check(data=own_layout(row).replace("備考".encode(), "メモ".encode()), kept_mappings=kept)
    assert "column-missing" in [code for _, code in codes(other)]


def test_a_large_check_tells_how_far_it_is(check):
    """Rows done and rows in all are told while the file is read."""
    told = []
    checked = check(*([{}] * 1200), told=lambda done, total: told.append((done, total)))
    assert checked.total == 1200
    assert told == [(500, 1201), (1000, 1201), (1201, 1201)]
