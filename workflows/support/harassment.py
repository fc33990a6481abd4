"""What the harassment desk decides: parties, who investigates, and contact with the accused (E17).

Rule numbers are those of docs/processes/support.md.
"""

from collections.abc import Callable
from typing import Any, Final

from schemas.kernel.case import Command
from schemas.support.commands import (
    AllowContact,
    ContactAccused,
    ForbidContact,
    Investigate,
    NameAccused,
    NamePartyHead,
)
from schemas.support.lookups import InvestigatorFound
from schemas.support.records import DeskNoted
from schemas.support.roles import Role
from schemas.support.stages import Crisis, Stage
from schemas.support.state import ContactAllowed
from workflows.kernel.lifecycle import Step, step
from workflows.support import clocks, crisis, ownership
from workflows.support.clocks import SupportDraft

_DESK: Final = frozenset({Role.HARASSMENT})
_NAMES: Final = (NameAccused.step, NamePartyHead.step)


def steps(living: tuple[str, ...]) -> tuple[Step, ...]:
    """Its lines of the table."""
    others = (AllowContact.step, ForbidContact.step, ContactAccused.step, Investigate.step)
    return (
        *(step(name, at=living, by=_DESK, to=[Stage.TRIAGED]) for name in _NAMES),
        *(step(name, at=living, by=_DESK) for name in others),
    )


def crisis_steps(at: tuple[str, ...]) -> tuple[Step, ...]:
    """Who attends to a crisis may be named: it is paged anew."""
    return tuple(step(name, at=at, by=_DESK, to=[Crisis.OPEN]) for name in _NAMES)


def name_accused(draft: SupportDraft, command: NameAccused) -> None:
    """The accused is a party of the case; a member of staff is out of it at once (E18)."""
    _require_desk(draft)
    named = {"staff_id": command.staff_id, "person": command.person, "note_id": command.note_id}
    draft.require(any(each is not None for each in named.values()), "accused-unnamed")
    of_staff = {command.staff_id} if command.staff_id is not None else set()
    if command.person is not None:
        of_staff |= set(draft.look_up("staff-by-key", person=command.person))
    draft.state.accused = True
    draft.record(DeskNoted(what="accused", **named))
    for staff_id in sorted(of_staff):
        _shut_out(draft, staff_id)


def name_party_head(draft: SupportDraft, command: NamePartyHead) -> None:
    """Who heads the unit of a party sits out."""
    _require_desk(draft)
    draft.record(DeskNoted(what="head", staff_id=command.staff_id))
    _shut_out(draft, command.staff_id)


def _shut_out(draft: SupportDraft, staff_id: str) -> None:
    state = draft.state
    state.investigators = [each for each in state.investigators if each != staff_id]
    ownership.shut_out(draft, staff_id)
    crisis.page_again(draft, staff_id)


def allow_contact(draft: SupportDraft, command: AllowContact) -> None:
    """Whoever complains agrees; none by default."""
    _require_desk(draft)
    until = draft.ahead(command.until)
    draft.state.accused_contact = ContactAllowed(form=command.form, since=draft.now, until=until)
    draft.details.update(form=command.form, until=until.isoformat())
    draft.record(DeskNoted(what="contact-allowed", code=command.form, until=until))


def forbid_contact(draft: SupportDraft, _command: ForbidContact) -> None:
    """From now on nobody contacts the accused; that it was allowed stays on record."""
    _require_desk(draft)
    draft.require(draft.state.accused_contact is not None, "contact-not-allowed")
    draft.state.accused_contact = None
    draft.record(DeskNoted(what="contact-forbidden"))


def contact_accused(draft: SupportDraft, command: ContactAccused) -> None:
    """Only while whoever complains agrees; it is no contact with the student, and answers no clock."""
    _require_desk(draft)
    draft.require(draft.state.accused, "no-accused")
    allowed = draft.state.accused_contact
    draft.require(
        allowed is not None and allowed.since <= draft.happened_at < allowed.until, "contact-not-allowed"
    )
    code = f"{command.channel}/{command.outcome}"
    draft.details["contact"] = code
    draft.record(DeskNoted(what="accused-contacted", code=code, note_id=command.note_id))
    if draft.state.owner == draft.actor.id:
        clocks.owner_acts(draft)


def investigate(draft: SupportDraft, command: Investigate) -> None:
    """Who has counselled in a case does not investigate it; nor does who has it now."""
    _require_desk(draft)
    state, who = draft.state, command.staff_id
    draft.require(who != state.owner, "investigator-counselled", staff_id=who)
    found = InvestigatorFound.model_validate(
        draft.look_up("investigator", case_id=state.case_id, staff_id=who)
    )
    # who is concerned is not told to anybody: such a person simply does not fit
    draft.require(found.of_desk and not found.concerned, "investigator-unfit", staff_id=who)
    draft.require(not found.counselled, "investigator-counselled", staff_id=who)
    if who not in state.investigators:
        state.investigators.append(who)
        draft.record(DeskNoted(what="investigator", staff_id=who))
        draft.notify("case-news", f"staff:{who}")


def _require_desk(draft: SupportDraft) -> None:
    draft.require(draft.state.desk, "not-with-desk")


DECISIONS: Final[dict[type[Command], Callable[[SupportDraft, Any], None]]] = {
    NameAccused: name_accused,
    NamePartyHead: name_party_head,
    AllowContact: allow_contact,
    ForbidContact: forbid_contact,
    ContactAccused: contact_accused,
    Investigate: investigate,
}
