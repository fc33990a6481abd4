"""The row of a case, for every door."""

from typing import Final

import asyncpg

from activities.kernel.queries import queries
from schemas.kernel.refusals import Refusal

SQL: Final = queries("kernel/office")


async def find_case(pool: asyncpg.Pool, case_id: str) -> asyncpg.Record:
    """The row of a case.

    Raises:
        Refusal: no such case, or what it is about is stored and the case is not open yet.
    """
    row = await pool.fetchrow(SQL["case"], case_id)
    if row is not None:
        return row
    stored = await pool.fetchval(SQL["application_stored"], case_id)
    raise Refusal("case-not-open" if stored else "no-such-case")
