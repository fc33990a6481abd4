"""Texts as people type them: what they may hold, and what is the same however it is written."""

import re
from typing import Final
from unicodedata import is_normalized, normalize

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
# What CP932 and its fonts leave in place of a character they do not have; no name and no address has these.
LOST: Final = re.compile("[?〓●□■\ufffd]")
_INVISIBLE = "\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffd\ud800-\udfff"
FORBIDDEN: Final = re.compile(f"[\x00-\x1f{_INVISIBLE}]")
FORBIDDEN_IN_PROSE: Final = re.compile(f"[\x00-\x08\x0b-\x1f{_INVISIBLE}]")
_NOT_COMPATIBILITY: Final = re.compile("[^\uf900-\ufaff\U0002f800-\U0002fa1f]+")
_WIDE: Final = re.compile("[\u3000\uff01-\uff5d\uff61-\uffef]+")
KANA: Final = re.compile("[ァ-ヺー・ヽヾ ]+")
HIRAGANA: Final = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
EMAIL: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+"
    r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9]))"
)


def tidy(text: str) -> str:
    """Fold full-width letters and digits and half-width kana, compose accents, trim; ideographs stay.

    Plain NFKC would also replace compatibility ideographs (神 U+FA19 by 神 U+795E), which are other
    characters in a person's registered name.
    """
    if not is_normalized("NFKC", text):
        text = _NOT_COMPATIBILITY.sub(lambda match: normalize("NFC", match[0]), text)
        text = _WIDE.sub(lambda match: normalize("NFKC", match[0]), text)
    return text.strip()


def storable(text: str) -> bool:
    """Whether PostgreSQL stores it: no NUL, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
