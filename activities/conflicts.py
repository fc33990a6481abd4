"""Conflicts of interest, computed from what is on record: school, employer, relation, contact data."""

import json
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any


def conflict_of(
    staff: Mapping[str, Any], applicant: Mapping[str, Any], *, on: date, years: int
) -> str | None:
    """Why a member of staff must not judge an applicant, as a code; None when nothing is on record.

    Args:
        staff: row of `staff_for_conflicts`.
        applicant: row of `applicant_for_conflicts`.
        on: the day of the judgement.
        years: how long a shared school or employer counts after it ended.
    """
    if _shares_school(staff, _plain(applicant["school_name"]), on, years):
        return "same-school"
    names = {_plain(applicant["family_name"] + applicant["given_name"]), _plain(applicant["guardian_name"])}
    declared = {_plain(relation) for relation in staff["relations"]}
    if declared & ({_plain(applicant["email"])} | names) - {""}:
        return "declared-relation"
    if _plain(staff["name"]) in _plain(applicant["related_staff"]):
        return "declared-relation"
    for own, theirs in (("email", "email"), ("phone", "phone"), ("address", "address")):
        mine = _plain(staff[own])
        if mine and mine == _plain(applicant[theirs]):
            return "same-contact"
    return None


def _shares_school(staff: Mapping[str, Any], school: str, on: date, years: int) -> bool:
    for employer in json.loads(staff["employers"]):
        if _plain(employer["name"]) != school:
            continue
        until = employer.get("until")
        if until is None or _years_after(date.fromisoformat(until), years) >= on:
            return True
    return False


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 3, 1)


def _plain(text: str | None) -> str:
    folded = unicodedata.normalize("NFKC", text or "").casefold()
    return "".join(character for character in folded if character.isalnum())
