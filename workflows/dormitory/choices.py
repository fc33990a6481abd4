"""What a person may choose in decisions and facts about a house: for doors that let them choose.

Beds, rooms and who has them stand in the ledger alone: `office/dormitory/options.py` looks them up.
"""

from collections.abc import Callable, Mapping
from typing import Final

from schemas.dormitory import commands, facts
from schemas.dormitory.state import DormitoryState
from schemas.kernel.payload import Payload
from workflows.dormitory.ground import policy_of
from workflows.kernel.choices import Choice, Choices, coded, named


def _hash(state: DormitoryState) -> Choices:
    return {"hash": named([state.list_hash] if state.list_hash else [])}


def _swaps(state: DormitoryState) -> Choices:
    """The swaps that wait for an answer, and those who have not answered."""
    swaps = [Choice(name, " ⇄ ".join(each[:2]), " ⇄ ".join(each[:2])) for name, each in state.swaps.items()]
    waiting = [case for each in state.swaps.values() for case in each[:2] if case not in each[2:]]
    return {"swap": swaps, "mobility": named(dict.fromkeys(waiting))}


CHOICES: Final[Mapping[type[Payload], Callable[[DormitoryState], Choices]]] = {
    commands.Draw: lambda state: {"seed": named([state.seed] if state.seed else [])},
    commands.ConfirmRun: _hash,
    commands.Offer: _hash,
    commands.AnswerSwap: _swaps,
    facts.SwapAnswered: _swaps,
    commands.Relocate: lambda state: {"reason": coded(policy_of(state).relocate_reasons)},
    commands.CloseRoom: lambda state: {"reason": coded(policy_of(state).closing_reasons)},
    commands.Revoke: lambda state: {"reason": coded(policy_of(state).revoke_reasons)},
}
