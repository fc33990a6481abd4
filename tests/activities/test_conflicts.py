"""Conflicts of interest: found in what is on record, however it is written, and no further."""

import json
from datetime import date

import pytest

from activities.conflicts import conflict_of

DAY = date(2026, 10, 1)


def staff(**changes) -> dict:
    employers = changes.pop("employers", [])
    row = {
        "name": "佐藤 一郎",
        "email": "sato@example.ac.jp",
        "phone": None,
        "address": None,
        "employers": json.dumps(employers),
        "relations": [],
    }
    return row | changes


def applicant(**changes) -> dict:
    row = {
        "family_name": "山田",
        "given_name": "太郎",
        "email": "taro@example.com",
        "phone": "022-795-0000",
        "postal_code": "980-8576",
        "address": "宮城県仙台市青葉区川内28",
        "guardian_name": "山田 花子",
        "school_name": "見本県立見本高等学校",
        "related_staff": None,
    }
    return row | changes


def found(own: dict, theirs: dict | None = None, years: int = 3) -> str | None:
    return conflict_of(own, theirs or applicant(), on=DAY, years=years)


def school(until: str | None, name: str = "見本県立見本高等学校") -> dict:
    return staff(employers=[{"name": name, "until": until}])


def test_nothing_on_record_is_no_conflict() -> None:
    """Strangers may judge."""
    assert found(staff()) is None


@pytest.mark.parametrize(
    ("until", "reason"),
    [
        (None, "same-school"),
        ("2026-09-30", "same-school"),
        ("2023-10-01", "same-school"),
        ("2023-09-30", None),
        ("2010-03-31", None),
    ],
    ids=["still there", "yesterday", "three years to the day", "a day longer ago", "long ago"],
)
def test_a07_the_same_school_counts_for_three_years(until, reason) -> None:
    """To the day, by the calendar."""
    assert found(school(until)) == reason


def test_the_years_are_the_policys() -> None:
    """One year instead of three."""
    assert found(school("2024-10-01"), years=1) is None


def test_three_years_after_29_february() -> None:
    """The day that does not exist is the day after it."""
    assert conflict_of(school("2024-02-29"), applicant(), on=date(2027, 3, 1), years=3) == "same-school"
    assert conflict_of(school("2024-02-29"), applicant(), on=date(2027, 3, 2), years=3) is None


@pytest.mark.parametrize(
    "name", ["見本県立 見本高等学校", "　見本県立見本高等学校", "見本県立・見本高等学校"]
)
def test_a_school_is_known_however_it_is_written(name) -> None:
    """Spaces and signs do not hide it."""
    assert found(school(None, name)) == "same-school"


def test_another_school_is_another_school() -> None:
    """A part of a name is not the name."""
    assert found(school(None, "見本高等学校")) is None


@pytest.mark.parametrize(
    "relation", ["TARO@example.com", "taro@example.com", "山田太郎", "山田　太郎", "山田 花子"]
)
def test_a07_a_declared_relation(relation) -> None:
    """The staff named the applicant or the guardian, by name or by address."""
    assert found(staff(relations=["somebody else", relation])) == "declared-relation"


def test_a07_a_relation_that_the_applicant_declared() -> None:
    """The applicant named the member of staff."""
    named = applicant(related_staff="父の友人：佐藤一郎（工学部）")
    assert found(staff(), named) == "declared-relation"


@pytest.mark.parametrize(
    "contact",
    [
        {"email": "Taro@Example.com"},
        {"phone": "０２２－７９５－００００"},
        {"phone": "0227950000"},
        {"address": "宮城県仙台市青葉区川内２８"},
    ],
)
def test_a07_the_same_contact_data(contact) -> None:
    """A household shares address, telephone or mail, in whatever width it is written."""
    assert found(staff(**contact)) == "same-contact"


@pytest.mark.parametrize("field", ["email", "phone", "address"])
def test_what_is_empty_is_not_the_same(field) -> None:
    """Two people without a telephone do not share one."""
    assert found(staff(**{field: None}), applicant(**{field: None})) is None


def test_an_empty_guardian_is_nobody() -> None:
    """An empty relation does not meet an empty guardian."""
    assert found(staff(relations=[""]), applicant(guardian_name=None)) is None
