"""What the rules of a round ask the database for, in the transaction of their step."""

from collections.abc import Mapping
from typing import Any, Final

from activities.kernel.database import Connection
from activities.kernel.queries import queries
from activities.round.disclosure import DISCLOSURE_LOOKUPS
from activities.round.ending import END_LOOKUPS
from activities.round.rejudgment_lookups import REJUDGMENT_LOOKUPS
from activities.round.waitlist import WAITLIST_LOOKUPS
from schemas.kernel.policies import PolicyRef
from schemas.kernel.refusals import Refusal
from schemas.round.lookups import RoundFacts

SQL: Final = queries("round/round")


async def round_(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """The round as it was announced, and the policy in force then.

    Raises:
        Refusal: no policy with its rules was in force.
    """
    row = await connection.fetchrow(SQL["round"], terms["case_id"])
    if row is None or row["version"] is None:
        raise Refusal("policy-unknown", policy="admission-round")
    told = {name: row[name] for name in RoundFacts.model_fields if name in row}
    policy_ref = PolicyRef(version=row["version"], route=row["policy_route"])
    return RoundFacts(**told, policy_ref=policy_ref).model_dump(mode="json")


async def judged(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Lists on which the meeting has decided."""
    return [row["list"] for row in await connection.fetch(SQL["judged"], terms["case_id"])]


async def admitted(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """By frame, how many the lists that are out admit."""
    return {row["frame"]: row["count"] for row in await connection.fetch(SQL["admitted"], terms["case_id"])}


LOOKUPS: Final = {
    "round": round_,
    "judged": judged,
    "admitted": admitted,
    **WAITLIST_LOOKUPS,
    **REJUDGMENT_LOOKUPS,
    **END_LOOKUPS,
    **DISCLOSURE_LOOKUPS,
}
