"""What the page of an admission review shows beside what every case has."""

from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from schemas.admission.state import AdmissionState, ItemState

SQL: Final = queries("admission/case_page")


async def own_part(pool: asyncpg.Pool, case_id: str, state: AdmissionState, personal: bool) -> dict[str, Any]:
    """The round's name, parts, reviews, votes and decisions; who the applicant is only when `personal`."""

    async def rows(name: str) -> list[dict[str, Any]]:
        return [dict(each) for each in await pool.fetch(SQL[name], case_id)]

    place = next(iter(await rows("place")), {})
    decisions = await rows("decisions")
    if not personal:
        decisions = [{name: each[name] for name in each if name != "reason_id"} for each in decisions]
    asked = state.accommodation
    part = {
        "round_text": {"en": place["title_en"], "ja": place["title_ja"]} if place else None,
        "superseded_by": place.get("superseded_by"),
        "submitted_on": state.submitted_on,
        "outside_period": state.outside_period,
        "duplicates": state.duplicates if "resolve-duplicate" in state.tasks else [],
        "duplicate_of": state.duplicate_of,
        "result": state.result,
        "accommodation": asked.model_dump() if asked.state != "none" else None,
        "items": _items(state),
        "permits": state.permits,
        "reviews": await rows("reviews"),
        "committee": [member.model_dump() for member in state.committee],
        "votes": await rows("votes"),
        "decisions": decisions,
    }
    if personal:
        part["applicant"] = next(iter(await rows("applicant")), None)
    return part


def _items(state: AdmissionState) -> list[dict[str, Any]]:
    found = []
    for item in state.policy.items if state.policy else ():
        known = state.items.get(item.key, ItemState())
        found.append(
            {
                "item": item.key,
                "name": {"en": item.name_en, "ja": item.name_ja},
                "required": item.required,
                "missing": item.required and not known.present,
                "present": known.present,
                "late": known.late,
                "changed_at": known.changed_at,
            }
        )
    return found
