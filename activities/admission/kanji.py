"""The everyday form of a kanji: 髙 is 高, 﨑 is 崎, 邉 is 辺, by the MJ shrink map of the administration."""

from functools import cache
from typing import Final
from unicodedata import normalize

from jntajis import MJShrinkSchemeCombo, mj_shrink_candidates

_FIRST: Final = "⺀"
"""No letter before it is a kanji or one of its parts."""
_EVERY_SCHEME: Final = MJShrinkSchemeCombo(15)


def everyday(text: str) -> str:
    """Each kanji in the form of JIS X 0208 that stands for it; what has none stays."""
    return "".join(letter if letter < _FIRST else _everyday(letter) for letter in text)


@cache
def _everyday(letter: str) -> str:
    plain = normalize("NFKC", letter)
    if len(plain) != 1:
        return letter
    return next(filter(_in_common_use, mj_shrink_candidates(plain, _EVERY_SCHEME)), plain)


def _in_common_use(letter: str) -> bool:
    try:
        letter.encode("shift_jis")
    except UnicodeEncodeError:
        return False
    return True
