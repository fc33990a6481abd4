"""What a person may choose in the decisions and facts about a mobility: for doors that let them choose."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from schemas.exchange import commands, facts
from schemas.exchange.roles import Role
from schemas.exchange.state import ExchangeState
from schemas.kernel.payload import Payload
from workflows.exchange.dates import policy_of
from workflows.kernel.choices import Choice, Choices, StaffOf, coded, named

ASKED_IN_VAIN: Final = ("student", "partner", "family", "house", "embassy")
"""Whom somebody asks before a student is declared gone."""


def _revision(state: ExchangeState) -> Choices:
    """Who decides has seen the revision that is shown; with a later one the decision is refused."""
    return {"version": named([state.revision])}


def _with(name: str, codes: Callable[[ExchangeState], tuple[str, ...]]) -> Callable[[ExchangeState], Choices]:
    return lambda state: {**_revision(state), name: coded(codes(state))}


def _plan(state: ExchangeState) -> Choices:
    if state.plan is None:
        return {"version": [], "sha256": []}
    content = state.plan.content
    return {
        "version": named([state.plan.version]),
        "sha256": [Choice(content, content[:12], content[:12])],
    }


def _months(state: ExchangeState) -> Choices:
    """The months of the stay for which nobody has signed."""
    first, last = state.arrived_on or state.first, state.last
    if first is None or last is None:
        return {"month": []}
    return {"month": named(each for each in _months_of(first, last) if each not in state.confirmed)}


def _months_of(first: date, last: date) -> list[str]:
    start, end = first.year * 12 + first.month - 1, last.year * 12 + last.month - 1
    return [f"{number // 12}-{number % 12 + 1:02}" for number in range(start, end + 1)]


def _advisors(state: ExchangeState) -> Choices:
    return {"advisor": StaffOf((Role.ADVISOR,), frozenset(each.staff_id for each in state.advisors))}


def _tutors(state: ExchangeState) -> Choices:
    return {"tutor": StaffOf((Role.TUTOR,), frozenset({state.tutor} if state.tutor else ()))}


def _unpaid(state: ExchangeState) -> Choices:
    return {"month": named(each for each in state.confirmed if each not in state.paid)}


def _batch(state: ExchangeState) -> Choices:
    return {"batch": named([state.coe_batch] if state.coe_batch else [])}


def _ports(state: ExchangeState) -> Choices:
    return {"port": coded(policy_of(state).ports)}


def _proofs(state: ExchangeState) -> Choices:
    return {"item": coded(state.asked_for)}


def _reasons(state: ExchangeState) -> Choices:
    return {"reason": coded(policy_of(state).withdraw_reasons)}


def _contacts(_state: ExchangeState) -> Choices:
    return {"contacts": coded(ASKED_IN_VAIN)}


CHOICES: Final[Mapping[type[Payload], Callable[[ExchangeState], Choices]]] = {
    commands.Verify: _revision,
    commands.ReturnNomination: _with("reason", lambda state: policy_of(state).return_reasons),
    commands.Reject: _with("reason", lambda state: policy_of(state).reject_reasons),
    commands.Waitlist: _with("reason", lambda state: policy_of(state).wait_reasons),
    commands.Validate: _revision,
    commands.Accept: _revision,
    commands.AcknowledgeChange: _revision,
    commands.ReleaseTranscript: _revision,
    commands.Withdraw: _reasons,
    facts.StudentWithdrew: _reasons,
    commands.AskAdvisor: _advisors,
    commands.AssignTutor: _tutors,
    commands.PlanArrival: _ports,
    facts.ArrivalPlanned: _ports,
    facts.ArrivalDelayed: _ports,
    commands.RecordProof: _proofs,
    facts.ProofReceived: _proofs,
    commands.RecordSignature: _months,
    facts.EnrolmentSigned: _months,
    facts.MonthPaid: _unpaid,
    facts.CoeResult: _batch,
    commands.SignAgreement: _plan,
    facts.AgreementSigned: _plan,
    facts.AgreementCommented: lambda state: {"version": _plan(state)["version"]},
    commands.Excuse: lambda state: {"ground": coded(policy_of(state).early_grounds)},
    commands.DeclareNoShow: _contacts,
    commands.DeclareMissing: _contacts,
}
