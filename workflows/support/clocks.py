"""The clocks of a support case: first response, update, resolution, and what a changed level does to them.

Rule numbers are those of docs/processes/support.md.
"""

from collections.abc import Container, Iterable
from datetime import datetime
from typing import Final

from schemas.kernel.deadlines import DeadlinePolicy
from schemas.support.policy import LevelPolicy, SupportPolicy
from schemas.support.roles import Role
from schemas.support.stages import URGENT_LEVEL, Stage
from schemas.support.state import SupportState
from workflows.kernel import deadlines as counting
from workflows.kernel.draft import Draft

SupportDraft = Draft[SupportState]

TRIAGE: Final = "triage"
FIRST_RESPONSE: Final = "first-response"
UPDATE: Final = "update"
RESOLUTION: Final = "resolution"
IDLE: Final = "idle"
HAND_OVER: Final = "hand-over"
ATTEMPT: Final = "attempt"
SILENCE: Final = "silence"
WAIT: Final = "wait"
APPOINTMENT: Final = "appointment"
CALLS: Final = "calls"
UNLINK: Final = "unlink"
LINK_TAKEN: Final = "link-taken"
REOPEN: Final = "reopen"
PAGE: Final = "page"
CAN_WAIT: Final = "can-wait"
CONSENT: Final = "consent"
WELFARE_CHECK: Final = "welfare-check"
WATCHED: Final = (Stage.ASSIGNED, Stage.IN_CONTACT, Stage.REFERRED_ON, Stage.REOPENED)
"""Stages in which it is the owner's turn."""

BY_LEVEL: Final = {
    TRIAGE: "triage",
    FIRST_RESPONSE: "first_response",
    UPDATE: "update",
    RESOLUTION: "resolution",
}


def policy_of(state: SupportState) -> SupportPolicy:
    """The policy that the case follows."""
    if state.policy is None:
        raise RuntimeError("the case has not been opened")
    return state.policy


def clocks_of(state: SupportState) -> LevelPolicy:
    """The clocks of the case's level."""
    return policy_of(state).at(state.level)


def start(draft: SupportDraft, clock: str, since: datetime | None = None) -> None:
    """Start one of the clocks that hang on the level, unless it runs."""
    if clock not in draft.state.deadlines:
        draft.start_deadline(clock, policy_for(draft, clock), since=since, keep=True)


def change_level(
    draft: SupportDraft,
    level: int,
    *,
    first: bool = False,
    since: datetime | None = None,
    but: Container[str] = (),
) -> None:
    """Another level: a raised one lets the clocks count anew, a lowered one keeps what was promised (E5).

    The `first` one of the rubric takes the place of what the referral only asked for: nothing was promised.
    What raises it by itself did so at its own moment, `since`, however late the clock acts; `but` run on.
    """
    state = draft.state
    was, state.level = state.level, level
    if level == was:
        return
    draft.details["level"] = level
    if first and level > was and FIRST_RESPONSE in state.deadlines:
        draft.stop_deadline(FIRST_RESPONSE)
        start(draft, FIRST_RESPONSE, state.received_at)
    if level <= URGENT_LEVEL and SILENCE in state.deadlines:
        # who is at risk is not waited for: somebody goes and looks (E7)
        draft.open_task(WELFARE_CHECK, Role.LEAD, keep=True)
        silence_is_over(draft)
    if level < was:
        for clock in BY_LEVEL:
            if clock in state.deadlines and clock not in but:
                draft.restart_deadline(clock, policy_for(draft, clock), since)


def student_writes(draft: SupportDraft) -> None:
    """The next update is owed: from the first response on, and once at a time (S1, S8)."""
    if draft.state.responded_at is not None:
        start(draft, UPDATE, draft.happened_at)


def student_hears(draft: SupportDraft) -> None:
    """What was owed is done by a real reply."""
    draft.stop_deadline(UPDATE)


def pause(draft: SupportDraft, clocks: Iterable[str] = (UPDATE, RESOLUTION)) -> None:
    """While it is the student's turn nothing of ours is due (S4)."""
    _each(draft, clocks, paused=True)


def resume(draft: SupportDraft, clocks: Iterable[str] = (UPDATE, RESOLUTION)) -> None:
    """It is our turn again, with the time that was left."""
    draft.state.waits_on = None
    _each(draft, clocks, paused=False)


def policy_for(draft: SupportDraft, clock: str) -> DeadlinePolicy:
    """The policy of one of the clocks that hang on the level."""
    policy: DeadlinePolicy = getattr(clocks_of(draft.state), BY_LEVEL[clock])
    return policy


def _each(draft: SupportDraft, clocks: Iterable[str], *, paused: bool) -> None:
    for clock in clocks:
        deadline = draft.state.deadlines.get(clock)
        if deadline is None or (deadline.paused_at is not None) is paused:
            continue
        calendar = draft.calendar_called(deadline.calendar)
        (counting.pause if paused else counting.resume)(deadline, draft.now, calendar)
        draft.change_deadline(deadline, "paused" if paused else "running")


def owner_acts(draft: SupportDraft) -> None:
    """The owner's silence begins anew, where it is their turn (E4); before an appointment it is none."""
    state = draft.state
    if any(each.at > draft.now for each in state.booked.values()):
        draft.stop_deadline(IDLE, how="cancelled")
    elif state.owner is not None and state.stage in WATCHED and SILENCE not in state.deadlines:
        draft.start_deadline(IDLE, policy_of(draft.state).idle, keep=True)


def silence_is_over(draft: SupportDraft) -> None:
    """Nobody waits for the student's answer any more: it is the owner's turn again (E4)."""
    draft.stop_deadline(SILENCE)
    if IDLE not in draft.state.deadlines:
        owner_acts(draft)
