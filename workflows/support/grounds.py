"""On which ground a case goes to another unit, or something of it to others: consent, or the rule's list.

Rule numbers are those of docs/processes/support.md.
"""

from schemas.support.records import Disclosed
from schemas.support.stages import Unit
from schemas.support.state import Giver
from workflows.support.clocks import SupportDraft, policy_of


def require(draft: SupportDraft, unit: Unit, ground: str | None, reason_id: str | None) -> None:
    """Let a case go to another unit: one of the house, by consent, or for a reason of the list (P4, P7)."""
    state, policy = draft.state, policy_of(draft.state)
    if unit == state.unit or unit in policy.own_units:
        return
    if unit in state.consents:
        state.giver = Giver(unit=state.unit, owner=state.owner)
        return
    draft.require(ground is not None, "no-consent", unit=unit)
    note(draft, str(ground), unit, reason_id)


def note(draft: SupportDraft, ground: str, to: str, reason_id: str | None) -> None:
    """Something is told outside what the student allows: on the list, with its reason, on record (P4)."""
    known = policy_of(draft.state).disclosure_grounds
    draft.require(ground in known, "unknown-code", given=ground, known=", ".join(known))
    draft.require(reason_id is not None, "reason-missing")
    draft.details.update(ground=ground, to=to)
    draft.record(Disclosed(ground=ground, to=to, reason_id=str(reason_id)))
