"""Which cases a member of staff may read: the office all of them, reviewers and members only their own."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from gateway.problems import Problem
from gateway.strict_json import storable
from schemas.admission.roles import Role
from schemas.kernel.case import Actor

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


async def find_case(pool: asyncpg.Pool, case_id: str) -> asyncpg.Record:
    """The row of a case.

    Raises:
        Problem: 404, or 409 when its application is stored and the case not open yet.
    """
    if not storable(case_id):
        raise no_such_case()
    row = await pool.fetchrow(SQL["case"], case_id)
    if row is not None:
        return row
    if await pool.fetchval(SQL["application_stored"], case_id):
        raise Problem(
            HTTPStatus.CONFLICT,
            "case-not-open",
            "The application is stored, its case is about to open; ask again.",
            "出願は登録済みで、案件はまもなく開始されます。再度お試しください。",
            headers={"Retry-After": "1"},
        )
    raise no_such_case()


def no_such_case() -> Problem:
    """404, also for who may not know that there is one."""
    return Problem(
        HTTPStatus.NOT_FOUND,
        "no-such-case",
        "There is no such case, or it is not one of yours (GET /cases lists them).",
        "該当する案件がないか、閲覧権限がありません（GET /cases で一覧を確認できます）。",
    )


def stage_text(process: Any, stage: str) -> dict[str, str]:
    """A stage's name in both languages."""
    info = process.lifecycle.stages[stage]
    return {"en": info.en, "ja": info.ja}
