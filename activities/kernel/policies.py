"""Policies by reference: read from the database when a rule first asks for one."""

import json
from collections.abc import Mapping
from typing import Any

from activities.kernel.database import Connection
from activities.kernel.queries import queries
from schemas.kernel.policies import ProcessPolicy
from schemas.kernel.refusals import Refusal
from workflows.kernel.frame import LookupNeeded
from workflows.kernel.known_policies import POLICIES
from workflows.kernel.process import Process

SQL = queries("kernel/cases")


async def read_policy(
    connection: Connection, process: Process[Any], terms: Mapping[str, Any]
) -> ProcessPolicy:
    """One route of one version, known from then on.

    Raises:
        Refusal: there is none.
    """
    body = await connection.fetchval(SQL["policy"], process.name, terms["version"], terms["route"])
    if body is None:
        raise Refusal("policy-unknown", policy=terms["version"])
    policy = process.policy.model_validate({**json.loads(body), **terms})
    POLICIES.keep(process.name, policy)
    return policy


async def read_state(connection: Connection, process: Process[Any], state: str) -> Any:
    """A stored state with its policy attached, as its process has it.

    Raises:
        Refusal: the policy that it follows is not there.
    """
    while True:
        try:
            return process.read(json.loads(state), POLICIES.of(process))
        except LookupNeeded as question:
            await read_policy(connection, process, question.terms)
