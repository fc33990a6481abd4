"""What is the same, and what may be, however it is written: names, schools, telephones, mail, addresses.

Only what is `SAME` decides anything. What is `NEAR`, a letter apart or a part left out, a person must judge.
"""

import re
from enum import IntEnum
from typing import Final
from unicodedata import normalize

from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher, format_number
from rapidfuzz.distance import Levenshtein

from activities.admission.kanji import everyday
from activities.admission.personal_terms import TITLES
from activities.admission.spellings import KATAKANA, LARGE, number, romaji, without_length


class Likeness(IntEnum):
    """How far two values agree."""

    NONE = 0
    NEAR = 1
    SAME = 2


_SHORTEST_FULL_NAME: Final = 3
"""Letters from which a name is looked for inside a text, and a letter apart is near."""
_LOCAL_NUMBER: Final = 7
"""Digits of a telephone number without its area code, at least."""
_LOST: Final = frozenset("?〓●□■\ufffd")
"""What stands in texts where an encoding had no place for a character; widths are folded before."""
_LETTER: Final = "(?![ノハガトモニヲ])[一-鿿々ァ-ヺーa-z?〓●□■\ufffd]"
"""What a name may go on with; a particle before it does not belong to it."""
_TITLE: Final = f"(?:{'|'.join(TITLES)}|殿)".translate(KATAKANA)
_MIXED_UP: Final = str.maketrans("斉", "斎")
"""Two characters, but often one name's spellings."""
_VOICED_ALIKE: Final = str.maketrans("ヅヂヲヴヰヱ", "ズジオブイエ")
_PREFECTURE: Final = "(?:北海道|東京都|京都府|大阪府|.{2,3}県)"
_SCHOOL: Final = re.compile(
    rf"(?:学校法人|国立大学法人|国立(?!市)|公立|私立)*(?P<owner>(?:{_PREFECTURE}立?|[都道府県]立)?(?:.{{0,6}}?[市区町村]立)?)"
    r"(?P<core>.+)"
)
_SCHOOL_KINDS: Final = (
    ("附属", "付属"),
    ("高等専門学校", "高専"),
    ("中等教育学校", "中等学校"),
    ("特別支援学校", "支援学校"),
    ("中学校", "中学"),
)
_HIGH_SCHOOL: Final = re.compile("(?:高等学校|高等部|高校|高)$")
_COURSE: Final = re.compile("(?:全日制|定時制|通信制)(?:課程|の課程)?")
_BETWEEN_KANJI: Final = (
    (re.compile("(?<=[一-鿿])[ケヵガ](?=[一-鿿])"), "ケ"),
    (re.compile("(?<=[一-鿿])[ノ之乃](?=[一-鿿])"), "ノ"),
)
_LED_BY_PREFECTURE: Final = re.compile(f" *({_PREFECTURE})?(.*)", re.DOTALL)
_POSTAL_CODE: Final = re.compile(r"^\W*\d{3}-?\d{4}(?!\d)\W*")
_KANJI_NUMBER: Final = re.compile(
    r"[〇一二三四五六七八九十百]+(?=丁目|番地|番(?![町丁])|号|条|階|線|$)"
    r"|[〇一二三四五六七八九十百]+(?=[-ノ之][〇一二三四五六七八九十百\d])"
    r"|(?<=\d[-ノ之])[〇一二三四五六七八九十百]+"
)
_COUNTER: Final = re.compile(
    r"(?<=\d) *(?:丁目|番地|番(?![町丁])|号(?![室棟線館])|丁(?=\d)|[-‐-―−ーノ之](?= *\d))[ノ之]? *"
)
_NUMBERS: Final = re.compile(r"\d+(?:-\d+)+|\d+(?!.*\d-\d)")


def letters(text: str | None) -> str:
    """A text in one spelling: width, case, script, size of kana and variant kanji go, and all but letters."""
    return "".join(letter for letter in _plain(text) if letter.isalnum())


def reading(kana: str) -> str:
    """A reading that many spellings share: without long vowels, ヅ as ズ, ヲ as オ."""
    return without_length(letters(kana)).translate(_VOICED_ALIKE)


def alike_readings(one: str, other: str) -> bool:
    """Whether two readings may be one: but for spaces, marks, small kana, long vowels and one letter."""
    return _alike(reading(one), reading(other)) > Likeness.NONE


def names(one: str, other: str) -> Likeness:
    """Two full names in kanji, or in any one script; characters lost to an old encoding may be any."""
    alike = _alike(letters(one), letters(other))
    damaged = _damaged(one) or _damaged(other)
    if alike is Likeness.SAME and not damaged:
        return alike
    near = alike or (damaged and (_fits(one, other) or _fits(other, one)))
    return Likeness.NEAR if near else Likeness.NONE


def named(name: str, text: str | None) -> Likeness:
    """Whether a text holds a name, however both are written; inside another name it may be by chance."""
    wanted = letters(name)
    if not wanted or wanted not in letters(text):
        return Likeness.NONE
    name_alone = rf"(?<!{_LETTER}){_apart(wanted)}(?:{_TITLE}|(?!{_LETTER}))"
    if not _damaged(name) and re.search(name_alone, "".join(_plain(text).split())):
        return Likeness.SAME
    return Likeness.NEAR if len(wanted) >= _SHORTEST_FULL_NAME else Likeness.NONE


