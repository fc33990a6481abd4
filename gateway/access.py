"""Which cases a member of staff may read: the office all of them, reviewers and members only their own."""

from dataclasses import dataclass
from typing import Final

import asyncpg

from activities.kernel.queries import queries
from cases.finding import find_case as find
from gateway.strict_json import storable
from schemas.admission.roles import Role
from schemas.kernel.case import Actor
from schemas.kernel.refusals import Refusal

SQL: Final = queries("kernel/office")
OFFICE: Final = frozenset({Role.ADMISSIONS_OFFICE, Role.HEAD_OF_ADMISSIONS})
READS_ALL: Final = OFFICE | {Role.AUDITOR}
_MEMBERS: Final = frozenset({Role.COMMITTEE_MEMBER, Role.COMMITTEE_CHAIR})


@dataclass(frozen=True)
class Sight:
    """What an actor may see; `only` is None, or whom a case has to concern, and as what."""

    only: str | None
    as_reviewer: bool
    as_member: bool


def sight_of(actor: Actor) -> Sight:
    """What an actor's roles let them see."""
    roles = set(actor.roles)
    everything = not READS_ALL.isdisjoint(roles)
    return Sight(None if everything else actor.id, Role.REVIEWER in roles, not _MEMBERS.isdisjoint(roles))


async def may_read(pool: asyncpg.Pool, case_id: str, actor: Actor) -> bool:
    """Whether an actor may read a case."""
    sight = sight_of(actor)
    if not storable(case_id):
        return False
    if sight.only is None:
        return True
    concerns: bool = await pool.fetchval(
        SQL["concerns"], case_id, sight.only, sight.as_reviewer, sight.as_member
    )
    return concerns


async def find_case(pool: asyncpg.Pool, case_id: str, *, readable: bool = True) -> asyncpg.Record:
    """The row of a case; who may not read it is not told that it is about to open.

    Raises:
        Refusal: there is none, or it is not open yet.
    """
    if not storable(case_id):
        raise Refusal("no-such-case")
    try:
        return await find(pool, case_id)
    except Refusal:
        if readable:
            raise
        raise Refusal("no-such-case") from None
