"""One step in the making: the pure rules change a copy of the state and say what else follows from it.

Nothing counts until the transition is written; a refused step is a draft thrown away.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, JsonValue

from schemas.kernel.calendars import CalendarPolicy, Closure
from schemas.kernel.case import CaseState, EventEnvelope, Owed, Task
from schemas.kernel.deadlines import Deadline, DeadlinePolicy
from schemas.kernel.identifiers import OWN_SOURCE, event_type
from schemas.kernel.payload import Payload
from schemas.kernel.policies import NoticePolicy, PolicyRef, TaskPolicy
from schemas.kernel.refusals import Refusal
from schemas.kernel.transition import (
    DeadlineChanged,
    EventQueued,
    NoticeRequested,
    TaskClosed,
    TaskOpened,
    Transition,
)
from workflows.kernel import deadlines as counting
from workflows.kernel import links
from workflows.kernel.calendars import Calendar, calendar_of
from workflows.kernel.documents import Documents
from workflows.kernel.facts import Facts
from workflows.kernel.frame import Frame, LookupNeeded
from workflows.kernel.places import PlaceChanges
from workflows.kernel.quiet_hours import quiet_until
from workflows.kernel.results import Results
from workflows.kernel.state import clock_of, due_at, stored, waiting_for_whom

if TYPE_CHECKING:
    from workflows.kernel.process import Process

S = TypeVar("S", bound=CaseState)
BY_HAND = frozenset(
    {
        "look-at-event",
        "look-at-deadline",
        "notice-failed",
        "nobody-reached",
        "call-by-hand",
        "letters-misdirected",
        "undo-by-hand",
        links.CHAIN_TOO_LONG,
    }
)
"""Kinds of tasks that a person closes by saying so; they outlive even the end of the case."""
CLOCK_TOLERANCE = timedelta(minutes=10)
"""How far another system's clock may be ahead of ours."""
FARTHEST = timedelta(days=3 * 366)
"""How far ahead a person may set a time; a wrong century would keep a case open for ever."""
CLOSED_BEFORE = timedelta(days=31)
"""How long before a case was opened its clocks may have begun."""
ALWAYS = frozenset({"refuse-event", "report-notices", "deadline-refused", "undo", "undo-failed"})
"""Steps of the host's own that no table may refuse: what they record has happened."""
PATH_LIMIT = 50
_ROLE = re.compile(r"(?<=role:)[^|]+")


