"""One step in the making: the pure rules change a copy of the state and say what else follows from it.

Nothing counts until the transition is written; a refused step is a draft thrown away.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, JsonValue

from schemas.kernel.case import Actor, CaseState, Command, Task
from schemas.kernel.deadlines import CalendarPolicy, Deadline, DeadlinePolicy
from schemas.kernel.identifiers import Role
from schemas.kernel.payload import Payload
from schemas.kernel.policies import NoticePolicy, TaskPolicy
from schemas.kernel.refusals import Refusal
from schemas.kernel.transition import (
    DeadlineChanged,
    NoticeRequested,
    TaskClosed,
    TaskOpened,
    Transition,
)
from workflows.kernel import deadlines as counting
from workflows.kernel.lifecycle import Lifecycle
from workflows.kernel.working_days import Calendar, calendar_of

S = TypeVar("S", bound=CaseState)
BY_HAND = frozenset({"look-at-event", "notice-failed"})
"""Kinds of tasks that a person closes by saying so; they outlive even the end of the case."""
CLOCK_TOLERANCE = timedelta(minutes=10)
"""How far another system's clock may be ahead of ours."""
FARTHEST = timedelta(days=3 * 366)
"""How far ahead a person may set a time; a wrong century would keep a case open for ever."""
PATH_LIMIT = 50
SEEN_LIMIT = 256
"""Message ids kept in the workflow; older ones are still found by the unique index of the case log."""


@dataclass(frozen=True)
class EventKind:
    """How a fact from outside is understood: its step in the table, its data, its rule."""

    step: str
    data: type[Payload]
    apply: Callable[[Draft[Any], Any], None]
    between_cases: bool = False
    """True for what cases tell each other: no other system may say it."""


@dataclass(frozen=True)
class Process(Generic[S]):
    """A process as the kernel sees it: the table, the rules by name, and what to show."""

    name: str
    state: type[S]
    lifecycle: Lifecycle
    enter: Mapping[str, Callable[[Draft[S]], None]]
    decisions: Mapping[type[Command], Callable[[Draft[S], Any], None]]
    events: Mapping[str, EventKind]
    expiries: Mapping[str, tuple[str, Callable[[Draft[S], Deadline], None]]]
    """Deadline kind to (step, rule) when its time has passed."""
    office: Role
    """Who gets the tasks that no rule foresaw."""
    calendar: Callable[[S], CalendarPolicy]
    notices: Callable[[S], NoticePolicy]
    audience: Callable[[S, Deadline, str], bool] = lambda _state, _deadline, _who: True
    """Whether a reminder still concerns an audience."""
    facts: Callable[[S, Deadline], dict[str, JsonValue]] = lambda _state, _deadline: {}
    """Facts for the reminder's template beside the due time."""
    completed: Mapping[str, Callable[[Draft[S]], None]] = field(default_factory=dict)
    """What follows when a task of a kind is marked as done by hand."""
    answers_since: Callable[[S, str], datetime | None] = lambda _state, _step: None
    """When that began which a step answers: no fact of it can have happened before."""
    tasks: Callable[[S], TaskPolicy] = lambda _state: TaskPolicy()
    attributes: Callable[[S], dict[str, str]] = lambda _state: {}
    """Search attributes of the process's own."""

    @property
    def commands(self) -> dict[str, type[Command]]:
        """The decisions by the names of their steps."""
        return {command.step: command for command in self.decisions}


def waiting_for_whom(process: Process[Any], state: CaseState) -> tuple[str | None, datetime | None]:
    """Whose turn it is and until when: the role of the most urgent task, else the stage's own."""
    tasks = sorted(state.tasks.values(), key=lambda task: task.due_at)
    paused = {name for name, deadline in state.deadlines.items() if deadline.paused_at is not None}
    dues = [deadline.due_at for name, deadline in state.deadlines.items() if name not in paused]
    due = min(dues + [task.due_at for task in tasks if task.deadline not in paused], default=None)
    stage = process.lifecycle.stages.get(state.stage)
    who = tasks[0].role.value if tasks else stage.waits_for if stage else None
    return who, due


