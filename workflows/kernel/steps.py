"""Steps that every process has: tasks handed on, deadlines moved, reminders, events that fit nowhere."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from pydantic import JsonValue

from schemas.kernel.case import (
    Acknowledge,
    CancelDeadline,
    CaseState,
    Command,
    CompleteTask,
    DeEscalate,
    Escalate,
    KernelCommand,
    MoveDeadline,
    PauseDeadline,
    ReassignTask,
    RefusedEvent,
    ResumeDeadline,
    Task,
)
from schemas.kernel.deadlines import Deadline, Rung
from schemas.kernel.identifiers import MAIL
from schemas.kernel.refusals import Refusal
from schemas.kernel.transition import NoticeRequested, Undelivered
from workflows.kernel import deadlines as counting
from workflows.kernel import ladders, undo
from workflows.kernel.draft import BY_HAND, Draft
from workflows.kernel.lifecycle import By, Step, step

if TYPE_CHECKING:
    from workflows.kernel.process import Process

S = TypeVar("S", bound=CaseState)


ASSIGNEE = "assignee"
"""The audience of a deadline's task, and why they hear of it."""
LOOK_AT_DEADLINE = "look-at-deadline"
NOBODY_REACHED = "nobody-reached"
CALL_BY_HAND = "call-by-hand"
LOOK_AT_MOST = 20
"""Open tasks of one kind about messages of one case."""


def common_steps(
    stages: tuple[str, ...], living: tuple[str, ...], office: frozenset[str]
) -> tuple[Step, ...]:
    """The lines of the table that every process has: some in the `living` stages, some in all.

    A message may fail and an event may come after the last stage was reached; a person still sees it.
    """
    return (
        step(ReassignTask.step, at=living, by=office),
        step(CompleteTask.step, at=stages, by=office),
        step(MoveDeadline.step, at=living, by=office),
        step(PauseDeadline.step, at=living, by=office),
        step(ResumeDeadline.step, at=living, by=office),
        step(CancelDeadline.step, at=living, by=office),
        step("remind", at=living, by=By.CLOCK),
        step("refuse-event", at=stages, by=By.SYSTEM),
        step("report-notices", at=stages, by=By.SYSTEM),
        step("deadline-refused", at=living, by=By.CLOCK),
    )


def reassign_task(draft: Draft[Any], command: ReassignTask) -> None:
    """Hand a task on; the reminders follow the assignee."""
    task = _task(draft, command.task)
    # what only that person can do is not handed on: the process asks another
    draft.require(not task.personal, "task-personal", task=command.task)
    task.assignee = command.assignee
    keep_reason(draft, command)
    draft.change_task(task)


def complete_task(draft: Draft[Any], command: CompleteTask) -> None:
    """Close a task that no other step closes."""
    task = _task(draft, command.task)
    by_hand = task.kind in BY_HAND or task.kind in draft.process.completed
    draft.require(by_hand, "task-not-completable", task=command.task)
    keep_reason(draft, command)
    draft.close_task(task.key)
    if task.kind == undo.UNDO_BY_HAND:
        undo.done_by_hand(draft, task.key)
    if task.kind in draft.process.completed:
        draft.process.completed[task.kind](draft)


def move_deadline(draft: Draft[Any], command: MoveDeadline) -> None:
    """Another due time, not in the past."""
    deadline = _deadline(draft, command.deadline)
    draft.require(deadline.paused_at is None, "deadline-paused", deadline=deadline.name)
    due_at = draft.ahead(command.due_at)
    keep_reason(draft, command)
    draft.details["due_at"] = due_at.isoformat()
    counting.move(deadline, due_at, draft.now, draft.calendar_called(deadline.calendar))
    # one that had passed runs again, with its consequence
    deadline.expires = deadline.kind in draft.process.expiries
    draft.change_deadline(deadline, "running")


def pause_deadline(draft: Draft[Any], command: PauseDeadline) -> None:
    """Stop the clock of a deadline."""
    deadline = _deadline(draft, command.deadline)
    draft.require(deadline.paused_at is None, "deadline-paused", deadline=deadline.name)
    keep_reason(draft, command)
    counting.pause(deadline, draft.now, draft.calendar_called(deadline.calendar))
    draft.change_deadline(deadline, "paused")


def resume_deadline(draft: Draft[Any], command: ResumeDeadline) -> None:
    """Let it run again with what was left."""
    deadline = _deadline(draft, command.deadline)
    draft.require(deadline.paused_at is not None, "deadline-not-paused", deadline=deadline.name)
    keep_reason(draft, command)
    counting.resume(deadline, draft.now, draft.calendar_called(deadline.calendar))
    draft.change_deadline(deadline, "running")


def cancel_deadline(draft: Draft[Any], command: CancelDeadline) -> None:
    """End a deadline without its consequence."""
    deadline = _deadline(draft, command.deadline)
    keep_reason(draft, command)
    for task in draft.state.tasks.values():
        if task.deadline == deadline.name:
            # no longer by a promise, still by the policy
            task.deadline, task.due_at = None, draft.task_due(task.kind)
            draft.change_task(task)
    draft.stop_deadline(deadline.name, how="cancelled")