class Draft(Generic[S]):
    """A step on a state of its own, which it changes.

    `happened_at` is when the fact was true, `now` when it is applied.

    Raises:
        Refusal: the case is closed. A rejection is filed in its stage, which alone would still allow steps.
            Or `happened_at` cannot be true.
    """

    def __init__(self, process: Process[S], state: S, step: str, frame: Frame) -> None:
        if step not in ALWAYS:
            process.check(step, state, frame.actor)
        self.process = process
        self.state = state
        self.step = step
        self.actor = frame.actor
        self.now = frame.now
        self.details: dict[str, JsonValue] = {}
        self.happened_at = frame.now
        self._frame = frame
        if frame.happened_at is not None:
            self.happened_at = self.past(frame.happened_at)
            self.details["happened_at"] = self.happened_at.isoformat()
        self._from_stage = state.stage
        self._opened: list[TaskOpened] = []
        self._closed: list[TaskClosed] = []
        self._reassigned: list[TaskOpened] = []
        self._deadlines: dict[str, DeadlineChanged] = {}
        self._notices: list[NoticeRequested] = []
        self._events: list[EventQueued] = []
        self._records: list[dict[str, Any]] = []
        self.places = PlaceChanges(state.case_id, self.now, self.happened_at)
        self.facts = Facts(self, frame.origin)

    @property
    def documents(self) -> Documents:
        """The documents of the case."""
        return Documents(self)

    @property
    def results(self) -> Results:
        """The lists of results of the case."""
        return Results(self)

    @property
    def calendar(self) -> Calendar:
        """The calendar of the case's policy."""
        return self.calendar_called(None)

    def calendar_called(self, name: str | None) -> Calendar:
        """One of the calendars of the case's policy, as a deadline names it."""
        policy = self.state.policy
        return calendar_of(policy.calendar_called(name) if policy is not None else CalendarPolicy())

    # what only the database knows

    def look_up(self, name: str, **terms: Any) -> Any:
        """The answer of a lookup of the process; `terms` are JSON values.

        Raises:
            LookupNeeded: it has not been looked up yet. What can be checked without it is checked before.
        """
        question = LookupNeeded(name, terms)
        if question.key not in self._frame.found:
            raise question
        return self._frame.found[question.key]

    def follow_policy(self, ref: PolicyRef) -> None:
        """Follow another policy from now on.

        Raises:
            LookupNeeded: it is not known here yet.
        """
        self.state.policy_ref = ref
        self.process.attach_policy(self.state, self._frame.policies)

    def learn_closures(self) -> None:
        """Count from now on by the closures that are stored for the process."""
        since = self.calendar.day_of(self.state.opened_at or self.now) - CLOSED_BEFORE
        found = self.look_up("closures", process=self.process.name, since=since.isoformat())
        self.state.closures = tuple(Closure.model_validate(each) for each in found) or None
        self.process.attach_policy(self.state, self._frame.policies)

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
        if stage in self.process.gates:
            missing = self.process.gates[stage](state)
            self.require(not missing, "gate-shut", stage=stage, missing=", ".join(missing))
        for task in [task for task in state.tasks.values() if task.stage is not None]:
            self.close_task(task.key, how="moved_on")
        for deadline in [deadline for deadline in state.deadlines.values() if deadline.stage is not None]:
            self.stop_deadline(deadline.name, how="cancelled")
        state.stage, state.stage_since, state.take_back = stage, self.now, None
        state.path = [*state.path, stage][-PATH_LIMIT:]
        if self.process.lifecycle.stages[stage].final:
            self.end(stage)
        if stage in self.process.enter:
            self.process.enter[stage](self)

    def go_track(self, track: str, stage: str) -> None:
        """Leave a track's stage with its tasks and deadlines, and enter another."""
        state = self.state
        self.process.tracks[track].check_move(self.step, state.tracks.get(track, ""), stage)
        for task in [task for task in state.tasks.values() if task.track == track]:
            self.close_task(task.key, how="moved_on")
        for deadline in [deadline for deadline in state.deadlines.values() if deadline.track == track]:
            self.stop_deadline(deadline.name, how="cancelled")
        state.tracks[track] = stage
        self.details[track] = stage
        if (entered := f"{track}/{stage}") in self.process.enter:
            self.process.enter[entered](self)

    def end(self, outcome: str) -> None:
        """Close the case: nothing is left open, nothing more will fire, but for what outlasts it."""
        state, lasting = self.state, self.process.outlasting
        for task in [task for task in state.tasks.values() if task.kind not in BY_HAND | lasting]:
            self.close_task(task.key, how="moved_on")
        for name in [each.name for each in state.deadlines.values() if each.kind not in lasting]:
            self.stop_deadline(name, how="cancelled")
        for owed in state.owes:
            owed.due = True
        state.closed, state.outcome, state.outcome_by = True, outcome, self.actor.kind

    def reopen(self) -> None:
        """Open a case again that a step had ended which is taken back; what it owed then is for the rule."""
        state = self.state
        state.closed, state.outcome, state.outcome_by = False, None, None

    # what is given back

    def owe(self, kind: str, whose: str | None = None, **details: JsonValue) -> None:
        """Note what is to be given back if the case ends here; what is noted already is noted anew, last."""
        key = f"{kind}:{whose}" if whose else kind
        self.settle(key)
        self.state.owes.append(Owed(key=key, since=self.now, details=details))

    def settle(self, key: str) -> None:
        """What was owed has come to its proper end: there is nothing to be given back."""
        self.state.owes = [each for each in self.state.owes if each.key != key]

    def undo(self, *keys: str) -> None:
        """Have some of what the case owes given back, last first, each in a step of its own; none: all."""
        for owed in self.state.owes:
            if not keys or owed.key in keys or owed.kind in keys:
                owed.due = True

    # tasks

    def open_task(
        self,
        kind: str,
        role: str,
        *,
        whose: str | None = None,
        assignee: str | None = None,
        deadline: str | None = None,
        due_at: datetime | None = None,
        keep: bool = False,
        track: str | None = None,
    ) -> None:
        """Ask a person for something, until its deadline is due, a given time, or by the policy for its kind.

        `keep` lets it outlive the stage; with `track` it ends with that track's stage; `whose` tells several
        apart.
        """
        key = f"{kind}:{whose}" if whose else kind
        if key in self.state.tasks:
            return
        role = self.process.role_here(self.state, role)
        due = self.state.deadlines[deadline].due_at if deadline else due_at or self.task_due(kind)
        self.state.tasks[key] = Task(
            key=key,
            kind=kind,
            role=role,
            assignee=assignee,
            opened_at=self.now,
            due_at=due,
            deadline=deadline,
            stage=None if keep or track else self.state.stage,
            track=track,
        )
        self._opened.append(TaskOpened(key=key, kind=kind, role=role, assignee=assignee, due_at=due))

    def task_due(self, kind: str) -> datetime:
        """Until when a task without a deadline is to be done."""
        policy = self.state.policy
        days = (policy.tasks if policy is not None else TaskPolicy()).days_for(kind)
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

    def ask_other_roles(self) -> None:
        """Let each open task be asked of the role that has it in the case as it now stands."""
        for task in self.state.tasks.values():
            role = self.process.role_here(self.state, task.role)
            if role != task.role:
                task.role, task.assignee = role, None
                self.change_task(task)

    # deadlines

    def start_deadline(
        self,
        kind: str,
        policy: DeadlinePolicy,
        *,
        whose: str | None = None,
        due_at: datetime | None = None,
        since: datetime | None = None,
        keep: bool = False,
        track: str | None = None,
    ) -> Deadline:
        """Start to count, from now or since an earlier moment, or take a due time as given.

        With `track` it ends with that track's stage.
        """
        name = f"{kind}:{whose}" if whose else kind
        calendar = self.calendar_called(policy.calendar)
        if due_at is None:
            deadline = counting.count(name, policy, since or self.now, calendar)
        else:
            deadline = counting.until(name, policy, self.now, due_at, calendar)
        deadline.expires = kind in self.process.expiries
        deadline.stage = None if keep or track else self.state.stage
        deadline.track = track
        self.state.deadlines[name] = deadline
        self.change_deadline(deadline, "running")
        return deadline

    def restart_deadline(self, name: str, policy: DeadlinePolicy, since: datetime | None = None) -> None:
        """Let a running or paused deadline be counted by a stricter policy, if that ends earlier.

        It counts from now, or since an earlier moment.
        """
        was = self.state.deadlines[name]
        calendars = self.calendar_called(was.calendar), self.calendar_called(policy.calendar)
        deadline = counting.restart(was, policy, since or self.now, *calendars)
        self.state.deadlines[name] = deadline
        self.change_deadline(deadline, "running" if deadline.paused_at is None else "paused")

    def recount_deadlines(self) -> None:
        """Count all that runs once more, as the calendars now are: nothing ends later than was promised."""
        for deadline in self.state.deadlines.values():
            if counting.recount(deadline, self.now, self.calendar_called(deadline.calendar)):
                self.change_deadline(deadline, "running" if deadline.paused_at is None else "paused")

    def stop_deadline(self, name: str, how: str = "met") -> None:
        """End a deadline; a stopped one never fires."""
        deadline = self.state.deadlines.pop(name, None)
        change = self._deadlines.get(name)
        if deadline is not None and not (change is not None and change.state == "expired"):
            self.change_deadline(deadline, how)

    def change_deadline(self, deadline: Deadline, how: str) -> None:
        """Note how a deadline now stands, and take its task's due time along."""
        self._deadlines[deadline.name] = DeadlineChanged(
            name=deadline.name, state=how, due_at=deadline.due_at, clock=clock_of(deadline)
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
        """Queue a mail for an audience: a kind of reader of the process, `staff:<id>`, `role:<role>`."""
        self.send(NoticeRequested(message=message, to=to, facts=facts))

    def send(self, notice: NoticeRequested) -> None:
        """Queue a message by whatever channel it names."""
        policy = self.state.policy.notices if self.state.policy is not None else NoticePolicy()
        held_until = None if notice.urgent else quiet_until(policy, self.now)
        once_on = self.calendar.day_of(held_until or self.now) if notice.once_a_day else None
        to = self.audience_here(notice.to)
        self._notices.append(
            notice.model_copy(update={"to": to, "held_until": held_until, "once_on": once_on})
        )

    def audience_here(self, to: str) -> str:
        """An audience with the roles that the case as it stands means by it."""
        return _ROLE.sub(lambda role: self.process.role_here(self.state, role[0]), to)

    def tell(self, case_id: str, fact: str, data: Payload) -> None:
        """Tell another case of the process a fact, which is stored with this step or not at all."""
        told = EventEnvelope(
            id=f"{self.state.case_id}/{self.state.version + 1}/{len(self._events)}",
            source=OWN_SOURCE,
            type=event_type(self.process.name, fact),
            occurred_at=self.happened_at,
            received_at=self.now,
            data=data.model_dump(mode="json"),
        )
        self._events.append(EventQueued(case_id=case_id, envelope=told))

    def record(self, record: BaseModel) -> None:
        """Write a row of the process's own with the step; its `kind` names the function that does."""
        self._records.append(record.model_dump(mode="json"))

    def require(self, holds: bool, code: str, **params: Any) -> None:
        """Refuse the step unless something holds."""
        if not holds:
            raise Refusal(code, **params)

    def transition(self) -> Transition:
        """Everything this step changes, under the next version."""
        state = self.state
        state.version += 1
        return Transition(
            case_id=state.case_id,
            process=self.process.name,
            version=state.version,
            step=self.step,
            cause=self._frame.cause,
            actor=self.actor,
            at=self.now,
            from_stage=self._from_stage,
            stage=state.stage,
            waiting_for=waiting_for_whom(self.process, state),
            due_at=due_at(state),
            closed=state.closed,
            outcome=state.outcome,
            outcome_by=state.outcome_by,
            details=self.details,
            tasks_opened=tuple(self._opened),
            tasks_closed=tuple(self._closed),
            tasks_reassigned=tuple(self._reassigned),
            deadlines=tuple(self._deadlines.values()),
            notices=tuple(self._notices),
            events=tuple(self._events),
            places=tuple(self.places.made),
            facts=tuple(self.facts.told),
            state=stored(state),
            records=tuple(self._records),
        )
