"""The crisis of a case: paged around the clock until somebody attends to it, ended by a person only.

Rule numbers are those of docs/processes/support.md.
"""

from typing import Any, Final

from schemas.kernel.case import Acknowledge, Command
from schemas.kernel.deadlines import Deadline, Rung
from schemas.support.commands import CanWait, NameConcerned, SignalDanger, StandDown, StepBack
from schemas.support.facts import OutsideEmergency, PageAnswered, PageFailed, PersonLeft
from schemas.support.records import Asked, Paged
from schemas.support.roles import Role
from schemas.support.stages import CRISIS, CRISIS_LEVEL, Crisis, Stage
from schemas.support.state import SupportState
from workflows.kernel import steps
from workflows.support import clocks, ownership
from workflows.support.clocks import SupportDraft, policy_of

ATTEND: Final = "attend-crisis"
OPEN: Final = (Crisis.OPEN, Crisis.ACKNOWLEDGED, Crisis.ATTENDING)


def is_open(state: SupportState) -> bool:
    """Whether somebody is in danger, as far as anybody has said."""
    return state.tracks.get(CRISIS) in OPEN


def require_none(draft: SupportDraft) -> None:
    """Nothing is put aside while a crisis is open (E9)."""
    draft.require(not is_open(draft.state), "crisis-open")


def open_crisis(draft: SupportDraft) -> None:
    """Page the duty officer at once; a new danger pages whoever may have acknowledged the last one (E13)."""
    state = draft.state
    state.page += 1
    draft.details["page"] = state.page
    draft.go_track(CRISIS, Crisis.OPEN)
    draft.stop_deadline(clocks.CAN_WAIT, how="cancelled")
    draft.close_task(ATTEND, how="moved_on")
    state.crisis_lead = None
    clocks.change_level(draft, CRISIS_LEVEL)
    if state.stage == Stage.RESOLVED:
        # or the days of reopening would close it with the crisis
        draft.goto(Stage.REOPENED)
    draft.start_deadline(clocks.PAGE, policy_of(state).page, keep=True)


def signal_danger(draft: SupportDraft, _command: SignalDanger) -> None:
    """A person says so: there is no rubric for it (S10)."""
    open_crisis(draft)


def outside_emergency(draft: SupportDraft, fact: OutsideEmergency) -> None:
    """The outside line calls for help."""
    draft.details["call"] = fact.call
    open_crisis(draft)


def paged(draft: SupportDraft, deadline: Deadline, rung: Rung, asked: list[str]) -> None:
    """Who is asked sees the case; a page says that whoever had acknowledged has let it run out (E13)."""
    if deadline.kind not in (clocks.PAGE, clocks.CAN_WAIT):
        for staff_id in asked:
            draft.record(Asked(staff_id=staff_id))
        return
    for staff_id in asked:
        draft.record(Paged(page=draft.state.page, rung=rung.key, staff_id=staff_id))
    if draft.state.tracks.get(CRISIS) == Crisis.ACKNOWLEDGED:
        draft.go_track(CRISIS, Crisis.OPEN)


def acknowledge(draft: SupportDraft, command: Acknowledge) -> None:
    """Who was asked looks after it; of a crisis it holds for a while, or until contact was made."""
    steps.acknowledge(draft, command)
    if command.deadline == clocks.PAGE:
        draft.go_track(CRISIS, Crisis.ACKNOWLEDGED)
        draft.state.crisis_lead = draft.actor.id


def page_answered(draft: SupportDraft, fact: PageAnswered) -> None:
    """By telephone key and PIN at the gateway: as good as the button (E12)."""
    _of_this_page(draft, fact)
    steps.acknowledged_by(draft, clocks.PAGE, fact.person)
    draft.go_track(CRISIS, Crisis.ACKNOWLEDGED)
    draft.state.crisis_lead = fact.person


def page_failed(draft: SupportDraft, fact: PageFailed) -> None:
    """Whom it has not reached has not heard: the next is paged at once, and somebody telephones (E14)."""
    _of_this_page(draft, fact)
    steps.asked_there(draft, clocks.PAGE, fact.person)
    steps.not_reached(draft, [fact.person])


def _of_this_page(draft: SupportDraft, fact: PageAnswered | PageFailed) -> None:
    draft.details.update(page=fact.page, person=fact.person, channel=fact.channel)
    draft.require(fact.page == draft.state.page, "page-over", page=fact.page)


def attend(draft: SupportDraft) -> None:
    """Contact was made: nobody is paged any more, and one person stays with it until the danger is over."""
    state = draft.state
    if state.tracks.get(CRISIS) not in (Crisis.OPEN, Crisis.ACKNOWLEDGED):
        return
    draft.go_track(CRISIS, Crisis.ATTENDING)
    draft.stop_deadline(clocks.PAGE)
    state.crisis_lead = draft.actor.id
    draft.open_task(ATTEND, Role.DUTY, assignee=draft.actor.id, keep=True)


def stand_down(draft: SupportDraft, command: StandDown) -> None:
    """The danger is over, a person says; the case goes on with an owner."""
    state = draft.state
    draft.require(command.reason_id is not None, "reason-missing")
    draft.go_track(CRISIS, Crisis.STOOD_DOWN)
    if command.owner is not None:
        unit = command.unit or state.unit
        draft.require(unit is not None, "no-owner")
        ownership.give(draft, unit, command.owner, why="stood-down")
        if state.stage == Stage.REFERRED:
            draft.notify("case-yours", f"staff:{command.owner}|role:{Role.LEAD}")
        else:
            draft.goto(Stage.ASSIGNED)
    draft.require(state.owner is not None, "no-owner")
    draft.stop_deadline(clocks.PAGE, how="cancelled")
    draft.close_task(ATTEND)
    state.crisis_lead = None


def step_back(draft: SupportDraft, command: StepBack) -> None:
    """Who attends to the danger and leaves the case leaves nobody: it is paged anew."""
    ownership.step_back(draft, command)
    page_again(draft, draft.actor.id)


def name_concerned(draft: SupportDraft, command: NameConcerned) -> None:
    """The same of whom it is about or against."""
    ownership.name_concerned(draft, command)
    page_again(draft, command.staff_id)


def person_left(draft: SupportDraft, fact: PersonLeft) -> None:
    """The same of who has left the university."""
    ownership.person_left(draft, fact)
    page_again(draft, fact.staff_id)


def page_again(draft: SupportDraft, gone: str) -> None:
    """Who attends to the danger has left the case: it is paged anew."""
    if is_open(draft.state) and draft.state.crisis_lead == gone:
        open_crisis(draft)


def ask_whether_it_can_wait(draft: SupportDraft) -> None:
    """Out of hours nobody judges it before the morning: the duty officer says whether it can wait (S10)."""
    hours = draft.calendar_called(clocks.clocks_of(draft.state).triage.calendar)
    if not hours.is_open(draft.now):
        draft.start_deadline(clocks.CAN_WAIT, policy_of(draft.state).can_wait, keep=True)


def can_wait(draft: SupportDraft, _command: CanWait) -> None:
    """The duty officer has looked: triage judges it tomorrow (S10)."""
    draft.require(clocks.CAN_WAIT in draft.state.deadlines, "nothing-asked")
    draft.stop_deadline(clocks.CAN_WAIT)


def nobody_says_it_can_wait(draft: SupportDraft, _deadline: Deadline) -> None:
    """Silence is no: it is paged (S10)."""
    open_crisis(draft)


ACKNOWLEDGE: dict[type[Command], Any] = {Acknowledge: acknowledge}
