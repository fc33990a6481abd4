"""Take one person's data out of a text, however it is spelled: widths, scripts, spaces, romanisation, eras.

Rather too much is masked than too little: a one-character family name goes wherever the character stands.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from unicodedata import combining, normalize

from activities.admission.kanji import everyday
from activities.admission.personal_terms import terms
from activities.admission.spellings import KATAKANA, LARGE, age_patterns, birth_patterns, romaji

MASK: Final = "■■■"
ROUNDS: Final = 5
_UNBOUNDED_FROM: Final = 6
"""Letters from which a Latin word is masked inside another word too."""
_MIXED_UP: Final = str.maketrans("斉", "斎")
"""Other characters, but often written for each other in one name."""
_LONG: Final = {"ウ": "[ウオー]", "ー": "[ウオアイエー]"}
_LATIN: Final = re.compile(r"[a-z ]+")
_CONTACTS: Final = re.compile(
    r"[\w.+-]+ ?@ ?[\w-]+(?:\.[\w-]+)+|@\w{3,}|https?://[!-~]+|www\.[!-~]+"
    r"|(?<!\d)(?:\+?81[- ]?)?\(?0?\d{1,4}\)?[- ]\d{1,4}[- ]\d{3,4}(?!\d)|(?<!\d)0\d{9,10}(?!\d)"
    r"|〒 ?\d{3}-?\d{4}|(?<!\d)\d{3}-\d{4}(?!\d)"
)
_SELF: Final = re.compile(
    r"[女男]子 ?(?:校|高|部|中学|大)|(?:[長次二三四]|末ツ子ノ ?)[女男](?![女男])"
    r"|\bas an? (?:young )?(?:wo)?man\b|\bas an? (?:girl|boy)\b"
)


@dataclass(frozen=True)
class _Folded:
    """A text in its plainest form, and for each of its characters the span of the original behind it."""

    text: str
    spans: Sequence[tuple[int, int]]


def fold(text: str, *, punctuation: bool = False) -> _Folded:
    """One spelling for all: width, case, script, marks and variants go; what is no letter is one space."""
    letters: list[str] = []
    spans: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        end = at + 1
        while end < len(text) and (combining(text[end]) or text[end] in "ﾞﾟ"):
            end += 1
        for letter in _plain(text[at:end]):
            # between digits the mark of a long vowel is a hyphen typed in kana
            dash = letter == "ー" and bool(letters) and letters[-1].isdecimal()
            letter = "-" if dash else letter  # noqa: PLW2901
            known = letter.isalnum() or (punctuation and not letter.isspace() and letter.isprintable())
            if known or not letters or letters[-1] != " ":
                letters.append(letter if known else " ")
                spans.append((at, end))
        at = end
    return _Folded("".join(letters), spans)


def _plain(cluster: str) -> str:
    bare = "".join(mark for mark in normalize("NFKD", normalize("NFKC", cluster)) if not combining(mark))
    return everyday(bare.casefold().translate(KATAKANA).translate(LARGE)).translate(_MIXED_UP)


class Redactor:
    """Masks what one application says about its applicant.

    Args:
        person: row of the query `personal_values`.
    """

    def __init__(self, person: Mapping[str, Any]) -> None:
        patterns = {_pattern(term) for term in terms(person)} - {""}
        patterns |= set(_romaji_patterns(person))
        patterns |= set(birth_patterns(person["birth_date"]))
        patterns |= set(age_patterns(person["birth_date"], person["submitted_on"]))
        longest_first = sorted(patterns, key=lambda pattern: (-len(pattern), pattern))
        self._personal = re.compile("|".join(longest_first))

    def __call__(self, text: str) -> str | None:
        """The text with every trace masked; None when it cannot be masked reliably."""
        for _ in range(ROUNDS):
            spans = self._found(text)
            if not spans:
                return text
            text = _masked(text, spans)
        return None

    def _found(self, text: str) -> list[tuple[int, int]]:
        folded, written = fold(text), fold(text, punctuation=True)
        return [
            *_matches(self._personal, folded),
            *_matches(_SELF, folded),
            *_matches(_CONTACTS, written),
        ]


def _matches(pattern: re.Pattern[str], folded: _Folded) -> Iterable[tuple[int, int]]:
    for match in pattern.finditer(folded.text):
        if match.end() > match.start():
            yield folded.spans[match.start()][0], folded.spans[match.end() - 1][1]


def _masked(text: str, spans: list[tuple[int, int]]) -> str:
    parts, last = [], 0
    for start, end in sorted(spans):
        if start >= last:
            parts += [text[last:start], MASK]
        last = max(last, end)
    return "".join([*parts, text[last:]])


def _pattern(term: str) -> str:
    """A term as a pattern over folded text; empty when it says too little to be looked for."""
    plain = fold(term).text.strip()
    if _LATIN.fullmatch(plain):
        if len(plain) < 2:  # noqa: PLR2004 - a single Latin letter names nobody
            return ""
        words = " ?".join(map(re.escape, plain.split()))
        inside = len(plain.replace(" ", "")) >= _UNBOUNDED_FROM
        return words if inside else rf"(?<![a-z0-9]){words}(?![a-z0-9])"
    letters = plain.replace(" ", "")
    spaced = " ?".join(_LONG.get(letter, re.escape(letter)) for letter in letters)
    if not letters or (letters.isdecimal() and len(letters) < 3):  # noqa: PLR2004 - every text has such numbers
        return ""
    if len(letters) == 1 and "ァ" <= letters <= "ヿ":
        return rf"(?<![ァ-ヿ]){spaced}(?![ァ-ヿ])"
    before = r"(?<!\d)" if letters[0].isdecimal() else ""
    after = r"(?!\d)" if letters[-1].isdecimal() else ""
    return f"{before}{spaced}{after}"


def _romaji_patterns(person: Mapping[str, Any]) -> Iterable[str]:
    family, given = romaji(person["family_kana"]), romaji(person["given_kana"])
    for pattern, letters in (family, given):
        if letters >= 2:  # noqa: PLR2004
            inside = letters >= _UNBOUNDED_FROM
            yield pattern if inside else rf"(?<![a-z0-9]){pattern}(?![a-z0-9])"
    if family[1] and given[1]:
        for first, second in ((family, given), (given, family)):
            yield rf"(?<![a-z0-9]){first[0]} ?{second[0]}(?![a-z0-9])"
