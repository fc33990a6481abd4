"""What a person may choose in the decisions and facts about a support case: for doors that let them choose.

Who is out of a case is told to nobody: they stand among the others, and simply do not fit (E18).
"""

from collections.abc import Callable, Mapping
from typing import Final

from schemas.kernel.japan import TOKYO
from schemas.kernel.payload import Payload
from schemas.support import commands, facts
from schemas.support.access import AnswerAccess
from schemas.support.letters import WriteLetter
from schemas.support.roles import Role
from schemas.support.stages import Unit
from schemas.support.state import SupportState
from workflows.kernel.choices import Choice, Choices, StaffOf, Typed, coded, named
from workflows.support.clocks import policy_of

OWNERS: Final = (Role.COUNSELLOR, Role.LEAD, Role.HARASSMENT)
_ANYBODY: Final = StaffOf(())
_SCORES: Final = named(range(5))


def _scores(state: SupportState) -> Choices:
    return {"distress": _SCORES, "hostility": _SCORES, "kind": coded(policy_of(state).kinds)}


def _grounds(state: SupportState) -> Choices:
    return {"ground": coded(policy_of(state).disclosure_grounds)}


def _others(state: SupportState) -> StaffOf:
    """Who can have it beside who has it."""
    return StaffOf(OWNERS, frozenset({state.owner} if state.owner else ()))


def _receivers(state: SupportState) -> list[Choice]:
    return coded(dict.fromkeys((*Unit, *policy_of(state).disclosure_receivers)))


def _bookings(state: SupportState) -> Choices:
    booked = []
    for number, each in state.booked.items():
        words = f"{each.at.astimezone(TOKYO):%Y-%m-%d %H:%M}"
        booked.append(Choice(number, words, words))
    return {"booking": booked}


def _purposes(state: SupportState) -> Choices:
    return {"purpose": coded(policy_of(state).consent_purposes)}


def _consents(state: SupportState) -> Choices:
    return {"unit": coded(state.consents)}


def _page(state: SupportState) -> Choices:
    """Who is paged now, on which page."""
    return {"page": named([state.page] if state.page else [])}


def _cover(state: SupportState) -> Choices:
    return {"staff_id": _others(state), "closure": named(state.covers)}


def _investigators(state: SupportState) -> Choices:
    apart = {*state.investigators, *({state.owner} if state.owner else ())}
    return {"staff_id": StaffOf((Role.HARASSMENT,), frozenset(apart))}


def _anybody(_state: SupportState) -> Choices:
    """Any member of staff can be a person whom it is about."""
    return {"staff_id": _ANYBODY}


CHOICES: Final[Mapping[type[Payload], Callable[[SupportState], Choices]]] = {
    commands.Triage: _scores,
    commands.Rescore: _scores,
    commands.Misdirect: lambda state: {"code": coded(policy_of(state).misdirection_codes)},
    commands.Assign: lambda state: {"owner": StaffOf(OWNERS), **_grounds(state)},
    commands.Offer: lambda state: {"to": _others(state), **_grounds(state)},
    commands.ReferOn: _grounds,
    commands.NameConcerned: _anybody,
    commands.NameAccused: _anybody,
    commands.NamePartyHead: _anybody,
    commands.NameInterpreter: lambda _state: {"interpreter": Typed()},
    commands.NameCover: _cover,
    commands.GiveConsent: _purposes,
    facts.ConsentGiven: _purposes,
    commands.WithdrawConsent: _consents,
    facts.ConsentWithdrawn: _consents,
    commands.Disclose: lambda state: {
        "code": coded(policy_of(state).disclosure_grounds),
        "to": _receivers(state),
    },
    commands.Resolve: lambda state: {"code": coded(policy_of(state).resolution_codes)},
    commands.Rebook: _bookings,
    commands.CancelAppointment: _bookings,
    facts.AppointmentMissed: _bookings,
    facts.PageAnswered: _page,
    facts.PageFailed: _page,
    commands.Investigate: _investigators,
    commands.StandDown: lambda _state: {"owner": StaffOf(OWNERS)},
    WriteLetter: lambda state: {"unit": _receivers(state), **_grounds(state)},
    AnswerAccess: lambda state: {"ground": coded(policy_of(state).access_grounds)},
}
