"""A case's stored state, read with its policy, and the moment at which rules are tried on it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg

from activities.kernel import policies
from activities.kernel.queries import queries
from cases.registry import PROCESSES
from workflows.kernel.frame import Frame
from workflows.kernel.known_policies import POLICIES

LAST_STEP_AT: Final = queries("kernel/office")["last_step_at"]


async def read_state(pool: asyncpg.Pool, case: asyncpg.Record | Mapping[str, Any]) -> Any:
    """The state of a row of `iehe.cases`, as its process has it.

    Raises:
        Refusal: the policy that it follows is not there.
    """
    async with pool.acquire() as connection:
        return await policies.read_state(connection, PROCESSES[case["process"]], case["state"])


async def trial_frame(pool: asyncpg.Pool, case: asyncpg.Record | Mapping[str, Any]) -> Frame:
    """In what a rule is tried on a copy of the state: now, but never before the last step of the case.

    A case whose time was moved is ahead of ours, and so may be a server's clock by a moment.
    """
    last: datetime | None = await pool.fetchval(LAST_STEP_AT, case["case_id"])
    now = datetime.now(UTC)
    return Frame(now=max(now, last or now), policies=POLICIES.of(PROCESSES[case["process"]]))
