from collections import Counter
from datetime import date
from itertools import pairwise

import pytest

from spreadsheets.admission.checking import check_file
from spreadsheets.admission.sample_files import write_csv, write_xlsx
from spreadsheets.admission.samples import PROGRAMMES, SAMPLE_ROUND, sample_applications


def check(path, rows, **options):
    write_csv(path, sample_applications(rows, **options), encoding="cp932")
    return check_file(
        path,
        round_id=options.get("round_id", SAMPLE_ROUND),
        known_programmes=frozenset(PROGRAMMES),
        today=date(2026, 10, 9),
    )


def test_samples_repeat_by_their_seed():
    """A seed is a file: the same rows on every machine, and others for another seed."""
    once, again, other = (list(sample_applications(50, seed, fault_rate=0.2)) for seed in (1, 1, 2))
    assert once == again
    assert once != other


def test_samples_check_clean(tmp_path):
    """A sample without faults has none, but siblings and namesakes as real life has them."""
    checked = check(tmp_path / "a.csv", 1500, seed=4)
    assert checked.errors == ()
    assert {fault.code for fault in checked.faults} == {"person-repeated"}
    assert [row.data.application_no for row in checked.rows][:2] == ["A2027-000001", "A2027-000002"]
    assert len({row.data.application_no for row in checked.rows}) == 1500
    people = Counter(
        (row.data.applicant_account, row.data.email, row.data.birth_date, row.data.given_kana)
        for row in checked.rows
    )
    siblings = sum(count > 1 for count in people.values())
    assert 5 <= siblings <= 30


def test_samples_are_of_nobody(tmp_path):
    """Mail goes to example domains only, and telephone numbers and postal codes do not exist."""
    for row in check(tmp_path / "a.csv", 200, seed=5, duplicates=10).rows:
        assert row.data.email.endswith("@example.com")
        assert row.data.school_contact_email.endswith("@example.ac.jp")
        assert row.data.phone.startswith("0000000")
        assert row.data.postal_code.startswith("000-")


def test_samples_are_written_in_many_ways():
    """Dates in six styles, some full-width digits, some hiragana: what normalisation is for."""
    rows = list(sample_applications(500, seed=6))
    text = "".join(row["birth_date"] + row["postal_code"] for row in rows)
    assert all(mark in text for mark in ("平成", "H", "/", "-", "年", "\uff10"))
    assert any("\u3041" <= row["family_kana"][0] <= "\u3096" for row in rows)


@pytest.mark.parametrize("rate", [0.0, 0.5, 1.0])
def test_the_rate_of_faults(tmp_path, rate):
    """The share of faulty rows is about the one asked for."""
    checked = check(tmp_path / "a.csv", 400, seed=7, fault_rate=rate)
    assert abs(1 - len(checked.rows) / 400 - rate) < 0.1


@pytest.mark.parametrize("rows", [0, 1, 2, 30])
def test_likely_duplicates(tmp_path, rows):
    """A duplicate is the person before with another mailbox; there cannot be more than rows."""
    found = list(sample_applications(rows, seed=8, duplicates=100))
    assert len(found) == rows
    for before, after in pairwise(found):
        assert after["birth_date"] == before["birth_date"]
        assert after["email"] != before["email"]
        assert after["applicant_account"] == ""


def test_another_round(tmp_path):
    """The round gives the numbers their prefix."""
    (row,) = check(tmp_path / "a.csv", 1, seed=1, round_id="2028-recommendation").rows
    assert (row.data.round_id, row.data.application_no) == ("2028-recommendation", "A2028-000001")


def test_a_workbook_that_cannot_be_written(tmp_path):
    """A folder that does not exist is an OSError, not a stack of library errors."""
    with pytest.raises(OSError, match="cannot write"):
        write_xlsx(tmp_path / "missing" / "a.xlsx", [])
