"""Conflicts of interest: found in what is on record, however it is written, and no further."""

import json
from datetime import date

import pytest

from activities.admission.conflicts import Conflict, conflict_of

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
        "family_kana": "ヤマダ",
        "given_kana": "タロウ",
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
    """The conflict that decides."""
    conflict = conflict_of(own, theirs or applicant(), on=DAY, years=years)
    return conflict.reason if conflict is not None and conflict.certain else None


def near(own: dict, theirs: dict | None = None) -> str | None:
    """The conflict that a person must judge."""
    conflict = conflict_of(own, theirs or applicant(), on=DAY, years=3)
    return conflict.reason if conflict is not None and not conflict.certain else None


def school(until: str | None, name: str = "見本県立見本高等学校") -> dict:
    return staff(employers=[{"name": name, "until": until}])


def test_nothing_on_record_is_no_conflict() -> None:
    """Strangers may judge."""
    assert conflict_of(staff(), applicant(), on=DAY, years=3) is None


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
    on_the_day = conflict_of(school("2024-02-29"), applicant(), on=date(2027, 3, 1), years=3)
    assert on_the_day == Conflict("same-school", certain=True)
    assert conflict_of(school("2024-02-29"), applicant(), on=date(2027, 3, 2), years=3) is None


@pytest.mark.parametrize(
    "name",
    [
        "見本県立 見本高等学校",
        "　見本県立見本高等学校",
        "見本県立・見本高等学校",
        "見本県立見本高校",
        "見本県見本高等学校",
        "見本県立見本高",
        "見本縣立見本髙等學校",
        "見本県立見本高等学校（定時制）",
    ],
)
def test_a_school_is_known_however_it_is_written(name) -> None:
    """Spaces, signs, old characters, courses and the short word for its kind do not hide it."""
    assert found(school(None, name)) == "same-school"


@pytest.mark.parametrize("name", ["見本高等学校", "見本高校", "県立見本高校", "県立見本高等学校"])
def test_a_school_without_its_prefecture_is_for_a_person_to_judge(name) -> None:
    """Several prefectures have one of that name: it may be this one."""
    assert found(school(None, name)) is None
    assert near(school(None, name)) == "same-school"


@pytest.mark.parametrize(
    "name",
    ["例示県立見本高等学校", "見本県立見本第二高等学校", "見本県立見本中学校", "見本大学"],
)
def test_another_school_is_another_school(name) -> None:
    """Of another prefecture, number or kind."""
    assert conflict_of(school(None, name), applicant(), on=DAY, years=3) is None


