"""What the rules of a support case ask the database for, in the transaction of their step."""

from collections.abc import Mapping
from typing import Any, Final

from activities.kernel.database import Connection
from activities.kernel.queries import queries
from schemas.kernel.policies import PolicyRef
from schemas.kernel.refusals import Refusal
from schemas.support.lookups import MemberFound, ReferralFacts

SQL: Final = queries("support/support")


async def referral(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """The stored referral without anything personal, and the policy in force when it came.

    Raises:
        Refusal: no policy was in force.
    """
    row = await connection.fetchrow(SQL["referral"], terms["case_id"])
    if row is None:
        raise Refusal("policy-unknown", policy="support-case")
    told = {name: row[name] for name in ReferralFacts.model_fields if name in row}
    policy_ref = PolicyRef(version=row["version"], route=row["route"])
    return ReferralFacts(**told, policy_ref=policy_ref).model_dump(mode="json")


async def member(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Whether somebody can be an owner: of the unit, there, and not concerned."""
    row = await connection.fetchrow(SQL["member"], terms["case_id"], terms["unit"], terms["staff_id"])
    return MemberFound(**row).model_dump(mode="json")


LOOKUPS: Final = {"referral": referral, "member": member}
