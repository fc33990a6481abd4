"""A file of nominations is checked whole: each fault with its row and column and what to do."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from spreadsheets.annotate import write_annotated
from spreadsheets.exchange.names import is_mangled
from spreadsheets.faults import WORDS
from spreadsheets.table_files import read_bytes
from tests.exchange.files import IN_WINDOW, asked, check, codes, csv, known, student, xlsx
from workflows.exchange.comparing import changes, folded, vanished


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "nominations.csv"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_file_of_either_encoding_is_read_whole(file, encoding) -> None:
    """Names of Japanese descent and Latin ones; one name alone is a name."""
    rows = student(1, family="見本", given="花子"), student(2, given="")
    checked = check(csv(file, *rows, encoding=encoding))
    assert codes(checked) == []
    assert [(row.data.family, row.data.given) for row in checked.rows] == [("見本", "花子"), ("Sampleb", "")]
    assert checked.rows[0].data.partner == "uni-a"


@pytest.mark.parametrize(
    "name", ["Müller", "Łukasz", "García Márquez", "Nguyễn", "O'Sample", "D’Água", "Strauß", "Æsa"]
)
def test_claroline_485_a_name_is_kept_to_its_last_accent(file, tmp_path, name) -> None:
    """Nothing is cut at a letter that an encoding does not have, in text and in a workbook."""
    for path in (csv(file, student(family=name)), xlsx(tmp_path / "n.xlsx", student(family=name))):
        checked = check(path)
        assert codes(checked) == []
        assert checked.rows[0].data.family == name.replace("’", "’")


@pytest.mark.parametrize("name", ["Müller", "José", "Åsa Öberg"])
def test_mojibake_is_refused_and_never_stored(file, name) -> None:
    """UTF-8 read as something else, and a European file without any sign of its encoding."""
    mangled = name.encode().decode("cp1252")
    assert is_mangled(mangled)
    assert ("name-mangled", 2) in codes(check(csv(file, student(family=mangled))))
    checked = check(csv(file, student(family=name), encoding="cp1252"))
    assert checked.errors
    assert not checked.rows


def test_submersion_1828_dates_that_excel_has_swapped_in_part_refuse_the_file(tmp_path) -> None:
    """03/04/2005 became a date of March, 13/04/2005 stayed text: no row of such a file is taken."""
    rows = student(1, born=date(2005, 3, 4)), student(2, born="13/04/2005")
    checked = check(xlsx(tmp_path / "n.xlsx", *rows))
    assert ("date-forms-mixed", 3) in codes(checked)


@pytest.mark.parametrize(
    ("first", "second", "order", "found"),
    [
        ("03/04/2005", "25/04/2005", None, date(2005, 4, 3)),
        ("03/04/2005", "04/25/2005", None, date(2005, 3, 4)),
        ("03/04/2005", "05/06/2005", "dmy", date(2005, 4, 3)),
        ("03/04/2005", "05/06/2005", "mdy", date(2005, 3, 4)),
        ("03.04.2005", "25.04.2005", None, date(2005, 4, 3)),
    ],
)
def test_a_day_over_twelve_proves_the_dates_of_the_whole_file(file, first, second, order, found) -> None:
    """Also of the rows before it; where none does, the office says it."""
    checked = check(csv(file, student(1, born=first), student(2, born=second)), order=order)
    assert codes(checked) == []
    assert checked.rows[0].data.born == found


def test_a_date_that_may_be_either_way_round_is_asked_about(file) -> None:
    """Each of them, with the option; two proofs against each other refuse the file."""
    rows = student(1, born="03/04/2005"), student(2, born="05/06/2005")
    assert codes(check(csv(file, *rows))) == [("date-ambiguous", 2), ("date-ambiguous", 3)]
    assert "--dates" in WORDS["date-ambiguous"]["ja"]
    against = student(1, born="13/04/2005"), student(2, born="04/13/2005")
    assert {code for code, _ in codes(check(csv(file, *against)))} == {"date-forms-mixed"}


def test_day_numbers_of_excel_are_dates(tmp_path) -> None:
    """38030 is 13 February 2004, whether Excel kept it as a number or as text."""
    for value in (38030, "38030", date(2004, 2, 13)):
        checked = check(xlsx(tmp_path / "n.xlsx", student(born=value)))
        assert codes(checked) == []
        assert checked.rows[0].data.born == date(2004, 2, 13)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"family": ""}, "required"),
        ({"family": "Sam?ple"}, "character-lost"),
        ({"nationality": "Germany"}, "country-invalid"),
        ({"agreement": "zz"}, "agreement-unknown"),
        ({"agreement": "b1"}, "faculty-not-in-agreement"),
        ({"term": "2027"}, "term-invalid"),
        ({"mail": "nobody"}, "email-invalid"),
        ({"last": "2027-03-01"}, "date-order"),
        ({"first": "2027-11-01", "last": "2028-02-01"}, "stay-outside-term"),
        ({"born": "2027-01-01"}, "birth-unlikely"),
        ({"born": "2004-02-31"}, "date-invalid"),
    ],
)
def test_a_fault_is_told_with_its_row(file, values: dict[str, Any], code: str) -> None:
    """And its column; the value itself is never repeated."""
    checked = check(csv(file, student(1), student(2, **values)))
    assert (code, 3) in codes(checked)
    found = next(each for each in checked.faults if each.code == code)
    for value in values.values():
        assert not value or value not in found.message_en.split()


def test_a_person_twice_is_one_fault_by_number_and_one_question_by_name(file) -> None:
    """The same number is refused; the same birth and a similar name is for a person to look at."""
    assert codes(check(csv(file, student(1), student(1, given="Other")))) == [
        ("number-repeated", 2),
        ("number-repeated", 3),
    ]
    alike = student(1, family="Müller", given="Jörg"), student(2, family="Joerg", given="MUELLER")
    checked = check(csv(file, *alike))
    assert codes(checked) == [("person-alike", 2), ("person-alike", 3)]
    assert not checked.errors


def test_jethro_pmm_446_the_same_name_is_not_the_same_person(file) -> None:
    """Of another birth date nothing is even suggested; of the same one it is, and nothing is decided."""
    before = known(number="S-9", term="26A", family="Samplea", case_id="exchange/26A-ABCD0009")
    other = check(csv(file, student(1, born="2003-12-01")), known=(before,))
    assert codes(other) == []
    same = check(csv(file, student(1)), known=(before,))
    assert codes(same) == [("person-known", 2)]
    assert len(same.rows) == 1


def test_names_that_changed_places_since_the_last_file_are_refused(file) -> None:
    """With what to do; said to be right now, they are a change like any other."""
    before = known(number="S-1", family="Anna", given="Samplea", mail="s1@example.com")
    assert codes(check(csv(file, student(1)), known=(before,))) == [("names-swapped", 2)]
    checked = check(csv(file, student(1)), known=(before,), swapped=True)
    assert codes(checked) == []
    assert changes(checked.rows[0].data, before) == ["family", "given"]


def test_a_number_that_is_somebody_elses_now_makes_nobody_somebody_else(file) -> None:
    """Another name and another birth under the same number: X5."""
    before = known(number="S-1", family="Other", given="Person", born="2001-01-01")
    assert ("number-of-another", 2) in codes(check(csv(file, student(1)), known=(before,)))


@pytest.mark.parametrize(("days", "shut"), [(-30, True), (0, False), (40, True)])
def test_x10_a_shut_window_is_said_before_anything_is_stored(file, days, shut) -> None:
    """Of new students; what is known may still be corrected."""
    now = IN_WINDOW + timedelta(days=days)
    checked = check(csv(file, student(1)), now=now)
    assert [code for code, _ in codes(checked)] == (["window-closed"] if shut else [])
    corrected = check(csv(file, student(1)), now=now, known=(known(number="S-1", family="Samplea"),))
    assert not corrected.errors


def test_what_vanished_since_the_last_file_is_said_and_stays(file) -> None:
    """By its number; of other universities and terms nothing is missed."""
    before = (
        known(number="S-1", family="Samplea", mail="s1@example.com"),
        known("exchange/27S-GONE", number="S-7"),
    )
    elsewhere = known("exchange/26A-OLD1", term="26A", number="S-8")
    checked = check(csv(file, student(1)), known=(*before, elsewhere))
    assert codes(checked) == [("nominations-vanished", None)]
    assert not checked.errors
    gone = vanished([row.data for row in checked.rows], asked(known=(*before, elsewhere)))
    assert [each.case_id for each in gone] == ["exchange/27S-GONE"]


def test_a_column_that_is_not_there_is_said_by_an_option(tmp_path) -> None:
    """Term, partner and faculty; without either the fault names both ways."""
    path = tmp_path / "n.csv"
    rows = student(1), student(2)
    text = csv(path, *rows).read_text().replace(",27S,law", "").replace(",Term,Faculty", "")
    path.write_text(text)
    assert {code for code, _ in codes(check(path))} == {"neither-column-nor-option"}
    checked = check(path, fixed={"term": "27S", "faculty": "law"})
    assert codes(checked) == []
    assert {row.data.faculty for row in checked.rows} == {"law"}


def test_the_annotated_copy_says_each_fault_beside_its_row(file) -> None:
    """It goes back to the coordinator as it came, with what to do."""
    checked = check(csv(file, student(1), student(2, agreement="zz")))
    copy = write_annotated(file, checked)
    assert "iehe exchange agreements list" in read_bytes(copy).decode("utf-8-sig")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "MUELLER"),
        ("Łukasz", "Lukasz"),
        ("Strauß", "Strauss"),
        ("José-Luis", "Jose Luis"),
        ("Søren", "Soren"),
    ],
)
def test_spellings_of_a_name_fold_to_one(one, other) -> None:
    """Accents, spelled-out umlauts, hyphens and capitals."""
    assert folded(one) == folded(other)
