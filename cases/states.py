"""A case's stored state, read with its policy."""

from collections.abc import Mapping
from typing import Any

import asyncpg

from activities.kernel import policies
from cases.registry import PROCESSES


async def read_state(pool: asyncpg.Pool, case: asyncpg.Record | Mapping[str, Any]) -> Any:
    """The state of a row of `iehe.cases`, as its process has it.

    Raises:
        Refusal: the policy that it follows is not there.
    """
    async with pool.acquire() as connection:
        return await policies.read_state(connection, PROCESSES[case["process"]], case["state"])
