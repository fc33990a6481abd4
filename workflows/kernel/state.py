"""What the host reads of any case's state: whose turn it is, what is due next, what a step has changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from schemas.kernel.case import CaseState, Owed
from schemas.kernel.deadlines import Deadline
from workflows.kernel import deadlines as counting

if TYPE_CHECKING:
    from workflows.kernel.process import Process


def stored(state: CaseState) -> dict[str, Any]:
    """A state as it is stored and recorded: JSON values, without what is not set."""
    return state.model_dump(mode="json", exclude_none=True)


def clock_of(deadline: Deadline) -> dict[str, Any]:
    """What tells how its due time came about, of a deadline: JSON values, without whom it tells."""
    told = deadline.model_dump(mode="json", exclude_none=True, exclude={"name", "rungs", "expires", "stage"})
    return {name: value for name, value in told.items() if value not in (False, 0)}


def waiting_for_whom(process: Process[Any], state: CaseState) -> str | None:
    """Whose turn it is: the role of the most urgent task, else the stage's own.

    Where a track has something that is due, whoever a stage waits for counts by that, the most urgent of all.
    """
    stage = process.lifecycle.stages.get(state.stage)
    turns = [(task.due_at, 0, task.role) for task in state.tasks.values()]
    running = [each for each in state.deadlines.values() if each.paused_at is None]
    if any(each.track for each in running):
        for each in running:
            table = process.tracks[each.track] if each.track else process.lifecycle
            at = state.tracks.get(each.track, "") if each.track else each.stage
            info = table.stages.get(at or "")
            if info is not None and info.waits_for is not None:
                turns.append((each.due_at, 1, info.waits_for))
    if turns:
        return min(turns)[2]
    return stage.waits_for if stage else None


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


def next_undo(state: CaseState) -> tuple[datetime | None, Owed] | None:
    """What is to be undone next, and when: last first; what was tried in vain waits and holds up nothing."""
    due = [each for each in reversed(state.owes) if each.due and not each.by_hand]
    at_once = next((each for each in due if each.next_at is None), None)
    if at_once is not None:
        return None, at_once
    later = min(due, key=lambda each: each.next_at or each.since, default=None)
    return (later.next_at, later) if later is not None else None


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