def read_as(text: str, family_kana: str, given_kana: str) -> bool:
    """Whether a text is a name's reading, in kana or in Latin letters, in either order."""
    plain = letters(text)
    if not plain:
        return False
    kana = {reading(family_kana + given_kana), reading(given_kana + family_kana)}
    if reading(text) in kana:
        return True
    family, given = (romaji(letters(part))[0] for part in (family_kana, given_kana))
    return bool(family and given) and re.fullmatch(f"{family}{given}|{given}{family}", plain) is not None


def schools(one: str, other: str) -> Likeness:
    """見本高校 is 見本高等学校; whether it is the one of a prefecture, only a person can say."""
    (owner, core), (other_owner, other_core) = _school(one), _school(other)
    if not core or core != other_core:
        return Likeness.NONE
    if owner == other_owner:
        return Likeness.SAME
    left_out = owner.endswith(other_owner) or other_owner.endswith(owner)
    return Likeness.NEAR if left_out else Likeness.NONE


def telephones(one: str | None, other: str | None) -> Likeness:
    """+81 90 is 090; a number without its area code may be the same."""
    mine, theirs = _telephones(one), _telephones(other)
    if mine & theirs:
        return Likeness.SAME
    ends = ((a, b) for a in mine for b in theirs if min(len(a), len(b)) >= _LOCAL_NUMBER)
    return Likeness.NEAR if any(a.endswith(b) or b.endswith(a) for a, b in ends) else Likeness.NONE


def mailboxes(one: str | None, other: str | None) -> Likeness:
    """Upper and lower case are one; dots and what stands behind a plus may be the same box."""
    mine, theirs = (normalize("NFKC", address or "").strip().casefold() for address in (one, other))
    if not mine or not theirs:
        return Likeness.NONE
    if mine == theirs:
        return Likeness.SAME
    return Likeness.NEAR if _box(mine) == _box(theirs) else Likeness.NONE


def addresses(one: str | None, other: str | None) -> Likeness:
    """1丁目2番3号 is 1-2-3, with or without prefecture; a flat or a town left out may be the same."""
    (prefecture, place, numbers), (elsewhere, other_place, other_numbers) = _address(one), _address(other)
    if not place or not other_place or (prefecture and elsewhere and prefecture != elsewhere):
        return Likeness.NONE
    if (place, numbers) == (other_place, other_numbers):
        return Likeness.SAME
    shared = min(len(numbers), len(other_numbers))
    if shared == 0 or numbers[:shared] != other_numbers[:shared]:
        return Likeness.NONE
    left_out = place.endswith(other_place) or other_place.endswith(place)
    return Likeness.NEAR if left_out else Likeness.NONE


def _plain(text: str | None) -> str:
    folded = normalize("NFKC", text or "").casefold()
    return everyday(folded.translate(KATAKANA).translate(LARGE))


def _alike(one: str, other: str) -> Likeness:
    if not one or not other:
        return Likeness.NONE
    if one == other:
        return Likeness.SAME
    long = min(len(one), len(other)) >= _SHORTEST_FULL_NAME
    apart = Levenshtein.distance(one.translate(_MIXED_UP), other.translate(_MIXED_UP), score_cutoff=1)
    return Likeness.NEAR if apart == 0 or (long and apart == 1) else Likeness.NONE


def _apart(wanted: str) -> str:
    return r"[^\w\s]?".join(map(re.escape, wanted))


def _damaged(text: str) -> bool:
    return not _LOST.isdisjoint(normalize("NFKC", text))


def _fits(damaged: str, whole: str) -> bool:
    left, wanted = letters(damaged), letters(whole)
    marks = (mark for mark in _plain(damaged) if mark.isalnum() or mark in _LOST)
    pattern = "".join("." if mark in _LOST else re.escape(mark) for mark in marks)
    return bool(left) and re.fullmatch(pattern, wanted) is not None


def _school(name: str) -> tuple[str, str]:
    plain = _COURSE.sub("", _between_kanji(letters(name)))
    for long, short in _SCHOOL_KINDS:
        plain = plain.replace(long, short)
    plain = _HIGH_SCHOOL.sub("高校", plain)
    found = _SCHOOL.fullmatch(plain)
    return (found["owner"].replace("立", ""), found["core"]) if found else ("", plain)


def _telephones(text: str | None) -> frozenset[str]:
    found = PhoneNumberMatcher(normalize("NFKC", text or ""), "JP", leniency=Leniency.POSSIBLE)
    numbers = frozenset(format_number(each.number, PhoneNumberFormat.E164) for each in found)
    return numbers or frozenset({letters(text)} - {""})


def _box(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0].replace('.', '')}@{domain}"


def _address(text: str | None) -> tuple[str, str, tuple[int, ...]]:
    """Prefecture, place and every number from the block on; names of buildings go."""
    plain = _POSTAL_CODE.sub("", _plain(text)).replace("大字", "").replace("字", "")
    plain = _KANJI_NUMBER.sub(lambda found: str(number(found[0])), plain)
    plain = _COUNTER.sub("-", plain)
    led = _LED_BY_PREFECTURE.fullmatch(plain)
    prefecture, plain = (led[1] or "", led[2]) if led else ("", plain)
    found = _NUMBERS.search(plain)
    start = found.start() if found else len(plain)
    numbers = tuple(int(each) for each in re.findall(r"\d+", plain[start:]))
    return prefecture, letters(_between_kanji(plain[:start])), numbers


def _between_kanji(text: str) -> str:
    for pattern, one in _BETWEEN_KANJI:
        text = pattern.sub(one, text)
    return text
