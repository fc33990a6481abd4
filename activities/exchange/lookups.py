"""What the rules of a mobility ask the database for, in the transaction of their step."""

from collections.abc import Mapping
from typing import Any, Final

from activities.kernel.database import Connection
from activities.kernel.queries import queries
from schemas.exchange.lookups import AdvisorFound, NominationFacts
from schemas.kernel.policies import PolicyRef
from schemas.kernel.refusals import Refusal

SQL: Final = queries("exchange/exchange")


async def nomination(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """The stored nomination without anything personal, and the policy in force when it came.

    Raises:
        Refusal: no policy was in force.
    """
    row = await connection.fetchrow(SQL["nomination"], terms["case_id"])
    if row is None:
        raise Refusal("policy-unknown", policy="exchange-onboarding")
    told = {name: row[name] for name in NominationFacts.model_fields if name in row}
    policy_ref = PolicyRef(version=row["version"], route=row["route"])
    return NominationFacts(**told, policy_ref=policy_ref).model_dump(mode="json")


async def quota_frames(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """The frames of an agreement in which a person and their months count (X8); none: there is none."""
    rows = await connection.fetch(SQL["quota_frames"], terms["term"], terms["agreement"], terms["faculty"])
    return [dict(row) for row in rows]


async def advisor(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Whether a member of staff can advise."""
    row = await connection.fetchrow(SQL["advisor"], terms["staff_id"])
    return AdvisorFound(**row).model_dump(mode="json")


async def tutor(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Whether a tutor is of the staff and has room for one more."""
    return bool(await connection.fetchval(SQL["tutor"], terms["staff_id"]))


async def person_key(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """The number of the student here; nothing of who that is."""
    return await connection.fetchval(SQL["person_key"], terms["case_id"])


LOOKUPS: Final = {
    "nomination": nomination,
    "quota-frames": quota_frames,
    "advisor": advisor,
    "tutor": tutor,
    "person-key": person_key,
}
