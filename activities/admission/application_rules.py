"""What an application must fulfil, whichever way it comes: as a row of a spreadsheet or over HTTP."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from schemas.admission.applications import ApplicationRow
from schemas.kernel.texts import (
    EMAIL,
    FORBIDDEN,
    FORBIDDEN_IN_PROSE,
    FORMULA_STARTS,
    HIRAGANA,
    KANA,
    LOST,
    tidy,
)

YOUNGEST_AT_ENTRY: Final = 14
OLDEST_AT_ENTRY: Final = 100
_DAYS_IN_THE_PAST: Final = ("birth_date", "submitted_on", "accommodation_requested_on")
_READINGS: Final = ("family_kana", "given_kana")
_SPACED: Final = ("address", "related_staff")
_NAMES: Final = ("family_name", "given_name", *_READINGS, "school_name", "guardian_name", "address")
_LINES: Final = (*_NAMES, "related_staff")
_MAILBOXES: Final = ("email", "school_contact_email")


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
    wanted = [named for _, named in choices_of(values)]
    if len(set(wanted)) < len(wanted):
        yield RuleFault("further_choices", "choice-repeated")
    number = values.get("application_no")
    if isinstance(number, str) and not any(map(str.isdigit, number)):
        yield RuleFault("application_no", "application-no-without-digit")
    if values.get("accommodation_sudden") and values.get("accommodation_requested_on") is None:
        yield RuleFault("accommodation_requested_on", "accommodation-date-missing")


def choices_of(values: Mapping[str, object]) -> list[tuple[str, str]]:
    """What is applied for, in order: each by the name of its field."""
    first, further = values.get("programme"), values.get("further_choices")
    found = [("programme", first)] if isinstance(first, str) else []
    return found + [("further_choices", each) for each in further] if isinstance(further, tuple) else found


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
