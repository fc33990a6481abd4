import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.admission.applications import APPLICATION_NO_PATTERN, Sex
from schemas.kernel.texts import tidy
from spreadsheets.admission.application_columns import FLAGS, SEXES, application_columns
from spreadsheets.faults import RefusedError
from spreadsheets.values import (
    as_text,
    choice,
    email,
    has_gaiji,
    kana,
    key,
    line,
    phone,
    postal_code,
    prose,
    whole_number,
    without_guard,
)

read_key = key(APPLICATION_NO_PATTERN, "application-no-invalid")


def refusal(read, cell):
    with pytest.raises(RefusedError) as refused:
        read(cell)
    return refused.value.code


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("\u3000佐藤\u3000", "佐藤"),
        ("\uff11\u2212\uff12", "1\u22122"),
        ("\uff21\uff22\uff43", "ABc"),
        ("ｶﾞｷﾞｸﾞ ﾊﾟ", "ガギグ パ"),
        ("か\u3099", "が"),
        ("e\u0301", "é"),
        ("1\uff5e3", "1\uff5e3"),
        ("㈱見本", "㈱見本"),
    ],
)
def test_tidy_folds_widths_only(text, clean):
    """Widths and composed accents are folded; signs with a meaning of their own stay."""
    assert tidy(text) == clean


@pytest.mark.parametrize("name", ["\ufa19", "\ufa1b田", "髙橋", "﨑山", "葛\U000e0100"])
def test_registered_variants_of_ideographs_stay(name):
    """A person's registered character is not replaced by its common form, as NFKC and NFC would do."""
    assert line(100)(name) == tidy(name) == name


@given(st.text(max_size=30))
def test_tidy_changes_nothing_the_second_time(text):
    """Normalising twice is normalising once."""
    assert tidy(tidy(text)) == tidy(text)


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("さとう", "サトウ"),
        ("ｻﾄｳ", "サトウ"),
        ("ヴァン・ダー", "ヴァン・ダー"),
        ("ゔ", "ヴ"),
        ("ｼﾞｮﾝ\u3000ﾎﾟｰﾙ", "ジョン ポール"),
    ],
)
def test_readings_become_katakana(text, reading):
    """Hiragana and half-width kana are the same reading."""
    assert kana(100)(text) == reading


@pytest.mark.parametrize("text", ["佐藤", "Sato", "サトウ1", "サト-ウ", "!"])
def test_readings_are_kana_only(text):
    """Kanji, letters, digits and dashes are no reading."""
    assert refusal(kana(100), text) == "kana-invalid"


@pytest.mark.parametrize("char", ["\n", "\r", "\0", "\x1b", "\x7f", "\u200b", "\u202e", "\ufeff", "\u2028"])
def test_invisible_characters_are_refused(char):
    """What cannot be seen could break a mail header or disguise a text."""
    assert refusal(line(100), f"a{char}b") == "control-character"
    assert refusal(email, f"a{char}b@example.com") == "email-invalid"
    assert refusal(read_key, f"A2027-{char}1") == "application-no-invalid"


def test_addresses_may_be_broken_into_lines():
    """A line break inside an address cell is a space."""
    assert line(100, break_is_space=True)("見本市\n中央町\u30001") == "見本市 中央町 1"


def test_statements_stay_as_written():
    """A statement keeps its widths and paragraphs, a leading dash too."""
    assert prose(100)("- \uff21です\uff01\r\n\r\n終わり\n") == "- \uff21です\uff01\n\n終わり"
    assert refusal(prose(100), "a\0b") == "control-character"
    assert refusal(prose(3), "abcd") == "text-too-long"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\uff1dA1"])
