"""Facts of other processes for support, and its own for them; nothing here knows who tells or takes."""

from datetime import timedelta
from typing import Final

from schemas.kernel.payload import Payload
from schemas.support.links import MISSING, KindRepeated, StudentMissing
from schemas.support.referral import Referral
from schemas.support.roles import Role
from schemas.support.stages import Way
from workflows.kernel.links import Absent, Closed, Takes, Tells
from workflows.support.clocks import SupportDraft

KIND_REPEATED: Final = "kind-repeated"
MISSING_CORRECTED: Final = "missing-corrected"


def referral_of(fact: StudentMissing) -> Payload:
    """The concern with which a case begins, as if somebody had referred it: it should not wait."""
    term = f" ({fact.term})" if fact.term is not None else ""
    return Referral(
        way=Way.DESK,
        person=fact.person,
        urgent=True,
        language=fact.language,
        words=f"所在確認が必要な学生です。A student has to be found{term}.",
    )


def missing_corrected(draft: SupportDraft, _fact: StudentMissing) -> None:
    """What began the case is told otherwise: whoever has it looks, and decides whether it goes on."""
    origin, state = draft.facts.origin, draft.state
    draft.details["code"] = "withdrawn" if origin is not None and origin.withdrawn else "corrected"
    if state.owner is not None:
        draft.notify("case-news", f"staff:{state.owner}|role:{Role.LEAD}")


TELLS: Final = {
    KIND_REPEATED: Tells(
        KindRepeated,
        keep=timedelta(days=800),
        key="kind, term, faculty and band",
        expected=("evaluation-cycle",),
    )
}
TAKES: Final = {
    MISSING: Takes(
        find=None,
        absent=Absent.START,
        closed=Closed.NOTE,
        data=StudentMissing,
        step=MISSING_CORRECTED,
        apply=missing_corrected,
        start=referral_of,
    )
}
