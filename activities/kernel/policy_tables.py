"""What a policy file of a process brings beside its rules."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict

from activities.kernel.database import Connection
from schemas.kernel.policies import PolicyDocument


class PolicyTables(BaseModel):
    """The other tables of a file; a process that has some names them in a model of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def dangling(self, document: PolicyDocument[Any]) -> Iterable[str]:  # noqa: ARG002 - none refers to it
        """What refers to something that the policy does not have: a line for each, with its place."""
        return ()

    async def store(self, connection: Connection) -> list[str]:  # noqa: ARG002 - nothing to be stored
        """Store what is not there yet, in the transaction of the policy; its names."""
        return []
