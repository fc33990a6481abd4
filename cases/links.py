"""Facts between processes as people see them: who sees the producer's work or the receiver's."""

import json
from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from cases.lists import Page
from cases.registry import PROCESSES
from cases.sight import note_reads, whole_processes
from schemas.kernel.case import Actor
from schemas.kernel.refusals import Refusal
from workflows.kernel.sight import Field

SQL: Final = queries("kernel/links")
_OF_REVISION: Final = ("revision", "withdrawn", "case_id", "key", "occurred_at", "told_at")


async def list_links(
    pool: asyncpg.Pool,
    actor: Actor,
    *,
    kind: str | None = None,
    waiting: bool = False,
    after: int | None = None,
    limit: int = 50,
) -> Page:
    """Facts with each of their receivers, the last told first.

    Args:
        pool: connections of the office role.
        actor: who asks.
        kind: only those of this type, or with this last part of it.
        waiting: only those that wait for a case, a process or a person.
        after: the `seq` after which to go on.
        limit: so many at most.
    """
    seen = sorted(whole_processes(actor, Field.WORK))
    rows = [dict(row) for row in await pool.fetch(SQL["list"], seen, kind, waiting, after, limit + 1)]
    return Page(rows[:limit], (rows[limit - 1]["seq"],) if len(rows) > limit else None)


async def show_link(pool: asyncpg.Pool, actor: Actor, fact_id: str) -> dict[str, Any]:
    """One fact: its revisions, each receiver, and the cases that it came to, of those that somebody sees.

    What the receivers made of it is shown to who sees their work; its data to these and the producer's.

    Raises:
        Refusal: there is none that they see.
    """
    seen = sorted(whole_processes(actor, Field.WORK))
    revisions = [dict(row) for row in await pool.fetch(SQL["revisions"], fact_id, seen)]
    deliveries = [dict(row) for row in await pool.fetch(SQL["deliveries"], fact_id, seen)]
    if not revisions and not deliveries:
        raise Refusal("no-such-fact")
    reaches = [dict(row) for row in await pool.fetch(SQL["reaches"], fact_id, seen)]
    cases = {row["case_id"] for row in reaches} | {row["case_id"] for row in revisions if row["case_id"]}
    await note_reads(pool, cases, "links", Field.WORK)
    first = (revisions or deliveries)[-1]
    return {
        "fact_id": fact_id,
        "type": first["type"],
        "process": first.get("producer", first["process"]),
        "revisions": [
            {name: row[name] for name in _OF_REVISION}
            | {"data": json.loads(row["data"]), "chain": list(row["chain"])}
            for row in revisions
        ],
        "receivers": deliveries,
        "cases": reaches,
    }


async def settle(pool: asyncpg.Pool, actor: Actor, fact_id: str, process: str) -> int:
    """Say that what the office was asked about a fact is done; the revision that it was about.

    Raises:
        Refusal: the person has not the role that is asked, or nobody is asked.
    """
    known = PROCESSES.get(process)
    if known is None or known.office not in actor.roles:
        held, roles = ", ".join(sorted(actor.roles)) or "-", known.office if known is not None else "-"
        raise Refusal("role-missing", step="settle", roles=roles, held=held)
    revision = await pool.fetchval(SQL["settle"], fact_id, process, actor.id)
    if revision is None:
        raise Refusal("no-such-fact")
    return int(revision)


ON_A_PAGE: Final = 200
"""Facts that the page of a case has: a round tells ten thousand."""


async def of_case(connection: Any, case_id: str) -> dict[str, Any]:
    """What a case told other processes and was told by them: the newest of each, and how many in all."""
    found: dict[str, Any] = {}
    for name, query in (("facts_told", "told_by_case"), ("facts_taken", "taken_by_case")):
        rows = [dict(row) for row in await connection.fetch(SQL[query], case_id, ON_A_PAGE)]
        found |= {f"{name}_in_all": max((row.pop("of_all") for row in rows), default=0), name: rows}
    return found