COMMON_DECISIONS: dict[type[Command], Callable[[Draft[Any], Any], None]] = {
    ReassignTask: reassign_task,
    CompleteTask: complete_task,
    MoveDeadline: move_deadline,
    PauseDeadline: pause_deadline,
    ResumeDeadline: resume_deadline,
    CancelDeadline: cancel_deadline,
}


def expire(draft: Draft[S], name: str) -> None:
    """What a passed deadline leads to; afterwards it reminds at most."""
    deadline = draft.state.deadlines[name]
    deadline.expires = False
    draft.change_deadline(deadline, "expired")
    _, rule = draft.process.expiries[deadline.kind]
    rule(draft, deadline)


def remind(draft: Draft[S], name: str) -> None:
    """Tell what is due of a deadline's ladder, to those whom it still concerns."""
    deadline = draft.state.deadlines[name]
    calendar = draft.calendar_called(deadline.calendar)
    overdue = (draft.calendar.day_of(draft.now) - draft.calendar.day_of(deadline.due_at)).days
    facts: dict[str, JsonValue] = {"due_at": deadline.due_at.isoformat(), "overdue_days": max(overdue, 0)}
    facts |= draft.process.facts(draft.state, deadline)
    told = ladders.fire(deadline, draft.now, calendar)
    for rung in dict.fromkeys(rung.key for rung, _ in told):
        _tell(draft, deadline, [(each, who) for each, who in told if each.key == rung], facts)


def _tell(
    draft: Draft[S], deadline: Deadline, told: list[tuple[Rung, str]], facts: dict[str, JsonValue]
) -> None:
    rung = told[0][0]
    asked = list[str]()
    for _, audience in told:
        why = ASSIGNEE if audience == ASSIGNEE else None
        if not draft.process.audience(draft.state, deadline, audience):
            continue
        to = [draft.audience_here(_address(draft.process, draft.state, deadline, audience))]
        if rung.asks:
            # who is asked is part of what the case knows: only they can answer
            terms = {"case_id": draft.state.case_id, "audience": to[0], "at": draft.now.isoformat()}
            asked += [each for each in draft.look_up("staff-of", **terms) if each not in asked]
            to, why = [f"staff:{each}" for each in asked], "rung"
        for each in dict.fromkeys(to):
            for channel in rung.channels:
                draft.send(
                    NoticeRequested(
                        message=rung.message,
                        to=each,
                        channel=channel,
                        urgent=rung.urgent,
                        why=why,
                        once_a_day=rung.once_a_day,
                        facts=facts,
                    )
                )
            draft.details[f"{rung.key}>{each}"] = deadline.name
    if rung.asks and not asked:
        draft.details[f"{rung.key}>nobody"] = deadline.name
        _nobody_there(draft, deadline, rung)
    rung.asked = tuple(dict.fromkeys((*rung.asked, *asked)))
    if asked:
        draft.process.asked(draft, deadline, rung, asked)


def _nobody_there(draft: Draft[Any], deadline: Deadline, rung: Rung) -> None:
    ladders.pass_over(deadline, rung, draft.now, draft.calendar_called(deadline.calendar))
    asking = [each for each in deadline.rungs if each.asks]
    if rung is asking[-1] and not any(each.asked for each in asking):
        draft.open_task(NOBODY_REACHED, draft.process.office, whose=deadline.name, keep=True)


def acknowledge(draft: Draft[Any], command: Acknowledge) -> None:
    """Who was asked says to look after it: nobody further up is asked so long as that holds."""
    acknowledged_by(draft, command.deadline, draft.actor.id)


def acknowledged_by(draft: Draft[Any], name: str, who: str) -> None:
    """The same, of whom another system has proven to have said so."""
    deadline = asked_there(draft, name, who)
    held = ladders.acknowledge(deadline, who, draft.now, draft.calendar_called(deadline.calendar))
    draft.details["until"] = held.until.isoformat() if held.until is not None else None
    draft.change_deadline(deadline, "running")


def asked_there(draft: Draft[Any], name: str, who: str) -> Deadline:
    """The deadline whose ladder has asked somebody.

    Raises:
        Refusal: there is none of that name, or it has not asked them.
    """
    deadline = _deadline(draft, name)
    asked = {each for rung in deadline.rungs for each in rung.asked}
    draft.require(who in asked, "not-asked-here", deadline=deadline.name)
    return deadline


def escalate(draft: Draft[Any], command: Escalate) -> None:
    """The next rung is told at once."""
    deadline = _deadline(draft, command.deadline)
    keep_reason(draft, command)
    rung = ladders.climb(deadline, draft.now)
    if rung is None:
        raise Refusal("nobody-above", deadline=deadline.name)
    draft.details["rung"] = rung.key


def de_escalate(draft: Draft[Any], command: DeEscalate) -> None:
    """Who was asked last gives it back to the first rung."""
    deadline = _deadline(draft, command.deadline)
    keep_reason(draft, command)
    reached = [rung for rung in deadline.rungs if rung.asked and rung.told]
    draft.require(bool(reached), "not-asked-here", deadline=deadline.name)
    draft.require(draft.actor.id in reached[-1].asked, "rung-higher", rung=reached[-1].key)
    ladders.descend(deadline, draft.now)
    draft.details["rung"] = reached[-1].key


