"""Asking for missing documents in many cases, each by itself; on one day nobody is told twice."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import asyncpg

from cases.documents import to_chase
from cases.finding import find_case
from cases.registry import PROCESSES
from schemas.kernel.case import Actor, Receipt
from schemas.kernel.document_commands import ChaseDocuments
from schemas.kernel.refusals import Refusal
from schemas.kernel.schedules import local_day

Decide = Callable[[asyncpg.Record, ChaseDocuments], Awaitable[Receipt]]
"""Puts the decision to a case, or gives the receipt of the first time."""


@dataclass(frozen=True)
class Chased:
    """What became of one case; `refusal`: why nobody is asked."""

    case_id: str
    result: Literal["asked", "repeated", "refused"]
    refusal: Refusal | None = None


def chasers() -> Mapping[str, frozenset[str]]:
    """The processes that ask for documents, each with the roles that may ask again."""
    return {name: each.roles_of(ChaseDocuments.step) for name, each in PROCESSES.items() if each.documents}


def of_today(actor: Actor, document: str | None) -> ChaseDocuments:
    """The decision, which is the same all day: run again it goes on where it stopped."""
    day = local_day(datetime.now(UTC)).isoformat()
    command_id = f"chase-{day}" if document is None else f"chase-{day}-{document}"
    return ChaseDocuments(command_id=command_id, actor=actor, document=document)


async def chase(
    pool: asyncpg.Pool, case_ids: list[str], command: ChaseDocuments, decide: Decide
) -> AsyncIterator[Chased]:
    """Put the decision to each of some cases; what one of them refuses holds up no other."""
    for case_id in case_ids:
        try:
            receipt = await decide(await find_case(pool, case_id), command)
        except Refusal as refusal:
            yield Chased(case_id, "refused", refusal)
        else:
            yield Chased(case_id, "repeated" if receipt.repeated else "asked")


async def all_to_chase(pool: asyncpg.Pool, process: str, document: str | None, page: int = 200) -> list[str]:
    """Every open case of a process that who acts sees and that misses a document, or that one."""
    found: list[str] = []
    while more := await to_chase(pool, process, document, found[-1] if found else "", page):
        found += more
    return found
