"""A concern that had ended before this system was there, as its one step is written."""

from datetime import datetime

from activities.kernel.case_log import FIRST
from activities.kernel.written_steps import as_written
from activities.support.room import ROOM
from schemas.kernel.case import Actor, ActorKind
from schemas.kernel.policies import PolicyRef
from schemas.support.stages import Unit
from workflows.kernel.draft import Draft
from workflows.kernel.frame import Frame
from workflows.support import register
from workflows.support.process import SUPPORT


def taken_over(
    case_id: str,
    cause: str,
    policy_ref: PolicyRef,
    during: tuple[datetime, datetime],
    whose: tuple[Unit | None, str | None, tuple[str, ...]],
) -> tuple[str, str]:
    """The step and the state that it leaves, as `iehe.support_take_over` takes them.

    Args:
        case_id: of the concern.
        cause: which row of which source it is.
        policy_ref: what is followed if the student asks to see it.
        during: when it was received, and when it ended.
        whose: its unit, its owner among the staff, and who of the staff it is about or against.
    """
    received_at, ended_at = during
    source = Actor(id=cause.partition("#")[0], kind=ActorKind.SYSTEM)
    frame = Frame(now=ended_at).with_cause(source, cause)
    draft = Draft(SUPPORT, SUPPORT.new(case_id), register.STEP, frame)
    register.take_over(draft, policy_ref, received_at, *whose)
    written, now = as_written(ROOM, [draft.transition()], FIRST)
    return written, now.state
