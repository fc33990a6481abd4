"""What the host reads of any case's state: whose turn it is, what is due next, what a step has changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from schemas.kernel.case import CaseState
from schemas.kernel.deadlines import Deadline
from workflows.kernel import deadlines as counting
from workflows.kernel.lifecycle import Lifecycle


def stored(state: CaseState) -> dict[str, Any]:
    """A state as it is stored and recorded: JSON values, without what is not set."""
    return state.model_dump(mode="json", exclude_none=True)


def clock_of(deadline: Deadline) -> dict[str, Any]:
    """What tells how its due time came about, of a deadline: JSON values, without whom it tells."""
    told = deadline.model_dump(mode="json", exclude_none=True, exclude={"name", "rungs", "expires", "stage"})
    return {name: value for name, value in told.items() if value not in (False, 0)}


def waiting_for_whom(lifecycle: Lifecycle, state: CaseState) -> str | None:
    """Whose turn it is: the role of the most urgent task, else the stage's own."""
    task = min(state.tasks.values(), key=lambda task: task.due_at, default=None)
    stage = lifecycle.stages.get(state.stage)
    return task.role if task else stage.waits_for if stage else None


def due_at(state: CaseState) -> datetime | None:
    """Until when the next of its tasks and running deadlines is due."""
    paused = {name for name, deadline in state.deadlines.items() if deadline.paused_at is not None}
    dues = [deadline.due_at for name, deadline in state.deadlines.items() if name not in paused]
    tasks = [task.due_at for task in state.tasks.values() if task.deadline not in paused]
    return min(dues + tasks, default=None)


def next_alarm(state: CaseState) -> tuple[datetime, str] | None:
    """The moment at which the clock has to do something next, and for which deadline."""
    moments = [
        (moment, deadline.name)
        for deadline in state.deadlines.values()
        if (moment := counting.next_moment(deadline)) is not None
    ]
    return min(moments, default=None)


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What turns one JSON object into another, as a merge patch (RFC 7396): None takes a member away."""
    patch: dict[str, Any] = dict.fromkeys(before.keys() - after.keys())
    for name, value in after.items():
        old = before.get(name)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            if inner := difference(old, value):
                patch[name] = inner
        elif name not in before or old != value:
            patch[name] = value
    return patch


def patched(before: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object after a merge patch; the object itself is left as it was."""
    after = dict(before)
    for name, value in patch.items():
        if value is None:
            after.pop(name, None)
        elif isinstance(value, Mapping):
            old = after.get(name)
            after[name] = patched(old if isinstance(old, Mapping) else {}, value)
        else:
            after[name] = value
    return after
