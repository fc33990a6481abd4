"""What the rules of a support case ask the database for, in the transaction of their step."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from activities.kernel.database import Connection
from activities.kernel.queries import queries
from schemas.kernel.policies import PolicyRef
from schemas.kernel.refusals import Refusal
from schemas.support.lookups import InvestigatorFound, LinkFound, MemberFound, ReferralFacts

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


async def investigator(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Whether somebody can investigate: of the harassment desk, not concerned, no counsellor of the case."""
    row = await connection.fetchrow(SQL["investigator"], terms["case_id"], terms["staff_id"])
    return InvestigatorFound(**row).model_dump(mode="json")


async def link(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Another case as one to link to; None when there is none that the person may open."""
    row = await connection.fetchrow(SQL["link"], terms["case_id"], terms["other"], terms["staff_id"])
    return LinkFound(**row).model_dump(mode="json") if row is not None else None


async def shut_out(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Who may see nothing of the case."""
    return [row["staff_id"] for row in await connection.fetch(SQL["shut_out"], terms["case_id"])]


async def staff_by_key(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """The members of staff that somebody is, by the keyed hash of a number or mail address."""
    return [row["staff_id"] for row in await connection.fetch(SQL["staff_by_key"], terms["person"])]


async def under_age(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Whether the student is under 18 at a moment; not where nobody has said so."""
    return await connection.fetchval(SQL["under_age"], terms["case_id"], datetime.fromisoformat(terms["at"]))


async def interpreter(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Whether a member of staff is there and not concerned."""
    return await connection.fetchval(SQL["interpreter"], terms["case_id"], terms["staff_id"])


async def is_person(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Whether somebody is the person whom the case is about; None where nobody has said who that is."""
    return await connection.fetchval(SQL["is_person"], terms["case_id"], terms["person"])


async def disclosable(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Whether all of some texts are words of the case, and none of them says who has referred."""
    return await connection.fetchval(SQL["disclosable"], terms["case_id"], terms["texts"])


LOOKUPS: Final = {
    "is-person": is_person,
    "disclosable": disclosable,
    "referral": referral,
    "member": member,
    "investigator": investigator,
    "link": link,
    "shut-out": shut_out,
    "staff-by-key": staff_by_key,
    "under-age": under_age,
    "interpreter": interpreter,
}
