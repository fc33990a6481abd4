"""Whose a case is: one owner or one queue, offered, accepted and returned, and taken from who does nothing.

Rule numbers are those of docs/processes/support.md.
"""

from typing import Final

from schemas.kernel.deadlines import Deadline
from schemas.support.commands import Accept, Assign, NameConcerned, ReferOn, Return, StepBack, Take
from schemas.support.commands import Offer as OfferCase
from schemas.support.facts import PersonAway, PersonLeft
from schemas.support.lookups import MemberFound
from schemas.support.records import Concerned, Owned
from schemas.support.roles import Role
from schemas.support.stages import Stage, Unit
from schemas.support.state import Giver, Offer
from workflows.support import clocks, desk, grounds
from workflows.support.clocks import SupportDraft, clocks_of

ACCEPT: Final = "accept"
UNANSWERED: Final = "hand-over-unanswered"
TAKE: Final = "take"
QUEUED: Final = (Stage.TRIAGED, Stage.REFERRED_ON, Stage.REOPENED)
"""Stages in which it can be taken out of a queue."""


def give(draft: SupportDraft, unit: Unit | None, owner: str | None, *, why: str) -> None:
    """One owner, or the queue of a unit, from now on (invariant 4)."""
    state = draft.state
    if owner is not None:
        require_fit(draft, unit, owner)
    # an offer of who had it until now is void
    withdraw_offer(draft)
    state.unit, state.owner = unit, owner
    draft.details.update(unit=unit, owner=owner)
    desk.take_over(draft)
    draft.record(Owned(unit=unit, owner=owner, why=why))
    if owner is None:
        draft.stop_deadline(clocks.IDLE, how="cancelled")
    else:
        clocks.owner_acts(draft)


def require_fit(draft: SupportDraft, unit: Unit | None, owner: str) -> None:
    """Refuse whoever may not have the case for a unit."""
    draft.require(owner not in draft.state.investigators, "investigator-counsels")
    # who is concerned is not told to anybody: such a person simply does not fit (E18)
    draft.require(_fits(draft, unit, owner), "owner-unfit", owner=owner, unit=unit)


def _fits(draft: SupportDraft, unit: Unit | None, owner: str) -> bool:
    found = draft.look_up("member", case_id=draft.state.case_id, unit=unit, staff_id=owner)
    member = MemberFound.model_validate(found)
    return member.of_unit and not member.concerned


def assign(draft: SupportDraft, command: Assign) -> None:
    """Triage gives it to a unit, or to one of its members."""
    grounds.require(draft, command.unit, command.ground, command.reason_id)
    give(draft, command.unit, command.owner, why="assigned")
    if command.owner is not None:
        draft.goto(Stage.ASSIGNED)
        return
    if draft.state.stage not in QUEUED:
        draft.goto(Stage.TRIAGED)
        return
    draft.close_task("assign")
    draft.open_task(TAKE, Role.COUNSELLOR)


def take(draft: SupportDraft, _command: Take) -> None:
    """A member of the unit takes it out of the queue."""
    state = draft.state
    draft.require(state.unit is not None and state.owner is None, "not-in-queue")
    give(draft, state.unit, draft.actor.id, why="taken")
    draft.goto(Stage.ASSIGNED)


def enter_assigned(draft: SupportDraft) -> None:
    """Its owner is told, without a word of what it is about; whoever was waited for, it is their turn now."""
    clocks.resume(draft)
    clocks.owner_acts(draft)
    draft.notify("case-yours", f"staff:{draft.state.owner}|role:{Role.LEAD}")


def require_owner(draft: SupportDraft) -> None:
    """Only the owner decides about a case that has one."""
    owner = draft.state.owner
    draft.require(owner in (None, draft.actor.id), "not-yours")


def offer(draft: SupportDraft, command: OfferCase) -> None:
    """Owner and clocks stay until it is accepted (S15)."""
    state = draft.state
    require_owner(draft)
    draft.require(command.to != state.owner, "own-offer")
    require_fit(draft, command.unit, command.to)
    grounds.require(draft, command.unit, command.ground, command.reason_id)
    withdraw_offer(draft)
    state.offer = Offer(to=command.to, unit=command.unit, by=draft.actor.id)
    draft.details.update(to=command.to, unit=command.unit)
    draft.start_deadline(clocks.HAND_OVER, clocks_of(state).hand_over, keep=True)
    role = Role.HARASSMENT if command.unit is Unit.HARASSMENT else Role.COUNSELLOR
    draft.open_task(ACCEPT, role, whose=command.to, assignee=command.to, deadline=clocks.HAND_OVER, keep=True)
    draft.notify("case-offered", f"staff:{command.to}")
    clocks.owner_acts(draft)


def withdraw_offer(draft: SupportDraft) -> None:
    """Nothing is offered to anybody any more."""
    state = draft.state
    if state.offer is not None:
        draft.close_task(f"{ACCEPT}:{state.offer.to}", how="moved_on")
        draft.stop_deadline(clocks.HAND_OVER, how="cancelled")
    draft.close_task(UNANSWERED, how="moved_on")
    state.offer = None


