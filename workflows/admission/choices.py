"""What a person may choose in decisions and facts about an application: for doors that let them choose."""

from collections.abc import Callable, Mapping
from typing import Final

from schemas.admission.commands import (
    AssignReviewers,
    CastVote,
    JudgeConflict,
    PermitLate,
    RecordDecision,
    ReleaseReviewer,
    ResolveDuplicate,
    SubmitScores,
    Withdraw,
)
from schemas.admission.facts import ItemFact, WithdrawalRequested
from schemas.admission.roles import Role
from schemas.admission.stages import Choice as Vote
from schemas.admission.stages import Stage
from schemas.admission.state import AdmissionState
from schemas.kernel.payload import Payload
from workflows.admission.intake import permittable, policy_of
from workflows.admission.outcome import DECISIONS
from workflows.kernel.choices import Choice, Choices, StaffOf, coded, named

_BESIDE_PARTS: Final = {
    "application": ("出願そのもの", "the application itself"),
    "post": ("郵送書類", "the post"),
    "offer-reply": ("合格への回答", "the answer to the offer"),
    "accommodation": ("受験上の配慮の申請", "the request for exam adjustments"),
}


def _scores(state: AdmissionState) -> Choices:
    return {
        "points": [
            Choice(
                each.key,
                each.name_ja,
                each.name_en,
                note=(f"重み {each.weight:g}", f"weight {each.weight:g}"),
                bounds=(each.minimum, each.maximum),
            )
            for each in policy_of(state).review.criteria
        ]
    }


def _late(state: AdmissionState) -> Choices:
    names = {each.key: (each.name_ja, each.name_en) for each in policy_of(state).items} | _BESIDE_PARTS
    names |= {f"score:{who}": (f"採点（{who}）", f"the scores of {who}") for who in state.reviews}
    return {"item": [Choice(key, *names[key]) for key in permittable(state)]}


def _items(state: AdmissionState) -> Choices:
    return {"item": [Choice(each.key, each.name_ja, each.name_en) for each in policy_of(state).items]}


def _reasons(state: AdmissionState) -> Choices:
    return {"reason": coded(policy_of(state).withdrawal_reasons)}


def _votes(state: AdmissionState) -> Choices:
    """A tied committee is asked for its chair's casting vote, and for no other."""
    if "casting-vote" in state.tasks:
        return {"choice": coded((Vote.ADMIT, Vote.REJECT)), "casting": [Choice("yes", "はい", "yes")]}
    return {"casting": [Choice("no", "いいえ", "no")]}


def _decisions(state: AdmissionState) -> Choices:
    here = DECISIONS.get(state.stage, ())
    if state.stage == Stage.RANKED and state.result is Vote.REJECT:
        here = ("rejected",)
    return {"decision": coded(here)}


def _releasable(state: AdmissionState) -> Choices:
    going = [name for name, each in state.reviews.items() if each.active and each.state != "scored"]
    return {"reviewer": named(going)}


def _judgeable(state: AdmissionState) -> Choices:
    return {
        "member": [
            Choice(each.member, each.member, each.member, note=(each.near, each.near))
            for each in state.committee
            if each.near is not None
        ]
    }


CHOICES: Final[Mapping[type[Payload], Callable[[AdmissionState], Choices]]] = {
    AssignReviewers: lambda state: {"reviewers": StaffOf((Role.REVIEWER,), frozenset(state.reviews))},
    CastVote: _votes,
    ItemFact: _items,
    JudgeConflict: _judgeable,
    PermitLate: _late,
    RecordDecision: _decisions,
    ReleaseReviewer: _releasable,
    ResolveDuplicate: lambda state: {"duplicate_of": coded(state.duplicates)},
    SubmitScores: _scores,
    Withdraw: _reasons,
    WithdrawalRequested: _reasons,
}
