"""What a person may choose in decisions about a round: for doors that let them choose.

Files and the hashes of lists stand in rows alone: `office/round/options.py` looks them up.
"""

from collections.abc import Callable, Mapping
from typing import Final

from schemas.kernel.payload import Payload
from schemas.round import commands, rejudgment
from schemas.round.dates import MoveDates
from schemas.round.disclosure import ColumnResult
from schemas.round.state import RoundState
from schemas.round.waitlist import ContactOutcome
from workflows.kernel.choices import Choice, Choices, coded, named
from workflows.round.disclosing import CHECK, columns_of
from workflows.round.ground import policy_of
from workflows.round.outputs import HAND_OVER, OF_RESULTS

MOVE_REASONS: Final = ("disaster", "epidemic", "transport", "system-failure", "other")
"""Why dates are moved."""
HOLD_REASONS: Final = ("score-missing", "score-wrong", "list-wrong", "disaster", "other")
"""Why a release is held."""


def _programmes(state: RoundState) -> Choices:
    return {"programme": named(state.programmes)}


def _lists(state: RoundState) -> Choices:
    """Those that are made where the round stands."""
    return {"programme": named(state.lists)}


def _frames(state: RoundState) -> Choices:
    rules = policy_of(state).rules
    return {"frame": named(frame.key for programme in rules.programmes for frame in programme.frames)}


def _columns_checked(state: RoundState) -> list[Choice]:
    """Those that are being checked, as their tasks name them."""
    return named(task.key.partition(":")[2] for task in state.tasks.values() if task.kind == CHECK)


CHOICES: Final[Mapping[type[Payload], Callable[[RoundState], Choices]]] = {
    commands.PrepareList: _lists,
    commands.RecordJudgement: _programmes,
    commands.ConfirmList: _lists,
    commands.SetOfferLimit: _frames,
    commands.RecordContact: lambda state: {
        **_programmes(state),
        **_frames(state),
        "outcome": coded(ContactOutcome),
    },
    commands.CompareOutput: lambda _state: {"output": named((*OF_RESULTS, HAND_OVER))},
    rejudgment.OpenRejudgment: lambda _state: {"error": coded(rejudgment.ErrorKind)},
    commands.DoubtScore: lambda state: {"part": named(columns_of(policy_of(state).rules))},
    commands.ConfirmColumn: lambda state: {
        "part": _columns_checked(state),
        "result": coded(ColumnResult),
    },
    MoveDates: lambda _state: {"reason": coded(MOVE_REASONS)},
    commands.HoldRelease: lambda _state: {"reason": coded(HOLD_REASONS)},
}