LADDER_DECISIONS: dict[type[Command], Callable[[Draft[Any], Any], None]] = {
    Acknowledge: acknowledge,
    Escalate: escalate,
    DeEscalate: de_escalate,
}
"""Of a process whose ladders ask; their lines of the table are its own: it knows whom its rungs mean."""


def refuse_event(draft: Draft[Any], refused: RefusedEvent) -> None:
    """Keep what could not be used, and let a person look at it."""
    draft.details.update(event=refused.event_id, code=refused.code)
    if not refused.handed_back and _may_ask(draft, "look-at-event"):
        draft.open_task("look-at-event", draft.process.office, whose=str(draft.state.version + 1), keep=True)


def deadline_refused(draft: Draft[Any], name: str, code: str) -> None:
    """What the clock was to do does not fit the case as it is: the deadline ends, and a person is asked."""
    deadline = draft.state.deadlines[name]
    deadline.expires = False
    ladders.silence(deadline)
    draft.details.update(deadline=name, code=code)
    draft.stop_deadline(name, how="expired")
    draft.open_task(LOOK_AT_DEADLINE, draft.process.office, whose=name, keep=True)


def report_notices(draft: Draft[Any], failed: dict[str, Undelivered]) -> None:
    """Messages that reached nobody become a task: a person telephones or corrects the address."""
    for notice, each in sorted(failed.items()):
        draft.details[notice[:12]] = each.reason if each.channel == MAIL else f"{each.channel}/{each.reason}"
    by_hand = _call_by_hand(draft, failed)
    if failed.keys() - by_hand and _may_ask(draft, "notice-failed"):
        draft.open_task("notice-failed", draft.process.office, whose=str(draft.state.version + 1), keep=True)


def _call_by_hand(draft: Draft[Any], failed: dict[str, Undelivered]) -> set[str]:
    """Those of the notices that were urgent and were their reader's last: undeliverable is unanswered."""
    staff = sorted(notice for notice, each in failed.items() if (each.to or "").startswith("staff:"))
    if draft.process.calls is None or not staff:
        return set()
    unreached = set(draft.look_up("unreached", notices=staff))
    not_reached(draft, [(failed[notice].to or "").partition(":")[2] for notice in sorted(unreached)])
    return unreached


def not_reached(draft: Draft[Any], people: Collection[str]) -> None:
    """Whom nothing urgent reaches is telephoned, and passed over by the ladders that have asked them."""
    if draft.process.calls is None or not people:
        return
    for who in people:
        draft.open_task(CALL_BY_HAND, draft.process.calls, whose=who, keep=True)
    calls = [key.partition(":")[2] for key, task in draft.state.tasks.items() if task.kind == CALL_BY_HAND]
    for deadline in draft.state.deadlines.values():
        calendar = draft.calendar_called(deadline.calendar)
        if (rung := ladders.unreached(deadline, calls, draft.now, calendar)) is not None:
            draft.details[f"{rung.key}>unreached"] = deadline.name
            draft.change_deadline(deadline, "running")


def _may_ask(draft: Draft[Any], kind: str) -> bool:
    # a sender gone wild must not fill the list, nor the state: the log keeps each of them anyway
    open_ones = [task for task in draft.state.tasks.values() if task.kind == kind]
    return len(open_ones) < LOOK_AT_MOST


def _address(process: Process[Any], state: CaseState, deadline: Deadline, audience: str) -> str:
    if audience in process.audiences:
        return process.audiences[audience](state)
    if audience != ASSIGNEE:
        return audience
    task = next((task for task in state.tasks.values() if task.deadline == deadline.name), None)
    if task is None:
        return f"staff:{deadline.name.partition(':')[2]}"
    if task.assignee is None:
        return f"role:{task.role}"
    # what only that person can do, and what a person's own deadline asks for, is nobody else's
    if task.personal or deadline.name != deadline.kind:
        return f"staff:{task.assignee}"
    return f"staff:{task.assignee}|role:{task.role}"


def keep_reason(draft: Draft[Any], command: KernelCommand) -> None:
    """Let the log refer to the words of a decision."""
    if command.reason_id is None:
        return
    try:
        draft.details["reason_id"] = str(UUID(command.reason_id))
    except ValueError:
        raise Refusal("unknown-text") from None


def _task(draft: Draft[Any], key: str) -> Task:
    open_tasks = draft.state.tasks
    draft.require(key in open_tasks, "unknown-task", task=key, open=", ".join(sorted(open_tasks)) or "-")
    task: Task = open_tasks[key]
    return task


def _deadline(draft: Draft[Any], name: str) -> Deadline:
    running = draft.state.deadlines
    draft.details["deadline"] = name
    if name not in running:
        raise Refusal("unknown-deadline", deadline=name, open=", ".join(sorted(running)) or "-")
    deadline: Deadline = running[name]
    return deadline
