"""What a step is taken in, and what a rule asks when only the database knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from schemas.kernel.case import SYSTEM, Actor, FactOrigin
from schemas.kernel.policies import PolicyRef, ProcessPolicy

if TYPE_CHECKING:
    from workflows.kernel.process import Policies


class LookupNeeded(Exception):  # noqa: N818 - a question, not an error
    """A rule asks for what only the database knows.

    Where the step is written the process's lookup of that name answers, in the step's own transaction, and
    the rule is run again with the answer. Where a decision is only checked, the check ends here.
    """

    def __init__(self, name: str, terms: Mapping[str, Any]) -> None:
        super().__init__(name)
        self.name, self.terms = name, dict(terms)

    @property
    def key(self) -> str:
        """The same question has the same key."""
        return json.dumps([self.name, self.terms], sort_keys=True, default=str)


def _not_here(ref: PolicyRef) -> ProcessPolicy:
    raise LookupNeeded("policy", ref.model_dump())


@dataclass(frozen=True)
class Frame:
    """What a step is taken in: the moment, who acts, what caused it, and what has been looked up for it."""

    now: datetime
    actor: Actor = SYSTEM
    cause: str | None = None
    happened_at: datetime | None = None
    found: Mapping[str, Any] = field(default_factory=dict)
    """Answers of lookups by the question's key."""
    policies: Policies = _not_here
    origin: FactOrigin | None = None
    """Of a step that a fact of another process has led to."""

    def with_cause(
        self, actor: Actor, cause: str | None = None, happened_at: datetime | None = None
    ) -> Frame:
        """The same moment and answers for another actor's message."""
        return replace(self, actor=actor, cause=cause, happened_at=happened_at)
