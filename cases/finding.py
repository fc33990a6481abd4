"""The row of a case, for every door and for who may see it."""

from typing import Final

import asyncpg

from activities.kernel.acting import THE_HOST, acting_for
from activities.kernel.queries import queries
from cases.sight import fields_of, process_of, whole_processes
from schemas.kernel.case import Actor
from schemas.kernel.refusals import Refusal
from schemas.kernel.schedules import local_day
from schemas.kernel.texts import storable
from workflows.kernel.sight import Field

SQL: Final = queries("kernel/office")


async def find_case(pool: asyncpg.Pool, case_id: str) -> asyncpg.Record:
    """The row of a case.

    Raises:
        Refusal: no such case, or not any more; or what it is about is stored and the case is not open yet.
    """
    row = await pool.fetchrow(SQL["case"], case_id)
    if row is not None:
        return row
    erased_at = await pool.fetchval(queries("kernel/retention")["erased_at"], case_id)
    if erased_at is not None:
        raise Refusal("case-erased", case=case_id, erased_on=local_day(erased_at))
    stored = await pool.fetchval(queries("kernel/starts")["is_stored"], case_id)
    raise Refusal("case-not-open" if stored else "no-such-case")


async def case_seen(
    pool: asyncpg.Pool, case_id: str, actor: Actor
) -> tuple[asyncpg.Record, frozenset[Field]]:
    """The row of a case and the fields of it that an actor sees, which may be none.

    Raises:
        Refusal: no such case; or it is not open yet or was erased, for who sees all of its process.
    """
    if not storable(case_id):
        raise Refusal("no-such-case")
    with acting_for(THE_HOST):  # who was released from it may have been answered before
        try:
            row = await find_case(pool, case_id)
        except Refusal:
            if process_of(case_id) in whole_processes(actor):
                raise
            raise Refusal("no-such-case") from None
        return row, await fields_of(pool, case_id, actor)
