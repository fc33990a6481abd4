"""Who reads of a round, and which."""

from typing import TYPE_CHECKING

from cli.case_arguments import find_case
from cli.session import Session

if TYPE_CHECKING:
    import asyncpg

    from schemas.kernel.case import Actor


async def reading(session: Session, case: str) -> "tuple[Actor, asyncpg.Record]":
    """Who acts, who may open lists, and the round."""
    from workflows.round.process import ROUND

    actor = await session.administer("read-lists", ROUND.name)
    return actor, await find_case(session, case, ROUND.room, field="work")
