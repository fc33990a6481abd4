"""Possible duplicates: one person's name, reading or telephone, however it was written the second time."""

import pytest

from activities.admission.duplicates import may_be_one


def pair(**values: str | None) -> dict:
    """Two applicants born on one day, who differ in everything but what is given."""
    return {
        "family_name": "見本",
        "given_name": "優一",
        "family_kana": "オオノ",
        "given_kana": "ユウイチ",
        "phone": "090-0000-1111",
        "other_family_name": "例示",
        "other_given_name": "花",
        "other_family_kana": "レイジ",
        "other_given_kana": "ハナ",
        "other_phone": "090-0000-2222",
    } | values


def test_two_people_born_on_one_day_are_two() -> None:
    """A birthday alone says nothing, nor does it that neither has a telephone."""
    assert not may_be_one(pair())
    assert not may_be_one(pair(phone=None, other_phone=None))


@pytest.mark.parametrize(
    ("family", "given"),
    [
        ("オオノ", "ユウイチ"),
        ("オオ ノ", "ユウイチ"),
        ("オオノ", "ユウ・イチ"),
        ("オオノ", "ユウーイチ"),
        ("オオノ", "ユゥイチ"),
        ("オーノ", "ユーイチ"),
        ("オウノ", "ユウイチ"),
        ("オオノユウ", "イチ"),
        ("オオノ", "ユウイテ"),
    ],
)
def test_a_reading_is_known_however_it_is_written(family, given) -> None:
    """A space, a hyphen, small kana, a long vowel, the place of the boundary or one letter."""
    assert may_be_one(pair(other_family_kana=family, other_given_kana=given))


@pytest.mark.parametrize(("family", "given"), [("キヨウ", "シヨウコ"), ("キョー", "ショーコ")])
def test_small_kana_make_no_other_person(family, given) -> None:
    """Machines that know no small kana write large ones."""
    same = pair(family_kana="キョウ", given_kana="ショウコ", other_family_kana=family, other_given_kana=given)
    assert may_be_one(same)


@pytest.mark.parametrize("phone", ["+81 90-0000-1111", "０９０（００００）１１１１", "09000001111"])
def test_a_telephone_is_known_however_it_is_written(phone) -> None:
    """The country's code, widths and signs make no other number."""
    assert may_be_one(pair(other_phone=phone))


def test_a_name_in_other_forms_of_its_characters_is_the_same() -> None:
    """Whatever its reading was typed as."""
    assert may_be_one(pair(family_name="髙橋", other_family_name="高橋", other_given_name="優一"))