def test_names_do_not_begin_like_formulas(text):
    """A full-width equals sign is one too, once it is folded."""
    assert refusal(line(100), text) == "formula-character"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("taro@Example.AC.jp", "taro@example.ac.jp"),
        (" \uff54aro\uff20example.com\u3000", "taro@example.com"),
        ("a..b.@example.ne.jp", "a..b.@example.ne.jp"),
        ("a+b@xn--eckwd4c7c.xn--zckzah", "a+b@xn--eckwd4c7c.xn--zckzah"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_mail_addresses(text, address):
    """Widths are folded, the domain is lowered, the carriers' doubled dots are allowed."""
    assert email(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "a", "@example.com", "a@", "a@b", "a@@example.com", "a@b@example.com", "a b@example.com",
        "a@-example.com",
        "a@example..com", "a@example.c", "a@[127.0.0.1]", "<a@example.com>", "a@example.com, b@example.com",
        "a@example.com\nBcc: b@example.com", "a" * 65 + "@example.com", "a@" + "b" * 64 + ".com",
        "a@" + "bcd." * 63 + "com", "見本@example.com",
    ],
)  # fmt: skip
def test_what_is_no_mail_address(text):
    """One mailbox, with a domain, and nothing that could end a header."""
    assert refusal(email, text) == "email-invalid"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("090-1234-5678", "09012345678"),
        ("\uff10\uff19\uff10\uff0d\uff11\uff12\uff13\uff14ー5678", "09012345678"),
        ("(000)000 0000", "0000000000"),
        ("+81 90-1234-5678", "+819012345678"),
    ],
)
def test_telephone_numbers(text, number):
    """Only the digits matter, and the plus of a country code."""
    assert phone(text) == number


@pytest.mark.parametrize("text", ["9012345678", "12-34", "0" * 12, "+0123456789", "090-1234-567x", "内線12"])
def test_what_is_no_telephone_number(text):
    """Ten or eleven digits from 0, or an international number."""
    assert refusal(phone, text) == "phone-invalid"


@pytest.mark.parametrize(
    "cell",
    ["1234567", "123-4567", "〒123-4567", "\uff11\uff12\uff13\uff0d\uff14\uff15\uff16\uff17", 1234567.0],
)
def test_postal_codes(cell):
    """One form comes out, whichever way it was typed."""
    assert postal_code(cell) == "123-4567"


def test_numbers_that_lost_their_zeros():
    """What Excel has cut off cannot be guessed, so the clerk is told to use a text column."""
    assert refusal(postal_code, 600808.0) == "number-not-text"
    assert refusal(phone, 9012345678.0) == "number-not-text"
    assert refusal(read_key, 20270001.0) == "number-not-text"
    assert refusal(postal_code, "600808") == "postal-code-invalid"


def test_keys_are_folded_but_not_guessed():
    """Full width is folded; small letters are another key and so refused."""
    assert read_key("\uff21\uff12\uff10\uff12\uff17\uff0d\uff11") == read_key("A2027‐1") == "A2027-1"
    for text in ("a2027-1", "A20", "A" * 25, "2.02E+07", "A2027-1;"):
        assert refusal(read_key, text) == "application-no-invalid"


def test_choices():
    """Spellings of one answer are the same answer, in any width or case."""
    assert choice(SEXES)("女性") is choice(SEXES)("\uff26emale") is Sex.FEMALE
    assert choice(FLAGS)(cell=True) is choice(FLAGS)("はい") is choice(FLAGS)("\uff11") is True
    assert refusal(choice(SEXES), "x") == "choice-unknown"
    with pytest.raises(RefusedError) as refused:
        choice(SEXES)("x")
    assert refused.value.parameters == {"choices": "female, male, other, unspecified"}


def test_whole_numbers():
    """Digits within the bounds, as text or as a number cell."""
    assert whole_number(1, 200)("\uff16") == whole_number(1, 200)(6.0) == 6
    for cell in ("0", "201", "6.5", 6.5, "-1", "1e2", "9" * 5000):
        assert refusal(whole_number(1, 200), cell) == "number-invalid"


def test_gaiji_are_seen():
    """A private-use character is one that only its own machine can show."""
    assert has_gaiji("見\ue000")
    assert not has_gaiji("見本")


def test_guards_come_off_formulas_only():
    """An apostrophe that is part of a name stays."""
    assert without_guard("'+81") == "+81"
    assert without_guard("'Okina") == "'Okina"
    assert without_guard("'") == "'"


@pytest.mark.parametrize(
    ("cell", "text"), [(12.0, "12"), (1.5, "1.5"), (True, "True"), (float("nan"), "nan")]
)
def test_cells_as_text(cell, text):
    """A whole number has no decimals."""
    assert as_text(cell) == text


CELLS = st.one_of(
    st.text(max_size=40).filter(lambda text: text.strip() != ""),
    st.from_regex(re.compile(r"[0-9ー\-+@.a-zア-ン=＝']{1,14}"), fullmatch=True),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
)


@given(cell=CELLS, column=st.sampled_from(application_columns(round_required=True)))
def test_no_cell_breaks_a_reader(cell, column):
    """Whatever stands in a cell is read or refused, never a crash."""
    with suppress(RefusedError):
        column.read(cell)
