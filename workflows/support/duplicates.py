"""Two cases that are one: proposed, linked by a person, undone within days; both stay (S11).

Each case is written by its own workflow alone: what one decides reaches the other as a fact that is stored
with the decision. Which cases are linked is one table of the database, which has no room for a circle.
Rule numbers are those of docs/processes/support.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from schemas.kernel.deadlines import Deadline
from schemas.support.commands import Link, Unlink
from schemas.support.facts import CaseLinked, CaseUnlinked, LinkTaken
from schemas.support.lookups import LinkFound, MemberFound
from schemas.support.records import ConcernedNoMore, Linked, Unlinked
from schemas.support.roles import Role
from schemas.support.stages import Stage
from workflows.kernel import deadlines as counting
from workflows.kernel.draft import BY_HAND
from workflows.kernel.lifecycle import By, step
from workflows.kernel.process import EventKind
from workflows.support import access, clocks, crisis, guardians, ownership
from workflows.support.clocks import SupportDraft, policy_of

REVIEW: Final = "review-duplicate"
NOT_TAKEN: Final = "review-link"
READERS: Final = "review-readers"
TAKEN_ALONG: Final = (clocks.WELFARE_CHECK, guardians.TELL, guardians.CALL)
"""Tasks that the case goes on with that goes on."""
HANDED_ON: Final = (
    "appointment-missed",
    "early-alert",
    "message-arrived",
    "message-bounced",
    "outside-emergency",
)
"""What a linked case is still told goes to the other one; who left and who died concerns each by itself."""


def looked_at(_draft: SupportDraft) -> None:
    """Somebody has looked, and nothing follows."""


_OWN: Final = ("link-taken", "person-left", "person-moved", "person-away", "calendar-changed")
"""What concerns a linked case by itself."""
COMPLETED: Final = dict.fromkeys((REVIEW, NOT_TAKEN, READERS), looked_at)
LINES: Final = (
    step("link-over", at=[Stage.LINKED], by=By.CLOCK),
    step("link-unanswered", at=[Stage.LINKED], by=By.CLOCK),
    *(step(name, at=[Stage.LINKED], by=By.EVENT) for name in (*HANDED_ON, *_OWN)),
    step("student-left", at=[Stage.LINKED], by=By.EVENT, to=[Stage.LEFT]),
    step("student-deceased", at=[Stage.LINKED], by=By.EVENT, to=[Stage.DECEASED]),
    step("case-linked", at=[Stage.TRIAGED, Stage.REFERRED_ON], by=By.EVENT, to=[Stage.ASSIGNED]),
    step("case-linked", at=[Stage.RESOLVED], by=By.EVENT, to=[Stage.REOPENED]),
)
"""Lines of the table that a link alone needs."""
_KEPT: Final = (clocks.UNLINK, clocks.LINK_TAKEN, *clocks.BY_LEVEL)


def propose(draft: SupportDraft, others: tuple[str, ...]) -> None:
    """The same person has an open case already: somebody looks whether it is the same matter."""
    if others:
        draft.open_task(REVIEW, Role.TRIAGE, keep=True)


def link(draft: SupportDraft, command: Link) -> None:
    """The other case goes on: with the higher level, the earlier due times, and an owner."""
    state = draft.state
    crisis.require_none(draft)
    draft.require(command.reason_id is not None, "reason-missing")
    # the desk sees no other case, and nobody else sees the desk's (E17)
    draft.require(not state.desk, "link-unknown")
    # the student would come, and nobody would know
    draft.require(not any(each.at > draft.now for each in state.booked.values()), "appointment-ahead")
    draft.require(command.into != state.case_id, "link-itself")
    asked = {"case_id": state.case_id, "other": command.into, "staff_id": draft.actor.id}
    found = draft.look_up("link", **asked)
    # one that may not be opened is none: who asks learns nothing of it
    draft.require(found is not None, "link-unknown")
    other = LinkFound.model_validate(found)
    draft.require(other.open, "link-ended")
    # strangers are never merged by a likeness: a person has made sure
    draft.require(other.same_person is True or command.same_person, "other-person")
    told = CaseLinked(
        case=state.case_id,
        level=state.level,
        due=_promised(draft),
        unit=state.unit,
        owner=state.owner,
        shut_out=other.shut_out,
        tasks=tuple(kind for kind in TAKEN_ALONG if kind in state.tasks),
    )
    draft.record(Linked(survivor=command.into, evidence_id=command.reason_id or ""))
    draft.tell(command.into, "case-linked", told)
    draft.details["case"] = state.linked_to = command.into
    draft.goto(Stage.LINKED)


def _promised(draft: SupportDraft) -> dict[str, datetime]:
    running = draft.state.deadlines
    return {
        clock: running[clock].due_at
        for clock in clocks.BY_LEVEL
        if clock in running and running[clock].paused_at is None
    }


def enter_linked(draft: SupportDraft) -> None:
    """Nothing is due here any more, and what was left of its clocks is kept for who takes it back."""
    state = draft.state
    ownership.withdraw_offer(draft)
    for task in [task for task in state.tasks.values() if task.kind not in BY_HAND | access.OUTLASTING]:
        draft.close_task(task.key, how="moved_on")
    for name in [name for name in state.deadlines if name not in _KEPT and name not in access.OUTLASTING]:
        draft.stop_deadline(name, how="cancelled")
    clocks.pause(draft, clocks.BY_LEVEL)
    policy = policy_of(state)
    draft.start_deadline(clocks.UNLINK, policy.unlink)
    draft.start_deadline(clocks.LINK_TAKEN, policy.link_taken)


def unlink(draft: SupportDraft, command: Unlink) -> None:
    """It goes on where it was, with the rest of its clocks; who may have read both is listed."""
    state = draft.state
    draft.require(command.reason_id is not None, "reason-missing")
    other = state.linked_to or ""
    draft.record(Unlinked(reason_id=command.reason_id or ""))
    draft.tell(other, "case-unlinked", CaseUnlinked(case=state.case_id))
    draft.details["case"], state.linked_to = other, None
    before = state.path[-2]
    clocks.resume(draft, clocks.BY_LEVEL)
    if before == Stage.REFERRED or state.owner is None:
        draft.goto(Stage.REFERRED if before == Stage.REFERRED else Stage.TRIAGED)
    else:
        draft.goto(Stage.REOPENED)
    draft.open_task(READERS, Role.HEAD, keep=True)


def link_is_final(draft: SupportDraft, _deadline: Deadline) -> None:
    """Nobody has taken it back: the case ends as what it is."""
    draft.end(Stage.LINKED)


def link_not_taken(draft: SupportDraft, _deadline: Deadline) -> None:
    """The other case may have ended at that very moment: somebody looks, or takes the link back."""
    draft.open_task(NOT_TAKEN, Role.TRIAGE, keep=True)


def link_taken(draft: SupportDraft, fact: LinkTaken) -> None:
    """The other case goes on for this one."""
    draft.details["case"] = fact.case
    if draft.state.linked_to == fact.case:
        draft.stop_deadline(clocks.LINK_TAKEN)
        draft.close_task(NOT_TAKEN)


def case_linked(draft: SupportDraft, fact: CaseLinked) -> None:
    """What was promised there is promised here; whoever was kept out there is kept out here."""
    state = draft.state
    draft.details["case"] = fact.case
    out = draft.look_up("shut-out", case_id=state.case_id)
    state.links[fact.case] = [who for who in fact.shut_out if who not in out]
    for who in state.links[fact.case]:
        ownership.shut_out(draft, who)
    if fact.level < state.level:
        clocks.change_level(draft, fact.level)
    for clock, due_at in fact.due.items():
        _promise(draft, clock, due_at)
    for kind in fact.tasks:
        draft.open_task(kind, Role.LEAD, keep=True)
    _find_owner(draft, fact)
    if state.stage == Stage.RESOLVED:
        draft.goto(Stage.REOPENED)
    elif state.owner is not None:
        draft.notify("case-news", f"staff:{state.owner}|role:{Role.LEAD}")
    draft.tell(fact.case, "link-taken", LinkTaken(case=state.case_id))


def _promise(draft: SupportDraft, clock: str, due_at: datetime) -> None:
    state = draft.state
    if clock in (clocks.FIRST_RESPONSE, clocks.UPDATE):
        # whom we have spoken to waits for news, and who waits for news there waits for the first word here
        clock = clocks.FIRST_RESPONSE if state.responded_at is None else clocks.UPDATE
    if clock == clocks.TRIAGE and clock not in state.deadlines:
        return
    running = state.deadlines.get(clock)
    if running is None:
        policy = clocks.policy_for(draft, clock)
        draft.start_deadline(clock, policy, due_at=max(due_at, draft.now), keep=True)
    elif running.paused_at is None and due_at < running.due_at:
        counting.move(running, due_at, draft.now, draft.calendar_called(running.calendar))
        draft.change_deadline(running, "running")


def _find_owner(draft: SupportDraft, fact: CaseLinked) -> None:
    """Its own stays; where there is none, who had the other one goes on (freescout 2685: owner lost)."""
    state = draft.state
    if state.owner is not None or fact.owner is None or fact.unit is None or fact.owner in fact.shut_out:
        return
    terms = {"case_id": state.case_id, "unit": fact.unit, "staff_id": fact.owner}
    member = MemberFound.model_validate(draft.look_up("member", **terms))
    if not member.of_unit or member.concerned:
        return
    if state.stage == Stage.REFERRED:
        draft.goto(Stage.TRIAGED)
    ownership.give(draft, fact.unit, fact.owner, why="linked")
    if state.stage in (Stage.TRIAGED, Stage.REFERRED_ON):
        draft.goto(Stage.ASSIGNED)


def case_unlinked(draft: SupportDraft, fact: CaseUnlinked) -> None:
    """Whoever was kept out on its account alone may see the case again; what was promised stays."""
    draft.details["case"] = fact.case
    for staff_id in draft.state.links.pop(fact.case, []):
        draft.record(ConcernedNoMore(staff_id=staff_id))


EXPIRIES: Final = {
    clocks.UNLINK: ("link-over", link_is_final),
    clocks.LINK_TAKEN: ("link-unanswered", link_not_taken),
}
EVENTS: Final = {
    "case-linked": EventKind("case-linked", CaseLinked, case_linked, between_cases=True),
    "case-unlinked": EventKind("case-unlinked", CaseUnlinked, case_unlinked, between_cases=True),
    "link-taken": EventKind("link-taken", LinkTaken, link_taken, between_cases=True),
}


def handed_on(events: Mapping[str, EventKind]) -> dict[str, EventKind]:
    """Facts that a linked case hands on to the one that goes on; it is not woken by them (frappe 2539)."""
    return {
        name: replace(kind, apply=_handing_on(name, kind.apply)) if name in HANDED_ON else kind
        for name, kind in events.items()
    }


def _handing_on(name: str, apply: Callable[[SupportDraft, Any], None]) -> Callable[[SupportDraft, Any], None]:
    def rule(draft: SupportDraft, fact: Any) -> None:
        if draft.state.stage == Stage.LINKED and draft.state.linked_to is not None:
            draft.details["case"] = draft.state.linked_to
            draft.tell(draft.state.linked_to, name, fact)
        else:
            apply(draft, fact)

    return rule
