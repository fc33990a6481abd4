"""A concern from the register that the office kept before: it has ended, and nothing of it is due.

Rule numbers are those of docs/processes/support.md.
"""

from datetime import datetime
from typing import Final

from schemas.kernel.policies import PolicyRef
from schemas.support.records import Owned
from schemas.support.stages import Stage, Unit, Way
from workflows.support import desk
from workflows.support.clocks import SupportDraft

STEP: Final = "take-over"


def take_over(
    draft: SupportDraft,
    policy_ref: PolicyRef,
    received_at: datetime,
    unit: Unit | None,
    owner: str | None,
    concerned: tuple[str, ...],
) -> None:
    """It stands where a case stands that has ended: whose it was sees it, and the harassment desk its own."""
    state = draft.state
    # only what the student asks to see follows a policy
    state.policy_ref = policy_ref
    state.opened_at = state.received_at = received_at
    state.way, state.unit = Way.REGISTER, unit
    state.owner = owner if owner not in concerned else None
    draft.details.update(policy=policy_ref.version, way=Way.REGISTER)
    desk.take_over(draft)
    draft.record(Owned(unit=unit, owner=state.owner, why="register"))
    draft.goto(Stage.CLOSED)
