"""Dates are moved for all at once, as after a disaster; applications are told the new ones, each once.

What was announced stays on record; each move is a row of its own. Only what has not come can be moved, and
what somebody was promised after the results are out becomes no shorter.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from schemas.kernel.refusals import Refusal
from schemas.round import dates as schema
from schemas.round.roles import Role
from schemas.round.stages import Stage
from workflows.round import ending, intake, judging, outputs, promotion, releasing
from workflows.round.ground import RoundDraft, policy_of

MOVE: Final = "move-dates"
_BEFORE_LISTS: Final = (Stage.PLANNED, Stage.OPEN)
_BEFORE_CONFIRMED: Final = (*_BEFORE_LISTS, Stage.FIRST_STAGE, Stage.SCORING, Stage.GATE, Stage.JUDGING)
_BEFORE_RESULTS: Final = (*_BEFORE_CONFIRMED, Stage.CONFIRMED)
_BEFORE_CALLS: Final = (*_BEFORE_RESULTS, Stage.RELEASED, Stage.ENROLLING)
STAGES: Final = (*_BEFORE_CALLS, Stage.SUPPLEMENTING)
"""In which any date can be moved."""
_MOVABLE_AT: Final[Mapping[str, tuple[Stage, ...]]] = {
    "closes_at": _BEFORE_LISTS,
    "exam_on": _BEFORE_CONFIRMED,
    "make_up_on": _BEFORE_RESULTS,
    "common_test_due": _BEFORE_CONFIRMED,
    "first_stage_at": (*_BEFORE_LISTS, Stage.FIRST_STAGE),
    "release_at": _BEFORE_RESULTS,
    "enrol_by": STAGES,
    "promote_from": _BEFORE_CALLS,
}


def disaster_declared(draft: RoundDraft, fact: schema.DisasterDeclared) -> None:
    """The head looks whether dates are to be moved; told twice it is one disaster."""
    state = draft.state
    draft.details.update(area=fact.area, since=fact.since.isoformat(), until=fact.until.isoformat())
    declared = f"{fact.area}-{fact.since}"
    if declared not in state.disasters:
        state.disasters += (declared,)
        draft.open_task(MOVE, Role.HEAD_OF_ADMISSIONS, whose=declared, keep=True)


def looked_at(_draft: RoundDraft) -> None:
    """The head says that no date is moved."""


def move_dates(draft: RoundDraft, command: schema.MoveDates) -> None:
    """For everybody, with what follows from it: deadlines, tasks, places that are held until then.

    Raises:
        Refusal: nothing would change, a date is over or would be, its release is scheduled, enrolment would
            end sooner than those who are admitted were told, or dates would not follow each other.
    """
    state = draft.state
    moved = {name: at for name, at in command.dates.items() if at != getattr(state, name)}
    draft.require(bool(moved), "dates-unchanged")
    for name, at in moved.items():
        draft.require(state.stage in _MOVABLE_AT[name], "date-over", date=name)
        ends = at if isinstance(at, datetime) else draft.calendar.end_of(at)
        draft.require(ends > draft.now, "date-past", date=name)
    of_release = {"first_stage_at"} if state.in_first_stage else {"release_at", "make_up_on"}
    draft.require(state.release is None or not of_release & moved.keys(), "release-scheduled")
    promised = state.enrol_by if state.stage not in _BEFORE_RESULTS else None
    shorter = promised is not None and command.enrol_by is not None and command.enrol_by < promised
    draft.require(not shorter, "enrolment-shortened")
    fault = schema.disorder({**state.model_dump(include=set(schema.MOVABLE)), **moved})
    if fault is not None:
        raise Refusal("dates-disordered", earlier=fault[0], later=fault[1])
    for name, at in moved.items():
        setattr(state, name, at)
    state.moves += 1
    state.moved = tuple(name for name in schema.MOVABLE if name in moved or name in state.moved)
    draft.details.update(reason=command.reason, **{name: at.isoformat() for name, at in moved.items()})
    recorded: dict[str, Any] = {**moved, "move": state.moves, "reason": command.reason}
    draft.record(schema.DatesRecorded(**recorded))
    for task in [task for task in state.tasks.values() if task.kind == MOVE]:
        draft.close_task(task.key)
    _count_anew(draft, moved)
    _tell(draft)


def _count_anew(draft: RoundDraft, moved: Mapping[str, date | datetime]) -> None:
    """Whatever counts to one of these dates."""
    state, policy = draft.state, policy_of(draft.state)
    if "closes_at" in moved and state.stage == Stage.OPEN:
        draft.start_deadline(intake.APPLICATIONS, policy.applications, due_at=state.closes_at)
    if "common_test_due" in moved and intake.COMMON_TEST in state.deadlines:
        intake.ask_for_common_test(draft)
    if "exam_on" in moved and intake.EXAM_SCORES in state.deadlines:
        intake.ask_for_exam_scores(draft)
    if "make_up_on" in moved:
        intake.ask_for_make_up(draft)
    hour = state.first_stage_at if state.in_first_stage else state.release_at
    if judging.CONFIRMATION in state.deadlines and {"release_at", "first_stage_at"} & moved.keys():
        judging.expect_confirmation(draft, hour)
    if state.stage not in (Stage.ENROLLING, Stage.SUPPLEMENTING):
        return
    if "enrol_by" in moved:
        if releasing.ENROLMENT in state.deadlines:
            draft.start_deadline(releasing.ENROLMENT, policy.enrolment, due_at=state.enrol_by)
        ending.compare(draft, outputs.LETTERS)  # which say until when who is admitted enrols
    promotion.look_at(draft, draft.now)


def _tell(draft: RoundDraft) -> None:
    """One fact, which every application of the round is told, and who comes later finds."""
    state = draft.state
    now = state.model_dump(include=set(state.moved) & set(schema.DatesMoved.model_fields))
    round_id = state.case_id.partition("/")[2].lower()
    told = schema.DatesMoved(round=state.case_id, round_id=round_id, move=state.moves, **now)
    draft.facts.tell("dates-moved", told, key=round_id)
