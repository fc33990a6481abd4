"""Opening a confidential case without a right to: immediate, for a reason, and looked at by somebody else.

The door gives the sight and tells the case (cases/break_glass.py), whether or not it can hear of it now.
"""

from dataclasses import dataclass
from typing import Any, Final

from schemas.kernel.break_glass import GlassBroken, ReviewBreakGlass
from schemas.kernel.identifiers import RoleName
from schemas.kernel.transition import NoticeRequested
from workflows.kernel.draft import Draft
from workflows.kernel.lifecycle import By, Step, step

FACT: Final = "glass-broken"
REVIEW = "review-break-glass"


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """Who may open a case of a process that they do not see, for how long, and who looks at that afterwards.

    Args:
        roles: who may.
        judges: who looks at it: the first of these roles that whoever did it does not have.
        minutes: so long it is open to them.
    """

    roles: frozenset[RoleName]
    judges: tuple[RoleName, ...]
    minutes: int = 60


def break_glass_steps(stages: tuple[str, ...], judges: tuple[RoleName, ...]) -> tuple[Step, ...]:
    """Its lines of the table: a case that has ended is opened and looked at like any other."""
    return (
        step(FACT, at=stages, by=By.EVENT),
        step(REVIEW, at=stages, by=frozenset(judges)),
    )


def glass_broken(draft: Draft[Any], fact: GlassBroken) -> None:
    """Somebody else is to look at it, and hears so at once."""
    allowed = draft.process.break_glass
    others = [role for role in allowed.judges if role not in fact.roles] if allowed is not None else []
    role = others[0] if others else draft.process.office
    draft.details.update(staff_id=fact.staff_id, until=fact.until.isoformat())
    draft.open_task(REVIEW, role, whose=fact.staff_id, keep=True)
    draft.send(NoticeRequested(message=FACT, to=f"role:{role}", urgent=True))


def review(draft: Draft[Any], command: ReviewBreakGlass) -> None:
    """Nobody judges what they did themselves; what is not found right has its reason."""
    draft.require(draft.actor.id != command.staff, "own-break-glass")
    task = f"{REVIEW}:{command.staff}"
    open_tasks = draft.state.tasks
    draft.require(task in open_tasks, "unknown-task", task=task, open=", ".join(sorted(open_tasks)) or "-")
    draft.require(command.justified or command.reason_id is not None, "reason-required")
    draft.details.update(staff_id=command.staff, justified=command.justified, reason_id=command.reason_id)
    draft.close_task(task)
