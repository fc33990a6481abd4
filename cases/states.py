"""A case's stored state, read with its policy."""

import json
from typing import Any

import asyncpg

from activities.kernel.policies import read_policy
from cases.registry import PROCESSES
from workflows.kernel.draft import LookupNeeded
from workflows.kernel.known_policies import POLICIES


async def read_state(pool: asyncpg.Pool, case: asyncpg.Record) -> Any:
    """The state of a row of `iehe.cases`, as its process has it.

    Raises:
        Refusal: the policy that it follows is not there.
    """
    process = PROCESSES[case["process"]]
    while True:
        try:
            return process.read(json.loads(case["state"]), POLICIES.of(process))
        except LookupNeeded as question:
            async with pool.acquire() as connection:
                await read_policy(connection, process, question.terms)