def _offered(draft: SupportDraft) -> Offer:
    offered = draft.state.offer
    if offered is None or offered.to != draft.actor.id:
        draft.require(holds=False, code="nothing-offered")
        raise AssertionError
    return offered


def accept(draft: SupportDraft, _command: Accept) -> None:
    """Now it is theirs."""
    offered = _offered(draft)
    give(draft, offered.unit, offered.to, why="accepted")
    if draft.state.stage in QUEUED:
        draft.goto(Stage.ASSIGNED)


def give_back(draft: SupportDraft, _command: Return) -> None:
    """The owner keeps it, and is told so."""
    _offered(draft)
    withdraw_offer(draft)
    if draft.state.owner is not None:
        draft.notify("case-returned", f"staff:{draft.state.owner}|role:{Role.LEAD}")


def offer_unanswered(draft: SupportDraft, _deadline: Deadline) -> None:
    """Neither accepted nor returned: the lead decides; until then it stays whose it was (S15)."""
    draft.open_task(UNANSWERED, Role.LEAD, keep=True)


def refer_on(draft: SupportDraft, command: ReferOn) -> None:
    """Another unit works with it; whose it is stays or moves, and both are on record."""
    state = draft.state
    require_owner(draft)
    draft.require(command.reason_id is not None, "reason-missing")
    draft.require(command.unit != state.unit, "same-unit", unit=command.unit)
    grounds.require(draft, command.unit, command.ground, command.reason_id)
    draft.details.update(to_unit=command.unit, moves=command.moves)
    if command.moves:
        give(draft, command.unit, None, why="referred-on")
    draft.goto(Stage.REFERRED_ON)
    if command.moves:
        draft.open_task(TAKE, Role.COUNSELLOR)


def enter_referred_on(draft: SupportDraft) -> None:
    """Whoever was waited for: it is the unit's turn now."""
    clocks.resume(draft)
    clocks.owner_acts(draft)


def to_queue(draft: SupportDraft, why: str) -> None:
    """The owner is none any more: the queue of the unit has it, and its clocks run on (E4, E19)."""
    state = draft.state
    give(draft, state.unit, None, why=why)
    if state.stage in (*clocks.WATCHED, Stage.WAITING):
        draft.goto(Stage.TRIAGED)


def back_to(draft: SupportDraft, giver: Giver, why: str) -> None:
    """Whose it was has it again; where they are not there any more, the queue of their unit."""
    state = draft.state
    withdraw_offer(draft)
    owner = giver.owner if giver.owner is not None and _fits(draft, giver.unit, giver.owner) else None
    give(draft, giver.unit, owner, why=why)
    if owner is not None:
        draft.notify("case-yours", f"staff:{owner}|role:{Role.LEAD}")
    elif state.stage != Stage.TRIAGED:
        clocks.resume(draft)
        draft.goto(Stage.TRIAGED)


def owner_silent(draft: SupportDraft, _deadline: Deadline) -> None:
    """Nothing was done for the policy's time: the case goes back to the queue, with a record (E4)."""
    was = draft.state.owner
    draft.details["was"] = was
    to_queue(draft, "silent")
    draft.notify("case-lost", f"staff:{was}|role:{Role.LEAD}")


def step_back(draft: SupportDraft, _command: StepBack) -> None:
    """Who knows the person or the matter leaves, and hears no more of it; anyone may (E18)."""
    shut_out(draft, draft.actor.id)


def name_concerned(draft: SupportDraft, command: NameConcerned) -> None:
    """Whom it is about or against is out of it at once (E18)."""
    shut_out(draft, command.staff_id)


def shut_out(draft: SupportDraft, staff_id: str) -> None:
    """No message, no task, no case for somebody from now on."""
    state = draft.state
    draft.record(Concerned(staff_id=staff_id))
    if state.offer is not None and state.offer.to == staff_id:
        withdraw_offer(draft)
    for task in [each for each in state.tasks.values() if each.assignee == staff_id]:
        draft.close_task(task.key, how="moved_on")
    if state.owner == staff_id:
        to_queue(draft, "conflict")
    _answers_no_more(draft, staff_id)


def person_left(draft: SupportDraft, fact: PersonLeft) -> None:
    """What was theirs goes to the queue in one step (E19)."""
    state = draft.state
    if state.offer is not None and state.offer.to == fact.staff_id:
        withdraw_offer(draft)
    if state.owner == fact.staff_id:
        draft.details["was"] = fact.staff_id
        to_queue(draft, draft.step.removeprefix("person-"))
    _answers_no_more(draft, fact.staff_id)


def person_away(draft: SupportDraft, fact: PersonAway) -> None:
    """Whoever stands in is found at each notice; what the absent had acknowledged is asked again (E3)."""
    draft.details["away"] = fact.staff_id
    if fact.begins_at <= draft.now < fact.ends_at:
        _answers_no_more(draft, fact.staff_id)


def _answers_no_more(draft: SupportDraft, staff_id: str) -> None:
    for deadline in draft.state.deadlines.values():
        if deadline.acknowledged is not None and deadline.acknowledged.by == staff_id:
            deadline.acknowledged = None
