"""What holds of every support case after every step, read from what is on record of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from schemas.kernel.deadlines import DeadlinePolicy
from schemas.support.stages import Stage
from schemas.support.state import SupportState
from workflows.kernel import deadlines as counting
from workflows.kernel.calendars import calendar_of
from workflows.kernel.state import due_at
from workflows.support import clocks, crisis
from workflows.support.contact import TALKING

ONES_TURN = {"assign", "take", "triage"}
"""Tasks of which somebody who has no owner must have one."""


@dataclass(frozen=True)
class Step:
    """One line of a case's log."""

    version: int
    step: str
    at: datetime
    details: Mapping[str, Any]


def hold(steps: Sequence[Step], state: SupportState, now: datetime) -> None:
    """Every invariant that the record of a case can show."""
    _somebody_has_it(state)
    _a_crisis_is_looked_after(state)
    _clocks_stand_still_in_turn(state)
    _counted_and_paused_are_elapsed(state, now)
    _nothing_after_an_answer(steps)
    _no_rung_is_skipped(steps, state)


def _somebody_has_it(state: SupportState) -> None:
    """An owner or a queue from which it can be taken, and a time by which something is due."""
    if state.closed:
        return
    assert due_at(state) is not None, "an open case with nothing due"
    kinds = {task.kind for task in state.tasks.values()}
    if state.owner is None:
        assert kinds & ONES_TURN or state.stage == Stage.RESOLVED, f"in nobody's queue in {state.stage}"
    if "take" in kinds:
        assert state.stage in (Stage.TRIAGED, Stage.REFERRED_ON, Stage.REOPENED), "cannot be taken"
        assert state.owner is None, "to be taken from its owner"
    if state.offer is not None:
        assert state.stage in (*TALKING, Stage.TRIAGED), f"offered in {state.stage}"
        assert state.offer.to != state.owner, "offered to its owner"
    watched = state.owner is not None and state.stage in TALKING
    silent = clocks.IDLE in state.deadlines
    others_turn = state.stage == Stage.WAITING or clocks.SILENCE in state.deadlines
    assert silent is (watched and not others_turn), f"owner watched: {silent} in {state.stage}"


def _a_crisis_is_looked_after(state: SupportState) -> None:
    """A page out, an acknowledgement that holds, or a task of whoever attends."""
    if not crisis.is_open(state):
        return
    assert not state.closed
    assert state.stage != Stage.RESOLVED
    page = state.deadlines.get(clocks.PAGE)
    attended = crisis.ATTEND in {task.kind for task in state.tasks.values()}
    assert attended or (page is not None and counting.next_moment(page) is not None), "nobody is paged"


def _clocks_stand_still_in_turn(state: SupportState) -> None:
    """While the student is waited for, or nothing more is to be done; never else."""
    still = state.stage == Stage.RESOLVED or (state.stage == Stage.WAITING and state.waits_on == "student")
    for name in (clocks.UPDATE, clocks.RESOLUTION):
        if name in state.deadlines:
            assert (state.deadlines[name].paused_at is not None) is still, f"{name} in {state.stage}"


def _counted_and_paused_are_elapsed(state: SupportState, now: datetime) -> None:
    assert state.policy is not None
    for deadline in state.deadlines.values():
        calendar = calendar_of(state.policy.calendar_called(deadline.calendar))
        moment = max(now, deadline.started_at)
        account = counting.account(deadline, moment, calendar)
        assert min(account.counted, account.paused, account.closed) >= timedelta()
        assert account.counted + account.paused + account.closed == moment - deadline.started_at
        if deadline.calendar == "always":
            assert not account.closed, f"{deadline.name} has lost {account.closed}"


def _told(step: Step) -> Iterator[tuple[str, str, str]]:
    """(deadline, rung, to) of a step in which the clock told something."""
    if step.step == "remind":
        for key, deadline in step.details.items():
            if ">" in key:
                rung, _, to = key.partition(">")
                yield deadline, rung, to


def _nothing_after_an_answer(steps: Sequence[Step]) -> None:
    """Who was asked has answered: nobody more is asked while that holds."""
    held: dict[str, datetime | None] = {}
    for step in steps:
        deadline = step.details.get("deadline")
        if step.step == "acknowledge":
            until = step.details["until"]
            held[deadline] = None if until is None else datetime.fromisoformat(until)
        elif step.step in ("escalate", "de-escalate"):
            held.pop(deadline, None)
        elif "level" in step.details or step.step in ("step-back", "name-concerned", "person-left"):
            # clocks counted anew, or whoever had answered is gone
            held.clear()
        elif _is_danger(step):
            held.pop(clocks.PAGE, None)
        for name, rung, _ in _told(step):
            if name in held and rung not in ("warning", "breach"):
                until_ = held[name]
                assert until_ is not None, f"{name}: {rung} after an answer"
                assert step.at >= until_, f"{name}: {rung} while an answer holds"


def _no_rung_is_skipped(steps: Sequence[Step], state: SupportState) -> None:
    """Each rung that asks follows on the one below; each that reminds is told once."""
    assert state.policy is not None
    reached: dict[str, int] = {}
    reminded: set[tuple[str, str, str]] = set()
    orders, level = _orders(state), 5
    for step in steps:
        was, level = level, int(step.details.get("level", level))
        judged = step.step == "triage" and level != was
        if level < was or judged:
            # counted anew: but for pages, which have no level, and the chain of a triage that was missed
            kept = {clocks.PAGE, clocks.CAN_WAIT} | (
                {clocks.TRIAGE} if step.step == "triage-missed" else set()
            )
            reached = {name: number for name, number in reached.items() if name in kept}
            reminded.clear()
        if _is_danger(step):
            reached.pop(clocks.PAGE, None)
        if step.step == "de-escalate":
            reached.pop(step.details["deadline"], None)
        if step.step in ("record-contact", "message-arrived", "reopen", "take", "accept", "assign", "offer"):
            # clocks that begin once more
            reached.pop(clocks.UPDATE, None)
            reminded -= {each for each in reminded if each[0] in (clocks.UPDATE, clocks.IDLE)}
        told = list(_told(step))
        for name in {name for name, _, _ in told}:
            order = orders[name]
            numbers = sorted({order.index(rung) for each, rung, _ in told if each == name and rung in order})
            for number in numbers:
                last = reached.get(name, -1)
                assert number <= last + 1, f"{name}: {order[number]} before {order[last + 1]}"
                reached[name] = number
        for each in told:
            if each[1] in ("warning", "breach"):
                assert each not in reminded, f"{each} twice"
                reminded.add(each)


def _is_danger(step: Step) -> bool:
    """Whether it brings a new danger, and with it a new page."""
    return "page" in step.details and step.step != "remind"


def _orders(state: SupportState) -> dict[str, list[str]]:
    """The rungs that ask of each clock, in their order; the same at every level that has them."""
    policy = state.policy
    assert policy is not None
    found: dict[str, list[str]] = {}

    def add(name: str, clock: DeadlinePolicy) -> None:
        asking = [rung.key for rung in clock.ladder if rung.asks]
        known = found.setdefault(name, asking)
        if len(asking) > len(known):
            found[name] = asking

    for name in (clocks.PAGE, clocks.CAN_WAIT, clocks.IDLE):
        add(name, getattr(policy, name.replace("-", "_")))
    for level in policy.levels.values():
        for name in (clocks.TRIAGE, clocks.FIRST_RESPONSE, clocks.UPDATE, clocks.RESOLUTION):
            add(name, getattr(level, name.replace("-", "_")))
    return found
