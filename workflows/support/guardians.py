"""Guardians, and contacts of the student: told or called only as law and two people allow (S17).

A student is an adult at 18; who guarantees their fees is no guardian. When a student comes of age stands in
the database alone, and each step asks whether they are under 18 at its own moment.
Rule numbers are those of docs/processes/support.md.
"""

from typing import Final

from schemas.kernel.refusals import Refusal
from schemas.support.commands import ConfirmCall, DeclineCall, ProposeCall, TellGuardian
from schemas.support.people import Relation
from schemas.support.records import CallDecided, GuardianTold
from schemas.support.roles import Role
from schemas.support.state import CallProposed
from workflows.support.clocks import SupportDraft

TELL: Final = "tell-guardian"
DECIDE: Final = "decide-call"
CALL: Final = "call-contact"


def ask_to_tell(draft: SupportDraft) -> None:
    """Guardians of somebody under 18 are told, unless that endangers them: a person decides."""
    draft.open_task(TELL, Role.LEAD, keep=True)


def tell_guardian(draft: SupportDraft, command: TellGuardian) -> None:
    """Told, or not told for a reason; of an adult nobody is."""
    if command.told:
        draft.require(command.relation is not None, "relation-missing")
        draft.require(command.relation is not Relation.GUARANTOR, "guarantor-no-guardian")
    else:
        draft.require(command.reason_id is not None, "reason-missing")
    draft.require(_under_age(draft), "student-of-age")
    draft.details["told"] = command.told
    draft.record(GuardianTold(told=command.told, relation=command.relation, reason_id=command.reason_id))
    draft.close_task(TELL)


def of_age_meanwhile(draft: SupportDraft) -> None:
    """The task is off the list without anybody told only when the student is an adult by now."""
    draft.require(not _under_age(draft), "student-under-age")


def _under_age(draft: SupportDraft) -> bool:
    under: bool = draft.look_up("under-age", case_id=draft.state.case_id, at=draft.now.isoformat())
    return under


def propose_call(draft: SupportDraft, command: ProposeCall) -> None:
    """One senior person proposes; until another one decides, nobody is called."""
    draft.require(command.reason_id is not None, "reason-missing")
    draft.require(draft.state.call is None, "call-proposed")
    draft.state.call = CallProposed(contact=command.contact, by=draft.actor.id)
    draft.details.update(contact=command.contact, reason_id=command.reason_id)
    draft.open_task(DECIDE, Role.HEAD, keep=True)
    draft.notify("decide-call", f"role:{Role.HEAD}")


def confirm_call(draft: SupportDraft, command: ConfirmCall) -> None:
    """Two have decided: somebody calls."""
    proposed = _proposed(draft)
    draft.require(proposed.by != draft.actor.id, "second-person-needed")
    _decided(draft, proposed, command.reason_id, confirmed=True)
    draft.open_task(CALL, Role.LEAD, keep=True)


def decline_call(draft: SupportDraft, command: DeclineCall) -> None:
    """Nobody is called; whoever has proposed it may take it back too."""
    proposed = _proposed(draft)
    draft.require(command.reason_id is not None, "reason-missing")
    _decided(draft, proposed, command.reason_id, confirmed=False)


def _proposed(draft: SupportDraft) -> CallProposed:
    proposed = draft.state.call
    if proposed is None:
        raise Refusal("no-call-proposed")
    return proposed


def _decided(draft: SupportDraft, proposed: CallProposed, reason_id: str | None, *, confirmed: bool) -> None:
    draft.details.update(contact=proposed.contact, proposed_by=proposed.by, confirmed=confirmed)
    draft.record(
        CallDecided(
            contact=proposed.contact, proposed_by=proposed.by, reason_id=reason_id, confirmed=confirmed
        )
    )
    draft.state.call = None
    draft.close_task(DECIDE)


def called(_draft: SupportDraft) -> None:
    """The contact was called: what was said is recorded as the contact's own."""


COMPLETED: Final = {TELL: of_age_meanwhile, CALL: called}
