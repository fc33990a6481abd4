"""One hour for everybody: scheduled, held until it comes; cases are told afterwards, some at a time (R5)."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from schemas.kernel.deadlines import Deadline
from schemas.kernel.places import FrameWanted, PlaceLine
from schemas.round.commands import CloseRound, HoldRelease, ScheduleRelease
from schemas.round.links import OutcomeReleased
from schemas.round.roles import Role
from schemas.round.rules import chain
from schemas.round.stages import Stage
from workflows.round import disclosing, promotion
from workflows.round.ground import RoundDraft, frame_in_ledger, policy_of, root_of
from workflows.round.waitlist import parents_of

SCHEDULE: Final = "schedule-release"
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
        Refusal: one is not, the hour is over, or enrolment would end before it.
    """
    state = draft.state
    draft.require(state.release is None, "release-scheduled")
    if state.enrol_by is not None:
        draft.require(command.hour < state.enrol_by, "release-after-enrolment")
    state.release = draft.results.release(state.programmes, command.hour)
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
    lists = draft.results.lists()
    out = bool(lists) and all(each.state == "out" for each in lists.values())
    if out:
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
    subjects = list(dict.fromkeys(line["subject"] for line in lines))
    for subject in subjects:
        draft.facts.tell("outcome-released", OutcomeReleased(case=subject, round=state.case_id), key=subject)
    state.told += len(subjects)
    draft.details["told"] = len(subjects)
    if subjects or promotion.queue_some(draft):
        _go_on(draft)
    elif state.stage == Stage.RELEASED:
        draft.goto(Stage.ENROLLING)


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
    promotion.begin(draft)


def close_round(draft: RoundDraft, _command: CloseRound) -> None:
    """Nothing is open any more.

    Raises:
        Refusal: an offer is, somebody waits, or scores are still disclosed or checked.
    """
    promotion.require_over(draft)
    disclosing.require_over(draft)
    offered = draft.look_up("frame", frame=root_of(draft.state))["offered"]
    draft.require(Decimal(offered) == 0, "round-offers-open", offered=offered)
    draft.goto(Stage.CLOSED)
