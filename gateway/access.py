"""The case that a request names, for who sees it; for everybody else there is none."""

import asyncpg

from cases.finding import case_seen
from gateway.strict_json import storable
from schemas.kernel.case import Actor
from schemas.kernel.refusals import Refusal
from workflows.kernel.sight import Field


async def find_case(
    pool: asyncpg.Pool, case_id: str, actor: Actor
) -> tuple[asyncpg.Record, frozenset[Field]]:
    """The row of a case and the fields of it that an actor sees, which may be none.

    Raises:
        Refusal: there is none, or it is not open yet and the actor will see it.
    """
    if not storable(case_id):
        raise Refusal("no-such-case")
    return await case_seen(pool, case_id, actor)
