"""What auditors look through: the administration log, steps of cases, reads of confidential cases."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import asyncpg

from activities.kernel.queries import queries
from cases.list_questions import Question
from cases.lists import Page, reading
from cases.registry import PROCESSES
from cases.sight import CONFIDENTIAL, PASSING, whole_processes
from schemas.kernel.case import Actor
from workflows.kernel.sight import Field

SQL: Final = queries("kernel/audit")
Kind = Literal["administration", "steps", "openings", "reads"]
PLACES: Final[Mapping[Kind, tuple[str, ...]]] = {
    "administration": ("entry",),
    "steps": ("at", "case_id", "version"),
    "openings": ("read",),
    "reads": ("read",),
}
"""By what each goes on, the newest first."""
SHAPES: Final[Mapping[Kind, Any]] = {
    "administration": tuple[int],
    "steps": tuple[datetime, str, int],
    "openings": tuple[int],
    "reads": tuple[int],
}
_OF_READS: Final = {"who": "r.staff_id", "case_id": "r.case_id", "act": "r.what", "at": "r.at"}
_COLUMNS: Final[Mapping[Kind, Mapping[str, str]]] = {
    "administration": {"who": "l.actor", "case_id": "l.subject", "act": "l.act", "at": "l.at"},
    "steps": {"who": "l.actor_id", "case_id": "l.case_id", "act": "l.step", "at": "l.at"},
    "openings": _OF_READS,
    "reads": _OF_READS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilters:
    """Which entries; what is not named does not matter.

    Args:
        who: staff id of who did it.
        case_id: of which case; of the administration log: of which subject.
        act: act, step, or what was read.
        since: from this moment on.
        before: before this moment.
    """

    who: str | None = None
    case_id: str | None = None
    act: str | None = None
    since: datetime | None = None
    before: datetime | None = None


async def list_audit(
    pool: asyncpg.Pool,
    actor: Actor,
    kind: Kind,
    wanted: AuditFilters,
    after: tuple[Any, ...] | None,
    limit: int,
) -> Page:
    """A page of entries for who may read the log: of cases, those of processes that the actor sees whole."""
    if kind != "administration" and not audited(actor, kind):
        return Page([], None)
    question = audit_question(actor, kind, wanted, after, limit + 1)
    async with reading(pool) as connection:
        rows = [dict(row) for row in await connection.fetch(question.text, *question.values)]
    for row in rows:
        if "details" in row:
            row["details"] = json.loads(row["details"])
    following = tuple(rows[limit - 1][name] for name in PLACES[kind]) if len(rows) > limit else None
    return Page(rows[:limit], following)


def audit_question(
    actor: Actor, kind: Kind, wanted: AuditFilters, after: tuple[Any, ...] | None, limit: int
) -> Question:
    """The statement behind `list_audit`."""
    ask, names = Question(), _COLUMNS[kind]
    given: dict[str, Any] = {
        f"{names['who']} = {{}}": wanted.who,
        f"{names['case_id']} = {{}}": wanted.case_id,
        f"{names['act']} = {{}}": wanted.act,
        f"{names['at']} >= {{}}": wanted.since,
        f"{names['at']} < {{}}": wanted.before,
    }
    conditions = ask.any_of(given)
    if after is not None:
        alias = names["at"].partition(".")[0]
        place = ", ".join(f"{alias}.{name}" for name in PLACES[kind])
        conditions.append(f"({place}) < ({', '.join(map(ask, after))})")
    more = {}
    if kind != "administration":
        shown = audited(actor, kind)
        more["others"] = ask([each.room for name, each in PROCESSES.items() if name not in shown])
    if kind == "openings":
        more["passing"] = ask(PASSING)
    filters = "".join(f" AND {each}" for each in conditions)
    ask.text = SQL[kind].format(filters=filters, limit=ask(limit), **more)
    return ask


def audited(actor: Actor, kind: Kind) -> frozenset[str]:
    """The processes of whose cases an actor is told: steps where they see the work, reads where the cases."""
    if kind == "steps":
        return whole_processes(actor, Field.WORK)
    return whole_processes(actor, Field.CASE) & CONFIDENTIAL
