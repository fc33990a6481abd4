"""What is looked at while somebody decides about a support case: words, scores, other cases of the person."""

from collections.abc import Mapping
from typing import Final

from office.case_parts import Side, beside, parts, words
from schemas.kernel.case import Command
from schemas.support import commands
from schemas.support.access import AnswerAccess, HandOver
from schemas.support.letters import WriteLetter

_REFERRAL: Final = beside(words, parts("level", "way", "anonymous", "scores", "same_person", "before"))
_WORK: Final = beside(words, parts("level", "unit", "owner", "contacts", "appointments"))

SIDES: Final[Mapping[type[Command], Side]] = {
    commands.Triage: _REFERRAL,
    commands.Rescore: _REFERRAL,
    commands.Advise: _REFERRAL,
    commands.Misdirect: _REFERRAL,
    commands.Link: _REFERRAL,
    commands.Assign: beside(words, parts("level", "unit", "owner", "consents", "ownership")),
    commands.Take: _WORK,
    commands.Accept: _WORK,
    commands.ReferOn: parts("unit", "owner", "consents"),
    commands.GiveConsent: parts("consents"),
    commands.WithdrawConsent: parts("consents"),
    commands.Disclose: parts("consents", "disclosures"),
    commands.RecordContact: parts("attempts", "contacts", "appointments"),
    commands.Rebook: parts("appointments"),
    commands.CancelAppointment: parts("appointments"),
    commands.Resolve: _WORK,
    commands.ConfirmCall: beside(words, parts("calls")),
    commands.DeclineCall: beside(words, parts("calls")),
    commands.StandDown: parts("pages", "contacts"),
    WriteLetter: beside(words, parts("consents", "contacts", "appointments", "scores")),
    AnswerAccess: beside(words, parts("access", "disclosures")),
    HandOver: parts("access"),
}
"""The words only for whom they are: the others see where the case stands."""