@pytest.mark.parametrize(
    "relation",
    [
        "TARO@example.com",
        "taro@example.com",
        "山田太郎",
        "山田　太郎",
        "山田 花子",
        "甥の山田太郎",
        "山田太郎（甥）",
        "母は山田 花子さんの妹",
        "山田・太郎 様",
    ],
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
        {"phone": "+81 22-795-0000"},
        {"phone": "+81 (0)22 795 0000"},
        {"phone": "(022)795-0000"},
        {"phone": "090-0000-1111 / 022-795-0000"},
        {"address": "宮城県仙台市青葉区川内２８"},
        {"address": "〒980-8576 仙台市青葉区川内28番地"},
        {"address": "宮城縣仙臺市青葉区大字川内二十八番地"},
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


@pytest.mark.parametrize(
    ("written", "otherwise"),
    [
        ("髙橋太郎", "高橋太郎"),
        ("山﨑太郎", "山崎太郎"),
        ("渡邉花", "渡辺花"),
        ("齋藤花", "斎藤花"),
        ("𠮷田花", "吉田花"),
        ("神\U000e0100山花", "神山花"),
        ("見本\u304b\u3099く", "見本ガク"),
    ],
    ids=["ladder", "standing", "bound", "old", "beyond 16 bits", "with its selector", "composed"],
)
def test_a_name_is_known_in_every_form_of_its_characters(written, otherwise) -> None:
    """The forms of one character are one, in the office's list and in the applicant's."""
    for one, other in ((written, otherwise), (otherwise, written)):
        assert found(staff(relations=[one]), applicant(guardian_name=other)) == "declared-relation"


@pytest.mark.parametrize(
    "relation",
    [
        "山田太朗",
        "北山田太郎",
        "山田太郎丸",
        "ヤマダ タロウ",
        "やまだたろー",
        "Taro Yamada",
        "YAMADA Tarou",
        "taro+2@example.com",
    ],
)
def test_a_name_that_is_nearly_the_same_is_for_a_person_to_judge(relation) -> None:
    """A letter apart, or the reading alone: it may be this one."""
    assert found(staff(relations=[relation])) is None
    assert near(staff(relations=[relation])) == "declared-relation"


@pytest.mark.parametrize(
    "damaged", ["?田太郎", "？田 太郎", "山田〓郎", "山●太郎", "〓〓太郎", "山?太\ufffd"]
)
def test_a_name_that_has_lost_a_character_is_for_a_person_to_judge(damaged) -> None:
    """An old encoding had no place for it; what is left may be this one, on either side."""
    assert near(staff(relations=[damaged])) == "declared-relation"
    child = applicant(given_name="花", guardian_name=damaged)
    assert near(staff(relations=["山田太郎"]), child) == "declared-relation"


def test_a_name_of_lost_characters_only_is_nobodys() -> None:
    """Where nothing is left there is nothing to compare."""
    assert conflict_of(staff(relations=["????"]), applicant(), on=DAY, years=3) is None


def test_a_family_name_with_a_title_is_for_a_person_to_judge() -> None:
    """The applicant named 佐藤先生; there may be several."""
    assert near(staff(), applicant(related_staff="工学部の佐藤先生")) == "declared-relation"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("見本県例示郡1丁目2番3号", "見本県例示郡1-2-3"),
        ("見本県例示郡一丁目二番三号", "例示郡１－２－３"),
        ("見本県例示郡1の2の3", "見本県例示郡1ー2ー3"),
        ("見本県例示市1-2-3-101", "見本県例示市1丁目2番3号 見本荘101号室"),
        ("札幌市北一条西二丁目3番4号", "北海道札幌市北1条西2-3-4"),
        ("霞ヶ丘1-2-3", "霞が丘一丁目2番地の3"),
        ("例示区一番町3-5", "例示区一番町3番5号"),
    ],
)
def test_an_address_is_known_however_it_is_written(one, other) -> None:
    """Kinds of numbers, of kana and of hyphens do not hide a household."""
    assert found(staff(address=one), applicant(address=other)) == "same-contact"
    assert found(staff(address=other), applicant(address=one)) == "same-contact"


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("address", "見本県例示市1-2-3", "見本県例示市1-2-3 見本荘101"),
        ("address", "例示町1-2-3", "見本県例示郡例示町1-2-3"),
        ("phone", "795-0000", "022-795-0000"),
        ("email", "taro.yamada@example.com", "taroyamada@example.com"),
    ],
)
def test_contact_data_that_are_nearly_the_same_are_for_a_person_to_judge(kind, one, other) -> None:
    """A flat, a county, an area code or a dot left out."""
    assert found(staff(**{kind: one}), applicant(**{kind: other})) is None
    assert near(staff(**{kind: one}), applicant(**{kind: other})) == "same-contact"


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("address", "見本県例示市1-2-3", "見本県例示市1-2-4"),
        ("address", "見本県例示市1-2-3-101", "見本県例示市1-2-3-102"),
        ("address", "見本県例示市1-2-3", "例示県例示市1-2-3"),
        ("address", "見本県例示市1-23", "見本県例示市12-3"),
        ("phone", "022-795-0000", "022-795-0001"),
        ("phone", "+82 22-795-0000", "022-795-0000"),
        ("email", "taro@example.com", "taro@example.net"),
    ],
)
def test_other_contact_data_are_other_peoples(kind, one, other) -> None:
    """A neighbour, another town of the same name, another country."""
    own, theirs = staff(**{kind: one}), applicant(**{kind: other})
    assert conflict_of(own, theirs, on=DAY, years=3) is None


def test_what_is_certain_goes_before_what_is_near() -> None:
    """A similar school does not hide the same telephone."""
    own = staff(phone="+81 22-795-0000", employers=[{"name": "見本高校", "until": None}])
    assert found(own) == "same-contact"
