"""What the page of a support case shows beside what every case has."""

from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from schemas.support.state import SupportState

SQL: Final = queries("support/support")
PARTS: Final = (
    "ownership",
    "scores",
    "contacts",
    "appointments",
    "pages",
    "consents",
    "disclosures",
    "access",
    "guardians",
    "calls",
    "interpreters",
    "desk",
    "same_person",
    "before",
    "links",
    "readers",
)
"""Lists that it has, each by a query of its name."""


async def own_part(pool: asyncpg.Pool, case_id: str, state: SupportState, _personal: bool) -> dict[str, Any]:
    """Level, unit and owner; who has had it; contacts and pages. What was said is among the case's texts."""
    part = state.model_dump(include={"level", "unit", "owner", "way", "anonymous", "attempts"})
    for name in PARTS:
        part[name] = [dict(row) for row in await pool.fetch(SQL[name], case_id)]
    # that somebody was here before is read of the cases that say so
    await pool.execute(SQL["note_before"], [each["case_id"] for each in part["before"]])
    return part
