"""What becomes of each sample student, by chance that is seeded, and in which endings that may be."""

import random
from dataclasses import dataclass
from typing import Final

from schemas.exchange.stages import Stage
from schemas.exchange.state import ExchangeState


@dataclass(frozen=True)
class Fate:
    """What becomes of a student, how often, and in which endings that may be."""

    name: str
    weight: int
    endings: tuple[Stage, ...]
    needs_coe: bool = False
    """It is about the certificate or the visa, which not everybody needs."""


USUAL: Final = (Stage.COMPLETED,)
FATES: Final = (
    Fate("usual", 40, USUAL),
    Fate("returned-fixed", 3, USUAL),
    Fate("documents-late", 4, USUAL),
    Fate("more-documents", 4, USUAL, needs_coe=True),
    Fate("delayed", 4, USUAL),
    Fate("bed-lapsed", 3, USUAL),
    Fate("extends", 3, USUAL),
    Fate("found", 2, USUAL),
    Fate("appeals", 2, USUAL),
    Fate("returned", 2, (Stage.EXPIRED,)),
    Fate("not-submitted", 3, (Stage.EXPIRED,)),
    Fate("not-completed", 2, (Stage.EXPIRED,)),
    Fate("not-answered", 2, (Stage.EXPIRED,)),
    Fate("rejected", 2, (Stage.REJECTED,)),
    Fate("no-advisor", 2, (Stage.REJECTED,)),
    Fate("declined", 3, (Stage.DECLINED,)),
    Fate("home-cancels", 2, (Stage.WITHDRAWN,)),
    Fate("withdraws", 6, (Stage.WITHDRAWN,)),
    Fate("coe-denied", 3, (Stage.COE_DENIED,), needs_coe=True),
    Fate("coe-deferred", 2, (Stage.DEFERRED,), needs_coe=True),
    Fate("visa-refused", 3, (Stage.VISA_REFUSED,), needs_coe=True),
    Fate("no-show", 3, (Stage.NO_SHOW,)),
    Fate("early-excused", 2, (Stage.EARLY_RETURN,)),
    Fate("early", 3, (Stage.EARLY_RETURN,)),
    Fate("missing", 2, (Stage.MISSING,)),
)
UNLUCKY: Final = (Stage.EXPIRED,)
"""Where whoever found every place of the agreement taken may end, whatever the fate."""


def fate_of(seed: int, case_id: str) -> Fate:
    """What is to become of a student: by the seed and the last part of the number, in whatever term it is."""
    student = case_id.rpartition("-")[2]
    chance = random.Random(f"{seed}/fate/{student}")  # noqa: S311 - a play
    return chance.choices(FATES, [fate.weight for fate in FATES])[0]


def endings_of(fate: Fate, state: ExchangeState) -> tuple[Stage, ...]:
    """Where a student may end, who has come to where the state says."""
    if state.deferred_from is not None:
        return (Stage.WITHDRAWN,)
    return (*UNLUCKY, *fate.endings) if Stage.WAITLISTED in state.path else fate.endings
