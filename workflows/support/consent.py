"""What the student allows which unit to see, and what is told without that.

Rule numbers are those of docs/processes/support.md.
"""

from schemas.kernel.deadlines import Deadline, DeadlinePolicy
from schemas.support.commands import Disclose, GiveConsent, WithdrawConsent
from schemas.support.facts import ConsentGiven, ConsentWithdrawn
from schemas.support.records import Consented, ConsentEnded
from schemas.support.stages import LIVING_WITH_OWNER, Unit
from schemas.support.state import Consent
from workflows.support import clocks, grounds, ownership
from workflows.support.clocks import SupportDraft, policy_of


def give(draft: SupportDraft, said: GiveConsent | ConsentGiven) -> None:
    """From now on the unit sees that much of the case, for that purpose, until that day (P7)."""
    state, until = draft.state, draft.ahead(said.until)
    purposes = policy_of(state).consent_purposes
    draft.require(said.purpose in purposes, "unknown-code", given=said.purpose, known=", ".join(purposes))
    state.consents[said.unit] = Consent(
        content=said.content, purpose=said.purpose, form=said.form, until=until
    )
    draft.details.update(unit=said.unit, content=said.content, purpose=said.purpose, form=said.form)
    draft.record(
        Consented(unit=said.unit, content=said.content, purpose=said.purpose, form=said.form, until=until)
    )
    draft.start_deadline(clocks.CONSENT, DeadlinePolicy(days=0), whose=said.unit, due_at=until, keep=True)


def withdraw(draft: SupportDraft, said: WithdrawConsent | ConsentWithdrawn) -> None:
    """It holds no more from this moment; who had it is told, and that it was given stays on record (P7)."""
    draft.require(said.unit in draft.state.consents, "no-consent", unit=said.unit)
    _end(draft, said.unit, "withdrawn")


def over(draft: SupportDraft, deadline: Deadline) -> None:
    """Its time is over."""
    _end(draft, Unit(deadline.name.partition(":")[2]), "over")


def _end(draft: SupportDraft, unit: Unit, how: str) -> None:
    state = draft.state
    del state.consents[unit]
    draft.stop_deadline(f"{clocks.CONSENT}:{unit}", how="cancelled" if how == "withdrawn" else "expired")
    draft.details.update(unit=unit, how=how)
    draft.notify("consent-ended", f"staff-of:unit:{unit}")
    draft.record(ConsentEnded(unit=unit, how=how))
    if state.offer is not None and state.offer.unit == unit:
        ownership.withdraw_offer(draft)
    giver, state.giver = (state.giver, None) if state.unit == unit else (None, state.giver)
    if giver is not None and state.stage in LIVING_WITH_OWNER:
        # handed over by it: back to the giver
        ownership.back_to(draft, giver, "consent-ended")


def disclose(draft: SupportDraft, command: Disclose) -> None:
    """Told to somebody outside what the student allows: on the list, with its reason, on record (P4)."""
    ownership.require_owner(draft)
    receivers = policy_of(draft.state).disclosure_receivers
    draft.require(command.to in receivers, "unknown-code", given=command.to, known=", ".join(receivers))
    grounds.note(draft, command.code, command.to, command.reason_id)
    clocks.owner_acts(draft)
