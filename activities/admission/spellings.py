"""The ways in which a name is romanised and a birth date is written, as patterns over folded text.

Folded: half-width lower case, katakana without voicing marks, one space for anything that is no letter.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

_VOWELS: Final = "aiueo"
_ROWS: Final = {
    "アイウエオ": ("", "", "", "", ""),
    "カキクケコ": ("k", "k", "k", "k", "k"),
    "サシスセソ": ("s", "s|sh", "s", "s", "s"),
    "タチツテト": ("t", "t|ch", "t|ts", "t", "t"),
    "ナニヌネノ": ("n", "n", "n", "n", "n"),
    "ハヒフヘホ": ("h", "h", "h|f", "h", "h"),
    "マミムメモ": ("m", "m", "m", "m", "m"),
    "ラリルレロ": ("r|l", "r|l", "r|l", "r|l", "r|l"),
    "ガギグゲゴ": ("g", "g", "g", "g", "g"),
    "ザジズゼゾ": ("z", "z|j", "z", "z", "z"),
    "ダヂヅデド": ("d", "d|j|z", "d|z|dz", "d", "d"),
    "バビブベボ": ("b", "b", "b", "b", "b"),
    "パピプペポ": ("p", "p", "p", "p", "p"),
}
_KANA: Final = {
    kana: (heads, _VOWELS[place])
    for row, consonants in _ROWS.items()
    for place, (kana, heads) in enumerate(zip(row, consonants, strict=True))
} | {
    "ヤ": ("y", "a"),
    "ユ": ("y", "u"),
    "ヨ": ("y", "o"),
    "ワ": ("w", "a"),
    "ヰ": ("w|", "i"),
    "ヱ": ("w|y|", "e"),
    "ヲ": ("w|", "o"),
    "ヴ": ("v|b", "u"),
}
_GLIDES: Final = {"ャ": "a", "ュ": "u", "ョ": "o"}
_SMALL_VOWELS: Final = {"ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o"}
_GLIDED: Final = {"シ": "sh|sy", "チ": "ch|ty|cy", "ジ": "j|jy|zy", "ヂ": "j|jy|zy|dy"}
_ERAS: Final = (
    ("令和", "r", 2019, date(2019, 5, 1)),
    ("平成", "h", 1989, date(1989, 1, 8)),
    ("昭和", "s", 1926, date(1926, 12, 25)),
    ("大正", "t", 1912, date(1912, 7, 30)),
)
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_DIGITS: Final = "〇一二三四五六七八九"
KATAKANA: Final = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}
"""Hiragana to katakana, for `str.translate`."""
LARGE: Final = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
"""Small katakana to large ones."""


def romaji(kana: str) -> tuple[str, int]:
    """Every usual romanisation of a katakana name as one pattern, and the fewest letters that it matches."""
    pattern, letters, vowel = "", 0, ""
    marks = [mark for mark in kana if mark in _KANA or mark in "ンッー" or mark in _GLIDES | _SMALL_VOWELS]
    for at, mark in enumerate(marks):
        following = marks[at + 1] if at + 1 < len(marks) else ""
        if mark == "ン":
            pattern, letters, vowel = pattern + "(?:nn|n|m)", letters + 1, ""
        elif mark == "ッ":
            pattern += "[bcdfghjkpstz]?"
        elif mark == "ー":
            pattern += "(?:[aiueoh])?"
        elif mark in _GLIDES or mark in _SMALL_VOWELS:
            continue
        elif (mark, vowel) in _LONG:
            pattern += f"(?:{_KANA[mark][1]}|h)?"
        else:
            heads, vowel = _KANA[mark]
            if following in _GLIDES:
                heads, vowel = (
                    _GLIDED.get(mark, "|".join(f"{head}y" for head in heads.split("|"))),
                    _GLIDES[following],
                )
            elif following in _SMALL_VOWELS:
                heads, vowel = f"{heads}|{heads.split('|')[0]}w", _SMALL_VOWELS[following]
            pattern += f"(?:{heads}){vowel}"
            letters += 1 + bool(heads)
    return pattern, letters


_LONG: Final = {("ウ", "o"), ("ウ", "u"), ("オ", "o"), ("ア", "a")}


def without_length(kana: str) -> str:
    """A name in large katakana without its long vowels: オオノ, オウノ and オーノ are オノ."""
    short = ""
    for mark in kana:
        long = mark == "ー" or (bool(short) and (mark, _KANA.get(short[-1], ("", ""))[1]) in _LONG)
        short += "" if long else mark
    return short


def number(kanji: str) -> int:
    """A number below a thousand in kanji: 二十三 and 二三 are 23."""
    whole = ones = 0
    for mark in kanji:
        if mark in "十百":
            whole, ones = whole + (ones or 1) * (10 if mark == "十" else 100), 0
        else:
            ones = ones * 10 + _DIGITS.index(mark)
    return whole + ones


def birth_patterns(born: date) -> Iterable[str]:
    """A birth date in full, without its year, and a year with 生まれ."""
    years = "|".join(_years(born))
    month, day = _number(born.month), _number(born.day)
    edge, end = r"(?<![0-9a-z])", r"(?!\d)"
    yield rf"{edge}(?:{years}) ?年? ?{month} ?月? ?{day}{end}(?: ?日)?"
    yield rf"{edge}{born:%Y%m%d}{end}"
    yield rf"{edge}{born:%y} {month} {day}{end}"
    yield rf"{edge}{month} ?月 ?{day} ?日"
    yield rf"{edge}(?:{month} {day}|{day} {month}) {born.year}{end}"
    yield rf"{edge}(?:{years}) ?年?(?: ?早)? ?(?:[0-9一二三四五六七八九十]+ ?月 ?)?(?:生マレ|生)"
    yield rf"born (?:in|on) (?:[a-z]+ )?{born.year}{end}"
    name = _MONTHS[born.month - 1]
    word = rf"(?:{name}|{name[:3]}|sept)" if born.month == 9 else rf"(?:{name}|{name[:3]})"  # noqa: PLR2004
    ordinal = rf"0?{born.day}(?:st|nd|rd|th)?"
    yield rf"{edge}{word} ?{ordinal}{end}(?: {born.year})?"
    yield rf"{edge}{ordinal} ?(?:of )?{word}(?![a-z])(?: {born.year})?"


def age_patterns(born: date, on: date) -> Iterable[str]:
    """The applicant's age when the text was written, give or take a year."""
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    ages = "|".join(_number(each) for each in range(max(age - 1, 0), age + 2))
    yield rf"(?<!\d)(?:{ages}) ?(?:歳|才|サイ|years? old|yrs? old|yo(?![a-z]))"


def _years(born: date) -> Iterable[str]:
    yield str(born.year)
    yield "".join(_DIGITS[int(digit)] for digit in str(born.year))
    if 2000 <= born.year < 2100:  # noqa: PLR2004 - 二千八年
        yield "二千" + (_kanji(born.year - 2000) if born.year > 2000 else "")  # noqa: PLR2004
    for name, letter, first, begins in _ERAS:
        # a year in which the era changed is written in both
        if begins.year <= born.year < begins.year + 65:
            number = born.year - first + 1
            first_year = "元|" if number == 1 else ""
            yield rf"(?:{name}|{name[0]}|{letter}) ?(?:{first_year}{_number(number)})"


def _number(value: int) -> str:
    digits = "".join(_DIGITS[int(digit)] for digit in str(value))
    return rf"(?:(?<!\d)0?{value}|{_kanji(value)}|{digits})"


def _kanji(value: int) -> str:
    tens, ones = divmod(value, 10)
    ten = ("" if tens == 1 else _DIGITS[tens]) + "十" if tens else ""
    return ten + (_DIGITS[ones] if ones else "")
