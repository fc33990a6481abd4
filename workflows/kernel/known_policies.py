"""The policies that this process has read: a version never changes, so nothing known grows old."""

from functools import partial
from typing import Any, Final

from schemas.kernel.policies import PolicyRef, ProcessPolicy
from workflows.kernel.frame import LookupNeeded
from workflows.kernel.process import Policies, Process


class KnownPolicies:
    """Filled where steps are written, and read there and where decisions are checked."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, PolicyRef], ProcessPolicy] = {}

    def of(self, process: Process[Any]) -> Policies:
        """The policies of a process, as its rules ask for them."""
        return partial(self._get, process.name)

    def _get(self, process: str, ref: PolicyRef) -> ProcessPolicy:
        policy = self._known.get((process, ref))
        if policy is None:
            raise LookupNeeded("policy", ref.model_dump())
        return policy

    def keep(self, process: str, policy: ProcessPolicy) -> None:
        """Know a policy from now on."""
        self._known[process, policy.ref] = policy


POLICIES: Final = KnownPolicies()
"""Those of this process. Nothing that a replay runs reads them."""
