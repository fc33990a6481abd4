"""What the rules of a run ask the database for, in the transaction of their step."""

import json
from collections.abc import Mapping
from typing import Any, Final

from activities.kernel.database import Connection
from activities.kernel.places import SQL as PLACES
from activities.kernel.queries import queries
from schemas.dormitory.lookups import RunFacts
from schemas.kernel.policies import PolicyRef
from schemas.kernel.refusals import Refusal

SQL: Final = queries("dormitory/dormitory")


async def run(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """The run as it was stored, and the policy in force when it was opened.

    Raises:
        Refusal: no policy was in force.
    """
    row = await connection.fetchrow(SQL["run"], terms["case_id"])
    if row is None:
        raise Refusal("policy-unknown", policy="dormitory-allocation")
    told = {name: row[name] for name in RunFacts.model_fields if name in row}
    policy_ref = PolicyRef(version=row["version"], route=row["route"])
    return RunFacts(**told, policy_ref=policy_ref).model_dump(mode="json")


async def house(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """All of a house as it stands; its frames are locked, so that it stays so until the step is written."""
    await connection.execute(PLACES["lock"], [terms["frame"], f"dormitory/{terms['house']}"])
    found = await connection.fetchval(SQL["house"], terms["case_id"], terms["house"], terms["frame"])
    return json.loads(found)


async def person(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """What somebody has stated; nothing stated is undisclosed."""
    return json.loads(await connection.fetchval(SQL["person"], terms["mobility"]))


LOOKUPS: Final = {"run": run, "house": house, "person": person}
