"""Taking a decision back as a step of its own: by a rule of each decision, and with a second person.

Nothing is restored: the process says for each decision that may be taken back how the case becomes what it
was and what goes out to put it right. Its letters that have not left are withdrawn by the host. What has had
an effect outside is only proposed; another person confirms it, and it falls when the case moves on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.kernel.case import Command, KernelCommand, Proposal
from schemas.kernel.deadlines import Deadline, DeadlinePolicy
from schemas.kernel.identifiers import RoleName
from schemas.kernel.refusals import Refusal
from schemas.kernel.taking_back import (
    ConfirmTakeBack,
    NoticesWithdrawn,
    RefuseTakeBack,
    StepTaken,
    TakeBack,
)
from workflows.kernel.draft import Draft
from workflows.kernel.lifecycle import By, Step, step
from workflows.kernel.steps import keep_reason

PROPOSED = "take-back"
"""The deadline of a proposal; its task is the one below."""
CONFIRM = "confirm-take-back"
DROP: Final = "drop-take-back"
DAYS: Final = 3
"""Working days within which another person answers; then the proposal falls, and the decision stands."""
HARMLESS: Final = frozenset(
    {
        *("remind", "refuse-event", "report-notices", "deadline-refused", "undo", "undo-failed"),
        *("reassign-task", "complete-task", "move-deadline", "pause-deadline", "resume-deadline"),
        *("cancel-deadline", "acknowledge", "escalate", "de-escalate", "correct-data", "review-break-glass"),
        *("glass-broken", "take-back", "confirm-take-back", "refuse-take-back", DROP),
    }
)
"""Steps of the host's that may have come since: nothing follows in the case from what they found."""


def _nothing(_draft: Draft[Any], _taken: StepTaken) -> None:
    """Nothing beside what the host checks."""


@dataclass(frozen=True)
class TakesBack:
    """How a decision is taken back, by the name of its step in `Process.takes_back`."""

    apply: Callable[[Draft[Any], StepTaken], None]
    """Lets the case become what it was, and owes what puts it right; where it was elsewhere, goes there."""
    by: Collection[RoleName]
    """Who takes it back, or proposes to."""
    confirms: Collection[RoleName]
    """Who confirms what has had an effect outside: another person."""
    back: Mapping[str, Collection[str]]
    """By stage in which it may be taken back: where that leads; empty: the case stays where it is."""
    past: frozenset[str] = frozenset()
    """Steps that may have come since, which `apply` takes back with it; beside those of the host."""
    check: Callable[[Draft[Any], StepTaken], None] = field(default=_nothing)
    """Refuses where it is too late, saying what to do instead."""
    outside: Callable[[StepTaken], bool] = lambda _taken: False
    """Whether it had another effect outside than letters, facts and places: the host sees these."""
    letter: tuple[str, str] | None = None
    """The message that puts right what has left, and to whom."""


def take_back_steps(
    takes_back: Mapping[str, TakesBack], tracks: Mapping[str, Collection[str]] | None = None
) -> tuple[Step, ...]:
    """The lines of the table for what may be taken back; `tracks` is for the table of a track.

    There the steps are possible in each of its stages, and lead where the mapping says.
    """
    if tracks is not None:
        who = frozenset(role for each in takes_back.values() for role in (*each.by, *each.confirms))
        return tuple(
            step(name, at=[at], by=who, to=to)
            for name in (TakeBack.step, ConfirmTakeBack.step)
            for at, to in tracks.items()
        )
    return tuple(
        line
        for each in takes_back.values()
        for at, to in each.back.items()
        for line in (
            step(TakeBack.step, at=[at], by=each.by, to=to),
            step(ConfirmTakeBack.step, at=[at], by=each.confirms, to=to),
            step(RefuseTakeBack.step, at=[at], by=each.confirms),
            step(DROP, at=[at], by=By.CLOCK),
        )
    )


def take_back(draft: Draft[Any], command: TakeBack) -> None:
    """At once where only the case and the staff have seen it; else it becomes a proposal."""
    reason_id = _reason(draft, command)
    draft.require(draft.state.take_back is None, "take-back-open")
    kind, taken = _looked_up(draft, command.taken)
    _require_role(draft, kind.by)
    draft.details.update(taken=taken.version, taken_step=taken.step)
    if not (taken.outside or kind.outside(taken)):
        _apply(draft, kind, taken)
        return
    draft.details["proposed"] = True
    draft.state.take_back = Proposal(
        version=taken.version, step=taken.step, by=draft.actor.id, reason_id=reason_id
    )
    draft.start_deadline(PROPOSED, DeadlinePolicy(days=DAYS))
    draft.open_task(CONFIRM, next(iter(kind.confirms)), deadline=PROPOSED)


