"""Conflicts of interest, computed from what is on record: school, employer, relation, contact data."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from activities.admission import likeness
from activities.admission.likeness import Likeness

_CONTACTS: Final = {
    "email": likeness.mailboxes,
    "phone": likeness.telephones,
    "address": likeness.addresses,
}


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why a member of staff must not judge an applicant, as a code."""

    reason: str
    certain: bool
    """If not, the two are only nearly the same, and a person must look."""


def conflict_of(
    staff: Mapping[str, Any], applicant: Mapping[str, Any], *, on: date, years: int
) -> Conflict | None:
    """What speaks against a judge, the certain before the possible; None when nothing is on record.

    Args:
        staff: row of `staff_for_conflicts`.
        applicant: row of `applicant_for_conflicts`.
        on: the day of the judgement.
        years: how long a shared school or employer counts after it ended.
    """
    school = applicant["school_name"]
    found = (
        *(("same-school", likeness.schools(each, school)) for each in _schools(staff, on, years)),
        *(("declared-relation", _relation(relation, applicant)) for relation in staff["relations"]),
        ("declared-relation", _mentioned(staff["name"], applicant["related_staff"])),
        *(("same-contact", alike(staff[kind], applicant[kind])) for kind, alike in _CONTACTS.items()),
    )
    reason, strongest = max(found, key=lambda each: each[1])
    return None if strongest is Likeness.NONE else Conflict(reason, certain=strongest is Likeness.SAME)


def _schools(staff: Mapping[str, Any], on: date, years: int) -> Iterable[str]:
    for employer in json.loads(staff["employers"]):
        until = employer.get("until")
        if until is None or _years_after(date.fromisoformat(until), years) >= on:
            yield employer["name"]


def _relation(relation: str, applicant: Mapping[str, Any]) -> Likeness:
    """Whom a member of staff has named, by address or by name, alone or in a sentence."""
    people = (applicant["family_name"] + applicant["given_name"], applicant["guardian_name"] or "")
    alike = max(
        likeness.mailboxes(relation, applicant["email"]),
        *(likeness.named(name, relation) for name in people),
        *(likeness.names(relation, name) for name in people),
    )
    reading = (applicant["family_kana"], applicant["given_kana"])
    return alike or (Likeness.NEAR if likeness.read_as(relation, *reading) else Likeness.NONE)


def _mentioned(name: str, text: str | None) -> Likeness:
    """Whom an applicant has named: the family name alone, as in 見本先生, may be this one."""
    family, _, given = name.replace("\u3000", " ").strip().partition(" ")
    alone = bool(given and text) and likeness.letters(family) in likeness.letters(text)
    return likeness.named(name, text) or (Likeness.NEAR if alone else Likeness.NONE)


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 3, 1)
