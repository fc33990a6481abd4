"""A round as its doors need it: its state with the rules that it follows, and what may be asked of it."""

from collections.abc import Mapping
from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from cases.states import read_state
from schemas.kernel.refusals import Refusal
from schemas.round.policy import RoundPolicy
from schemas.round.rules import Programme
from schemas.round.state import RoundState
from workflows.round.ground import policy_of

SQL: Final = queries("round/boards")
LOAD: Final = "load-batches"
"""The act of loading, comparing and dropping files of scores."""
READ: Final = "read-lists"
"""The act of opening lists, whether they are out or not, and of seeing what they wait for."""
RESULTS: Final = "read-results"
"""The act of reading what is out."""
READABLE: Final = "admission-round.results"
"""What a system must be allowed to read, so that it may ask what is out of an application."""
Row = dict[str, Any]
Rows = list[Row]


async def round_of(
    pool: asyncpg.Pool, row: asyncpg.Record | Mapping[str, Any]
) -> tuple[RoundState, RoundPolicy]:
    """The state of a round, by the row of its case, and the policy that it follows.

    Raises:
        Refusal: that policy is not there.
    """
    state: RoundState = await read_state(pool, row)
    return state, policy_of(state)


def programme_of(policy: RoundPolicy, name: str) -> Programme:
    """A programme of a policy.

    Raises:
        Refusal: `programme-unknown`.
    """
    programmes = {each.key: each for each in policy.rules.programmes}
    if name not in programmes:
        raise Refusal("programme-unknown", programme=name, known=", ".join(programmes))
    return programmes[name]