def confirm_take_back(draft: Draft[Any], command: ConfirmTakeBack) -> None:
    """Another person says yes, while the case still stands where it was proposed."""
    proposal, kind = _proposal(draft)
    keep_reason(draft, command)
    found, taken = _looked_up(draft, proposal.version)
    _settle(draft)
    draft.details.update(taken=taken.version, taken_step=taken.step, proposed_by=proposal.by)
    _require_role(draft, kind.confirms)
    _apply(draft, found, taken)


def refuse_take_back(draft: Draft[Any], command: RefuseTakeBack) -> None:
    """Another person says no, and why: the decision stands."""
    _reason(draft, command)
    proposal, kind = _proposal(draft)
    _require_role(draft, kind.confirms)
    draft.details.update(taken=proposal.version, taken_step=proposal.step, proposed_by=proposal.by)
    _settle(draft)


def drop_take_back(draft: Draft[Any], _deadline: Deadline) -> None:
    """Nobody has answered in time: the decision stands."""
    proposal = draft.state.take_back
    if proposal is not None:
        draft.details.update(taken=proposal.version, taken_step=proposal.step)
    _settle(draft)


def _looked_up(draft: Draft[Any], version: int) -> tuple[TakesBack, StepTaken]:
    found = draft.look_up("step-taken", case_id=draft.state.case_id, version=version)
    draft.require(found is not None, "no-such-step", version=version)
    taken = StepTaken.model_validate(found)
    known = draft.process.takes_back
    draft.require(
        taken.step in known, "not-taken-back", step=taken.step, known=", ".join(sorted(known)) or "-"
    )
    kind: TakesBack = known[taken.step]
    later = [name for name in taken.later if name not in HARMLESS | kind.past]
    overtaken = later or taken.stage != draft.state.stage or draft.state.stage not in kind.back
    if overtaken:
        told = ", ".join(dict.fromkeys(later)) or draft.state.stage
        raise Refusal("take-back-overtaken", step=taken.step, later=told)
    kind.check(draft, taken)
    return kind, taken


def _apply(draft: Draft[Any], kind: TakesBack, taken: StepTaken) -> None:
    # before anything of this step is queued: a letter that has left between is waited for by the database
    draft.record(NoticesWithdrawn(version=taken.version))
    kind.apply(draft, taken)
    if kind.letter is not None and taken.letters:
        draft.notify(*kind.letter)


def _proposal(draft: Draft[Any]) -> tuple[Proposal, TakesBack]:
    proposal: Proposal | None = draft.state.take_back
    if proposal is None or proposal.step not in draft.process.takes_back:
        raise Refusal("no-take-back")
    draft.require(draft.actor.id != proposal.by, "own-take-back")
    return proposal, draft.process.takes_back[proposal.step]


def _settle(draft: Draft[Any]) -> None:
    draft.state.take_back = None
    draft.finish(PROPOSED)
    draft.close_task(CONFIRM)


def _require_role(draft: Draft[Any], roles: Collection[RoleName]) -> None:
    if not set(roles) & set(draft.actor.roles):
        held = ", ".join(sorted(draft.actor.roles)) or "-"
        raise Refusal("role-missing", step=draft.step, roles=", ".join(sorted(roles)), held=held)


def _reason(draft: Draft[Any], command: KernelCommand) -> str:
    if command.reason_id is None:
        raise Refusal("reason-required", step=command.step)
    keep_reason(draft, command)
    return command.reason_id


TAKE_BACK_DECISIONS: Final[dict[type[Command], Callable[[Draft[Any], Any], None]]] = {
    TakeBack: take_back,
    ConfirmTakeBack: confirm_take_back,
    RefuseTakeBack: refuse_take_back,
}
TAKE_BACK_EXPIRIES: Final[dict[str, tuple[str, Callable[[Draft[Any], Deadline], None]]]] = {
    PROPOSED: (DROP, drop_take_back)
}
"""Of a process with decisions that may be taken back."""
STEPS: Final = frozenset({TakeBack.step, ConfirmTakeBack.step})
"""Steps by which a stage may be entered again: what it tells at its first entering is not told again."""
