"""Letters of referral: what goes to another unit, or to a hospital, on paper (P4, P7).

Rule numbers are those of docs/processes/support.md.
"""

from typing import Final

from schemas.support.letters import LetterPart, WriteLetter
from schemas.support.records import Disclosed
from schemas.support.stages import Content, Unit
from workflows.support import clocks, grounds, ownership
from workflows.support.clocks import SupportDraft, policy_of

BY_CONSENT: Final = "consent"
"""The ground on record where the student allows it."""
_ALLOWS: Final = {
    Content.CASE: {LetterPart.CASE},
    Content.WORK: {LetterPart.CASE, LetterPart.CONTACTS, LetterPart.APPOINTMENTS, LetterPart.SCORES},
    Content.PERSONAL: set(LetterPart),
}


def write(draft: SupportDraft, command: WriteLetter) -> None:
    """By consent no more than it covers; otherwise on a ground; it is on record as told either way."""
    ownership.require_owner(draft)
    state, receivers = draft.state, policy_of(draft.state).disclosure_receivers
    known = (*Unit, *receivers)
    draft.require(command.unit in known, "unknown-code", given=command.unit, known=", ".join(known))
    draft.require(bool(command.parts) or command.remark_id is not None, "letter-empty")
    draft.require(command.reason_id is not None, "reason-missing")
    # what is written later is what was decided
    draft.details.update(parts=list(command.parts), remark_id=command.remark_id)
    if command.ground is not None:
        grounds.note(draft, command.ground, command.unit, command.reason_id)
    else:
        consent = next((each for unit, each in state.consents.items() if unit == command.unit), None)
        draft.require(consent is not None, "no-consent", unit=command.unit)
        allowed = _ALLOWS[consent.content] if consent is not None else set()
        # words say whatever they say
        personal = command.remark_id is None or allowed == set(LetterPart)
        draft.require(personal and allowed.issuperset(command.parts), "beyond-consent")
        draft.details.update(ground=BY_CONSENT, to=command.unit)
        draft.record(Disclosed(ground=BY_CONSENT, to=command.unit, reason_id=command.reason_id or ""))
    clocks.owner_acts(draft)
