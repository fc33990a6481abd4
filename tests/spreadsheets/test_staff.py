from datetime import date

import pytest

from schemas.admission.roles import Role
from schemas.kernel.roles import ADMINISTRATOR
from spreadsheets.admission.sample_files import write_staff_csv
from spreadsheets.admission.samples import sample_staff
from spreadsheets.staff import STAFF_COLUMNS, check_staff_file


@pytest.fixture
def check(tmp_path):
    def run(*changes):
        rows = [row | change for row, change in zip(sample_staff(), changes, strict=False)]
        write_staff_csv(tmp_path / "staff.csv", rows)
        return check_staff_file(tmp_path / "staff.csv")

    return run


def test_the_sample_staff_can_run_a_round(tmp_path):
    """Enough reviewers, a committee with one chair, and a second person for each check."""
    assert write_staff_csv(tmp_path / "staff.csv", sample_staff(), title="見本") == 23
    checked = check_staff_file(tmp_path / "staff.csv")
    assert checked.faults == ()
    staff = {row.data.staff_id: row.data for row in checked.rows}
    counts = {role: sum(role in member.roles for member in staff.values()) for role in (*Role, ADMINISTRATOR)}
    assert counts == {
        Role.REVIEWER: 12,
        Role.COMMITTEE_MEMBER: 5,
        Role.COMMITTEE_CHAIR: 1,
        Role.ADMISSIONS_OFFICE: 2,
        Role.CHECKER: 1,
        Role.HEAD_OF_ADMISSIONS: 1,
        ADMINISTRATOR: 2,
        Role.AUDITOR: 0,
    }
    assert {"office-1", "office-2", "head-1"} <= staff.keys()


@pytest.mark.parametrize(
    ("text", "employers"),
    [
        ("", []),
        ("見本大学", [("見本大学", None)]),
        ("見本大学; 例示高校 (2025-03-31)", [("見本大学", None), ("例示高校", date(2025, 3, 31))]),
        (
            "例示高校\uff08令和7年3月31日まで\uff09\uff1b見本大学",
            [("例示高校", date(2025, 3, 31)), ("見本大学", None)],
        ),
        ("例示(株) (until 2025/3/31)、見本(財)", [("例示(株)", date(2025, 3, 31)), ("見本(財)", None)]),
        ("見本\n例示(R元.5.1)", [("見本", None), ("例示", date(2019, 5, 1))]),
    ],
)
def test_employers(check, text, employers):
    """Several employers stand in one cell, each with its last day if it is over."""
    (row,) = check({"employers": text}).rows
    assert [(employer.name, employer.until) for employer in row.data.employers] == employers


def test_roles_in_either_language(check):
    """Roles may be named in Japanese, several in a cell."""
    (row,) = check({"roles": "審査員、委員長; Auditor"}).rows
    assert row.data.roles == {Role.REVIEWER, Role.COMMITTEE_CHAIR, Role.AUDITOR}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"roles": "dean"}, "choice-unknown"),
        ({"roles": ";"}, "choice-unknown"),
        ({"roles": ""}, "required"),
        ({"staff_id": "Office 1"}, "code-invalid"),
        ({"load_cap": "0"}, "number-invalid"),
        ({"employers": "例示高校 (2025-02-30)"}, "date-invalid"),
        ({"employers": "a" + " " * 9_000 + "(1"}, "text-too-long"),
        ({"employers": "例示高校 (平成40年1月1日)"}, "era-out-of-bounds"),
        ({"relations": "=x"}, "formula-character"),
        ({"available_from": "2027-04-01"}, "date-order"),
    ],
)
def test_faulty_staff(check, change, code):
    """What an assignment would be computed from is checked before it is stored."""
    checked = check(change)
    assert [fault.code for fault in checked.faults] == [code]
    assert checked.rows == ()


def test_one_member_twice(check):
    """An id is one person; one mailbox for two ids is only worth a look."""
    checked = check({}, {"staff_id": "reviewer-1"}, {"email": "Reviewer-1@example.ac.jp"})
    assert [(fault.row, fault.code) for fault in checked.faults] == [
        (2, "staff-id-repeated"),
        (2, "person-repeated"),
        (3, "staff-id-repeated"),
        (4, "person-repeated"),
    ]
    assert [row.row for row in checked.rows] == [4]


def test_a_member_without_a_cap_follows_the_policy(check):
    """An empty load cap is no cap of one's own."""
    assert check({"load_cap": ""}).rows[0].data.load_cap is None


def test_staff_headers_are_distinct():
    """A header means one thing."""
    names = [name for column in STAFF_COLUMNS for name in column.headers]
    assert len(names) == len(set(names))
