"""What an application must fulfil, whichever way it comes: as a row of a spreadsheet or over HTTP."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from unicodedata import is_normalized, normalize

from schemas.admission.applications import ApplicationRow

YOUNGEST_AT_ENTRY: Final = 14
OLDEST_AT_ENTRY: Final = 100
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
_DAYS_IN_THE_PAST: Final = ("birth_date", "submitted_on", "accommodation_requested_on")
_READINGS: Final = ("family_kana", "given_kana")
_SPACED: Final = ("address", "related_staff")
_NAMES: Final = ("family_name", "given_name", *_READINGS, "school_name", "guardian_name", "address")
_LINES: Final = (*_NAMES, "related_staff")
_MAILBOXES: Final = ("email", "school_contact_email")


def tidy(text: str) -> str:
    """Fold full-width letters and digits and half-width kana, compose accents, trim; ideographs stay.

    Plain NFKC would also replace compatibility ideographs (神 U+FA19 by 神 U+795E), which are other
    characters in a person's registered name.
    """
    if not is_normalized("NFKC", text):
        text = _NOT_COMPATIBILITY.sub(lambda match: normalize("NFC", match[0]), text)
        text = _WIDE.sub(lambda match: normalize("NFKC", match[0]), text)
    return text.strip()


def age_on(birth: date, day: date) -> int:
    """Completed years on a day, by the calendar; who was born on 29 February turns on 1 March."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def entry_day(today: date) -> date:
    """The next 1 April, on which the academic year begins."""
    return date(today.year + (today >= date(today.year, 4, 1)), 4, 1)


@dataclass(frozen=True, slots=True)
class RuleFault:
    """A field, by its name, whose value cannot be, by a code of docs/import-format.md."""

    name: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


def contradictions(values: Mapping[str, object], today: date) -> Iterator[RuleFault]:
    """What cannot be true of one application; `values` are those of its fields that could be read."""
    for name in _DAYS_IN_THE_PAST:
        day = values.get(name)
        if isinstance(day, date) and day > today:
            yield RuleFault(name, "date-in-future")
    born = values.get("birth_date")
    if isinstance(born, date) and born <= today:
        age = age_on(born, entry_day(today))
        if not YOUNGEST_AT_ENTRY <= age <= OLDEST_AT_ENTRY:
            limits = {"low": YOUNGEST_AT_ENTRY, "high": OLDEST_AT_ENTRY}
            yield RuleFault("birth_date", "age-implausible", limits)
    number = values.get("application_no")
    if isinstance(number, str) and not any(map(str.isdigit, number)):
        yield RuleFault("application_no", "application-no-without-digit")
    if values.get("accommodation_sudden") and values.get("accommodation_requested_on") is None:
        yield RuleFault("accommodation_requested_on", "accommodation-date-missing")


def normalised(row: ApplicationRow) -> ApplicationRow:
    """The same application as an import would have read it: widths folded, readings in katakana."""
    texts = {name: tidy(text) for name in _LINES if isinstance(text := getattr(row, name), str)}
    for name in _READINGS:
        texts[name] = texts[name].translate(HIRAGANA)
    for name in _SPACED:
        if name in texts:
            texts[name] = " ".join(texts[name].split())
    if row.statement is not None:
        texts["statement"] = row.statement.replace("\r\n", "\n").replace("\r", "\n").strip()
    for name in _MAILBOXES:
        if (address := getattr(row, name)) is not None:
            mailbox, _, domain = address.rpartition("@")
            texts[name] = f"{mailbox}@{domain.lower()}"
    return row.model_copy(update=texts)


def unfit_texts(row: ApplicationRow) -> Iterator[RuleFault]:
    """Texts of a normalised application that no spreadsheet could have brought in either."""
    for name in _LINES:
        text = getattr(row, name)
        if text is not None and (code := _unfit(name, text)):
            yield RuleFault(name, code)
    if row.statement is not None and FORBIDDEN_IN_PROSE.search(row.statement):
        yield RuleFault("statement", "control-character")
    for name in _MAILBOXES:
        address = getattr(row, name)
        if address is not None and not EMAIL.fullmatch(address):
            yield RuleFault(name, "email-invalid")


def _unfit(name: str, text: str) -> str | None:
    if not text:
        return "required"
    if name in _NAMES and LOST.search(text):
        return "character-lost"
    if FORBIDDEN.search(text):
        return "control-character"
    if text.startswith(FORMULA_STARTS):
        return "formula-character"
    return "kana-invalid" if name in _READINGS and not KANA.fullmatch(text) else None
