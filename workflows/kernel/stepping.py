"""From a message to the step it leads to: pure, to run where a step is written and where it is checked."""

from datetime import datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from schemas.kernel.case import CLOCK, Actor, ActorKind, CaseState, Command, EventEnvelope, Owed, RefusedEvent
from schemas.kernel.identifiers import OWN_SOURCE, event_type
from schemas.kernel.refusals import Refusal
from schemas.kernel.transition import Undelivered
from workflows.kernel import deadlines as counting
from workflows.kernel import steps, undo
from workflows.kernel.draft import Draft
from workflows.kernel.frame import Frame
from workflows.kernel.process import EventKind, FollowUp, Process
from workflows.kernel.state import next_alarm, next_undo

S = TypeVar("S", bound=CaseState)
_NUL = "\\u0000"
"""The one character, as JSON writes it, that PostgreSQL cannot store."""


def opened(process: Process[S], state: S, frame: Frame) -> Draft[S]:
    """The first step."""
    draft = Draft(process, state, "open", frame)
    draft.state.opened_at = frame.now
    process.open(draft)
    return draft


def decided(process: Process[S], command: Command, state: S, frame: Frame) -> Draft[S]:
    """A person's decision.

    Raises:
        Refusal: it does not fit the case as it is.
        LookupNeeded: what is left to be checked only the database knows.
    """
    if _NUL in command.model_dump_json():
        raise Refusal("invalid-message", faults="NUL")
    if command.case_version is not None and command.case_version != state.version:
        raise Refusal("stale-version", seen=command.case_version, current=state.version)
    draft = Draft(process, state, command.step, _by(frame, command))
    process.decisions[type(command)](draft, command)
    return draft


def _by(frame: Frame, command: Command) -> Frame:
    return frame.with_cause(command.actor, command.cause, command.happened_at)


def told(process: Process[S], event: EventEnvelope, state: S, frame: Frame) -> Draft[S]:
    """A fact of another system.

    Raises:
        Refusal: the case cannot use it.
        LookupNeeded: as for `decided`.
    """
    kind = event_kind(process, event)
    if is_from_afar(process, event) and state.closed:
        raise Refusal("case-closed", step=kind.step, stage=state.stage)
    try:
        fact = None if kind.starts else kind.data.model_validate(event.data)
    except ValidationError:
        raise Refusal("invalid-message", faults=event.type) from None
    actor = Actor(id=event.source[:64], kind=ActorKind.SYSTEM)
    at = event.occurred_at or event.received_at
    if at is not None and event.source == OWN_SOURCE:
        # our own clocks: what another case has just told is true now
        at = min(at, frame.now)
    draft = Draft(process, state, kind.step, frame.with_cause(actor, event.cause, at))
    kind.apply(draft, fact)
    return draft


def is_from_afar(process: Process[Any], event: EventEnvelope) -> bool:
    """Whether an event is a fact of another process that this one takes."""
    return event.link is not None and event.type in process.takes


def event_kind(process: Process[Any], event: EventEnvelope) -> EventKind:
    """Which of the process's facts an event is.

    Raises:
        Refusal: none, or it holds what cannot be stored.
    """
    if _NUL in event.model_dump_json():
        raise Refusal("invalid-message", faults="NUL")
    for fact, kind in process.events.items():
        if event.type == event_type(process.name, fact):
            return kind
    if is_from_afar(process, event):
        takes = process.takes[event.type]
        if takes.step is not None and takes.apply is not None:
            return EventKind(takes.step, takes.data, takes.apply, between_cases=True)
    raise Refusal("unknown-event", type=event.type)


def fact_refused(
    process: Process[S], refused: RefusedEvent, cause: str | None, state: S, frame: Frame
) -> Draft[S]:
    """What could not be used is kept, and a person looks at it."""
    draft = Draft(process, state, "refuse-event", frame.with_cause(frame.actor, cause))
    steps.refuse_event(draft, refused)
    return draft


def notices_failed(
    process: Process[S], cause: str, failed: dict[str, Undelivered], state: S, frame: Frame
) -> Draft[S]:
    """Messages reached nobody."""
    draft = Draft(process, state, "report-notices", frame.with_cause(frame.actor, cause))
    steps.report_notices(draft, failed)
    return draft


def due(state: CaseState, at: datetime) -> str | None:
    """The deadline for which the clock has to do something now."""
    alarm = next_alarm(state)
    return alarm[1] if alarm is not None and alarm[0] <= at else None


def time_passed(process: Process[S], name: str, state: S, frame: Frame) -> Draft[S]:
    """What the clock does for a deadline: its consequence, or its reminders.

    Raises:
        Refusal: the table, or the rule, does not let it where the case stands.
    """
    frame = frame.with_cause(CLOCK)
    deadline = state.deadlines[name]
    if not counting.has_expired(deadline, frame.now):
        draft = Draft(process, state, "remind", frame)
        steps.remind(draft, name)
        return draft
    if deadline.kind not in process.expiries:
        raise Refusal("unknown-deadline", deadline=name, open=", ".join(sorted(process.expiries)))
    draft = Draft(process, state, process.expiries[deadline.kind][0], frame)
    steps.expire(draft, name)
    return draft


def deadline_refused(process: Process[S], name: str, code: str, state: S, frame: Frame) -> Draft[S]:
    """The clock's step does not fit: the deadline ends, and a person is asked."""
    draft = Draft(process, state, "deadline-refused", frame.with_cause(CLOCK))
    steps.deadline_refused(draft, name, code)
    return draft


def to_undo(state: CaseState, at: datetime) -> Owed | None:
    """What is to be given back now."""
    wanted = next_undo(state)
    return wanted[1] if wanted is not None and (wanted[0] is None or wanted[0] <= at) else None


def undone(process: Process[S], key: str, state: S, frame: Frame) -> Draft[S]:
    """Something that the case owes is given back.

    Raises:
        Refusal: it cannot be, now.
        LookupNeeded: as for `decided`.
    """
    draft = Draft(process, state, "undo", frame.with_cause(frame.actor))
    undo.give_back(draft, key)
    return draft


def undo_failed(process: Process[S], key: str, code: str, state: S, frame: Frame) -> Draft[S]:
    """It could not be given back: it is tried again, and at last a person is asked."""
    draft = Draft(process, state, "undo-failed", frame.with_cause(frame.actor))
    undo.put_off(draft, key, code)
    return draft


def missing(process: Process[Any], stored: dict[str, Any]) -> dict[str, list[str]]:
    """By stage that could follow, what is missing; nothing of a state that this release cannot read."""
    if not process.gates or not stored:
        return {}
    try:
        return process.missing(process.state.model_validate(stored))
    except (ValidationError, KeyError):
        return {}


def follow_up(process: Process[S], state: S) -> FollowUp[S] | None:
    """What the case does next by itself."""
    return next((each for each in process.follow_ups if each.wanted(state)), None)


def followed_up(process: Process[S], wanted: FollowUp[S], state: S, frame: Frame) -> Draft[S]:
    """A step that the case takes by itself."""
    draft = Draft(process, state, wanted.step, frame.with_cause(frame.actor))
    wanted.rule(draft)
    return draft
