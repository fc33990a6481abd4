"""Whether two applicants born on the same day may be one person, whose application came twice."""

from collections.abc import Mapping
from typing import Any

from activities.admission import likeness
from activities.admission.likeness import Likeness


def may_be_one(pair: Mapping[str, Any]) -> bool:
    """By telephone, name or reading, however they are written; a person then decides.

    Args:
        pair: row of `possible_duplicates`.
    """
    if likeness.telephones(pair["phone"], pair["other_phone"]) is Likeness.SAME:
        return True
    names = (f"{pair[who + 'family_name']} {pair[who + 'given_name']}" for who in ("", "other_"))
    readings = (f"{pair[who + 'family_kana']} {pair[who + 'given_kana']}" for who in ("", "other_"))
    return likeness.names(*names) is Likeness.SAME or likeness.alike_readings(*readings)