class Draft(Generic[S]):
    """A step on a copy of the state. `happened_at` is when the fact was true, `now` when it is applied.

    Raises:
        Refusal: the case is closed. A rejection is filed in its stage, which alone would still allow steps.
            Or `happened_at` cannot be true.
    """

    def __init__(
        self,
        process: Process[S],
        state: S,
        *,
        step: str,
        actor: Actor,
        now: datetime,
        cause: str | None = None,
        happened_at: datetime | None = None,
    ) -> None:
        if state.closed and not process.lifecycle.after_the_end(step):
            raise Refusal("case-closed", step=step, stage=state.stage)
        self.process = process
        self.state: S = copy.deepcopy(state)
        self.step = step
        self.actor = actor
        self.now = now
        self.details: dict[str, JsonValue] = {}
        self.happened_at = now
        if happened_at is not None:
            self.happened_at = self.past(happened_at)
            self.details["happened_at"] = self.happened_at.isoformat()
        self._cause = cause
        self._from_stage = state.stage
        self._opened: list[TaskOpened] = []
        self._closed: list[TaskClosed] = []
        self._reassigned: list[TaskOpened] = []
        self._deadlines: dict[str, DeadlineChanged] = {}
        self._notices: list[NoticeRequested] = []
        self._records: list[dict[str, Any]] = []

    @property
    def calendar(self) -> Calendar:
        """The calendar of the case's policy."""
        return calendar_of(self.process.calendar(self.state))

    # times that people and systems give

    def past(self, at: datetime) -> datetime:
        """A time at which something is said to have happened, within what other clocks may be wrong.

        Raises:
            Refusal: it lies in the future, before what the step answers, or years ago.
        """
        since = self.process.answers_since(self.state, self.step)
        self.require(at <= self.now + CLOCK_TOLERANCE, "in-future")
        self.require(at >= self.now - FARTHEST, "long-past")
        if since is not None:
            local = since.astimezone(self.calendar.zone)
            self.require(at >= since - CLOCK_TOLERANCE, "before-cause", since=f"{local:%Y-%m-%d %H:%M}")
            at = max(at, since)
        return min(at, self.now)

    def ahead(self, at: datetime) -> datetime:
        """A time that is set for something to come.

        Raises:
            Refusal: it is over, or further ahead than anybody plans.
        """
        local = self.now.astimezone(self.calendar.zone)
        self.require(at > self.now, "deadline-in-past", now=f"{local:%Y-%m-%d %H:%M}")
        self.require(at <= self.now + FARTHEST, "deadline-too-far", days=FARTHEST.days)
        return at

    # stages

    def goto(self, stage: str) -> None:
        """Leave the stage with its tasks and deadlines, and enter another."""
        state = self.state
        self.process.lifecycle.check_move(self.step, state.stage, stage)
        for task in [task for task in state.tasks.values() if task.stage is not None]:
            self.close_task(task.key, how="moved_on")
        for deadline in [deadline for deadline in state.deadlines.values() if deadline.stage is not None]:
            self.stop_deadline(deadline.name, how="cancelled")
        state.stage, state.stage_since = stage, self.now
        state.path = [*state.path, stage][-PATH_LIMIT:]
        if self.process.lifecycle.stages[stage].final:
            self.end(stage)
        if stage in self.process.enter:
            self.process.enter[stage](self)

    def end(self, outcome: str) -> None:
        """Close the case: nothing is left open, nothing more will fire."""
        state = self.state
        for task in [task for task in state.tasks.values() if task.kind not in BY_HAND]:
            self.close_task(task.key, how="moved_on")
        for name in list(state.deadlines):
            self.stop_deadline(name, how="cancelled")
        state.closed, state.outcome, state.outcome_by = True, outcome, self.actor.kind

    # tasks

    def open_task(
        self,
        kind: str,
        role: Role,
        *,
        whose: str | None = None,
        assignee: str | None = None,
        deadline: str | None = None,
        keep: bool = False,
    ) -> None:
        """Ask a person for something, until its deadline's due time or by the policy for its kind.

        `keep` lets it outlive the stage; `whose` tells several apart.
        """
        key = f"{kind}:{whose}" if whose else kind
        if key in self.state.tasks:
            return
        due = self.state.deadlines[deadline].due_at if deadline else self.task_due(kind)
        self.state.tasks[key] = Task(
            key=key,
            kind=kind,
            role=role,
            assignee=assignee,
            opened_at=self.now,
            due_at=due,
            deadline=deadline,
            stage=None if keep else self.state.stage,
        )
        self._opened.append(TaskOpened(key=key, kind=kind, role=role, assignee=assignee, due_at=due))

    def task_due(self, kind: str) -> datetime:
        """Until when a task without a deadline is to be done."""
        days = self.process.tasks(self.state).days_for(kind)
        return self.calendar.end_of(self.calendar.add_working_days(self.calendar.day_of(self.now), days))

    def close_task(self, key: str, how: str = "done") -> None:
        """Take a task off the list; one that is not open stays so."""
        if self.state.tasks.pop(key, None) is not None:
            self._closed.append(TaskClosed(key=key, how=how))

    def change_task(self, task: Task) -> None:
        """Note that an open task has another assignee or due time."""
        self._reassigned.append(
            TaskOpened(
                key=task.key, kind=task.kind, role=task.role, assignee=task.assignee, due_at=task.due_at
            )
        )

    # deadlines

    def start_deadline(
        self,
        kind: str,
        policy: DeadlinePolicy,
        *,
        whose: str | None = None,
        due_at: datetime | None = None,
        keep: bool = False,
    ) -> Deadline:
        """Start to count, or take a due time as given."""
        name = f"{kind}:{whose}" if whose else kind
        if due_at is None:
            deadline = counting.count(name, policy, self.now, self.calendar)
        else:
            deadline = counting.until(name, policy, self.now, due_at, self.calendar)
        deadline.expires = kind in self.process.expiries
        deadline.stage = None if keep else self.state.stage
        self.state.deadlines[name] = deadline
        self.change_deadline(deadline, "running")
        return deadline

    def stop_deadline(self, name: str, how: str = "met") -> None:
        """End a deadline; a stopped one never fires."""
        deadline = self.state.deadlines.pop(name, None)
        change = self._deadlines.get(name)
        if deadline is not None and not (change is not None and change.state == "expired"):
            self.change_deadline(deadline, how)

    def change_deadline(self, deadline: Deadline, how: str) -> None:
        """Note how a deadline now stands, and take its task's due time along."""
        self._deadlines[deadline.name] = DeadlineChanged(
            name=deadline.name, state=how, due_at=deadline.due_at, calculation=deadline.calculation
        )
        for task in self.state.tasks.values():
            if task.deadline == deadline.name and task.due_at != deadline.due_at:
                task.due_at = deadline.due_at
                self.change_task(task)

    def finish(self, kind: str) -> None:
        """What was asked for was done: its task is off the list and its deadline met."""
        self.close_task(kind)
        self.stop_deadline(kind)

    # everything else that follows

    def notify(self, message: str, to: str, **facts: JsonValue) -> None:
        """Queue a message for an audience: `applicant`, `referee`, `staff:<id>`, `role:<role>`."""
        self._notices.append(NoticeRequested(message=message, to=to, facts=facts))

    def record(self, record: BaseModel) -> None:
        """Write a row of the process's own with the transition."""
        self._records.append(record.model_dump(mode="json"))

    def require(self, holds: bool, code: str, **params: Any) -> None:
        """Refuse the step unless something holds."""
        if not holds:
            raise Refusal(code, **params)

    def transition(self) -> Transition:
        """Everything this step changes, under the next version."""
        state = self.state
        state.version += 1
        if self._cause is not None:
            state.seen[self._cause] = state.version
            while len(state.seen) > SEEN_LIMIT:
                del state.seen[next(iter(state.seen))]
        waiting_for, due_at = waiting_for_whom(self.process, state)
        return Transition(
            case_id=state.case_id,
            process=self.process.name,
            version=state.version,
            step=self.step,
            cause=self._cause,
            actor=self.actor,
            at=self.now,
            from_stage=self._from_stage,
            stage=state.stage,
            waiting_for=waiting_for,
            due_at=due_at,
            closed=state.closed,
            outcome=state.outcome,
            outcome_by=state.outcome_by,
            details=self.details,
            tasks_opened=tuple(self._opened),
            tasks_closed=tuple(self._closed),
            tasks_reassigned=tuple(self._reassigned),
            deadlines=tuple(self._deadlines.values()),
            notices=tuple(self._notices),
            state=state.model_dump(mode="json"),
            records=tuple(self._records),
        )
