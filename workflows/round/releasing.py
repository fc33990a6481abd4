"""One hour for everybody: scheduled, held until it comes; cases are told afterwards, some at a time (R5)."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from schemas.kernel.deadlines import Deadline
from schemas.kernel.places import FrameWanted, PlaceLine
from schemas.round.commands import HoldRelease, ScheduleRelease
from schemas.round.links import OutcomeReleased
from schemas.round.roles import Role
from schemas.round.rules import chain
from schemas.round.stages import Stage
from workflows.round import ending, first_stage, promotion
from workflows.round.ground import RoundDraft, frame_in_ledger, policy_of
from workflows.round.intake import require_made_up
from workflows.round.judging import SCHEDULE
from workflows.round.ranking.lines import Verdict
from workflows.round.waitlist import parents_of

RELEASE: Final = "release"
TELLING: Final = "telling"
ENROLMENT: Final = "enrolment"
AT_ONCE: Final = 200
"""Cases told in one step: a step is one transaction, and others wait for the frames that it has."""
A_MOMENT: Final = timedelta(seconds=1)


def enter_confirmed(draft: RoundDraft) -> None:
    """The hour is for the head to say."""
    draft.open_task(SCHEDULE, Role.HEAD_OF_ADMISSIONS)


def schedule_release(draft: RoundDraft, command: ScheduleRelease) -> None:
    """All lists or none, as they were confirmed.

    Raises:
        Refusal: one is not, the hour is over, or what comes after it would come before.
    """
    state = draft.state
    draft.require(state.release is None, "release-scheduled")
    if not state.in_first_stage:
        require_made_up(draft)
    if state.in_first_stage and state.release_at is not None:
        draft.require(command.hour < state.release_at, "first-stage-after-results")
    if state.enrol_by is not None:
        draft.require(command.hour < state.enrol_by, "release-after-enrolment")
    lists = draft.results.lists()
    names = [name for name in state.lists if name not in lists or lists[name].state != "out"]
    state.release = draft.results.release(names, command.hour)
    if state.in_first_stage:
        state.first_stage_at = command.hour
    else:
        state.release_at = command.hour
    draft.details.update(hour=command.hour.isoformat(), release=state.release)
    draft.close_task(SCHEDULE)
    draft.start_deadline(RELEASE, policy_of(state).release, due_at=command.hour)


def hold_release(draft: RoundDraft, command: HoldRelease) -> None:
    """Until its hour and not after it, by the server's clock.

    Raises:
        Refusal: nothing is scheduled, or it is out.
    """
    state = draft.state
    draft.require(state.release is not None, "release-unknown")
    draft.results.hold(state.release or "", command.reason)
    state.release = None
    draft.details["reason"] = command.reason
    draft.stop_deadline(RELEASE, how="cancelled")
    draft.open_task(SCHEDULE, Role.HEAD_OF_ADMISSIONS)


def release_due(draft: RoundDraft, _deadline: Deadline) -> None:
    """The hour has come by the workflow's clock: cases are told as soon as it has by the server's."""
    state = draft.state
    lists, wanted = draft.results.lists(), state.lists
    out = all(name in lists and lists[name].state == "out" for name in wanted)
    if out and state.in_first_stage:
        _go_on(draft)
    elif out:
        draft.goto(Stage.RELEASED)
    elif state.release is not None:
        again = draft.now + A_MOMENT
        draft.start_deadline(RELEASE, policy_of(state).release, due_at=again)


def enter_released(draft: RoundDraft) -> None:
    """What everybody can read since the hour becomes offers, and cases hear of it."""
    _set_limits(draft)
    _go_on(draft)


def _set_limits(draft: RoundDraft) -> None:
    """What was confirmed is offered, those too who are tied where the limit ends (R16)."""
    state = draft.state
    admitted = draft.look_up("admitted", case_id=state.case_id)
    parents = parents_of(policy_of(state).rules)
    counts: Counter[str] = Counter()
    for frame, count in admitted.items():
        # whom a frame admits counts in those that it lies in, too
        counts.update(dict.fromkeys(chain(parents, frame), count))
    for frame, count in sorted(counts.items()):
        name = frame_in_ledger(state, frame)
        found = draft.look_up("frame", frame=name)
        limit = max(Decimal(found["limit"]), Decimal(count))
        draft.places.frame(name, FrameWanted(limit=limit))


def _go_on(draft: RoundDraft) -> None:
    telling = policy_of(draft.state).telling
    draft.start_deadline(TELLING, telling, due_at=draft.now + A_MOMENT, keep=True)


def tell_outcomes(draft: RoundDraft, _deadline: Deadline) -> None:
    """Some more: a place is held for who is admitted, and the case hears that its result is out.

    Whoever dies in between goes on where they were: who was told is noted with each step.
    """
    state = draft.state
    lines = draft.results.untold(AT_ONCE)
    for of_list, some in groupby(sorted(lines, key=_of_list), key=lambda line: str(line["list"])):
        draft.results.told(of_list, [line["line"] for line in some])
    for line in lines:
        if line["result"]["verdict"] == "admitted":
            _offer(draft, line)
    subjects = _to_tell(draft, lines)
    draft.details["told"] = len(subjects)
    if state.in_first_stage:
        first_stage.told(draft, subjects)
        if lines:
            _go_on(draft)
        else:
            first_stage.end(draft)
        return
    for subject in subjects:
        draft.facts.tell("outcome-released", OutcomeReleased(case=subject, round=state.case_id), key=subject)
    state.told += len(subjects)
    if lines or promotion.queue_some(draft):
        _go_on(draft)
    elif state.stage == Stage.RELEASED:
        draft.goto(Stage.ENROLLING)


def _to_tell(draft: RoundDraft, lines: Sequence[dict[str, Any]]) -> list[str]:
    """Each once; who has known since the first stage that a choice did not pass hears of the others alone."""
    known = () if draft.state.in_first_stage else (Verdict.NOT_PASSED,)
    heard = (line["subject"] for line in lines if line["result"]["verdict"] not in known)
    return list(dict.fromkeys(heard))


def _of_list(line: dict[str, Any]) -> tuple[str, int]:
    return line["list"], line["line"]


def _offer(draft: RoundDraft, line: dict[str, Any]) -> None:
    state, result = draft.state, line["result"]
    draft.places.claim(
        result["place"],
        [PlaceLine(frame=frame_in_ledger(state, result["frame"]))],
        state="offered",
        purpose="admission",
        holder=line["subject"],
        ends_at=state.enrol_by,
    )


def enter_enrolling(draft: RoundDraft) -> None:
    """From now on places are offered only while fewer are held than there are (R3)."""
    state, policy = draft.state, policy_of(draft.state)
    for programme in policy.rules.programmes:
        for frame in programme.frames:
            wanted = FrameWanted(limit=Decimal(frame.places), below=True)
            draft.places.frame(frame_in_ledger(state, frame.key), wanted)
    draft.start_deadline(ENROLMENT, policy.enrolment, due_at=state.enrol_by)
    ending.compare_outputs(draft)
    promotion.begin(draft)
