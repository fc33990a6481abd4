"""What a case owes if it ends: given back step by step, last first; what keeps failing becomes a task."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from schemas.kernel.case import Owed
from schemas.kernel.refusals import Refusal
from workflows.kernel.draft import Draft

UNDO_BY_HAND = "undo-by-hand"
PAUSES: Final = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
"""Between the tries; after the last one a person is asked."""


def give_back(draft: Draft[Any], key: str) -> None:
    """Give one thing back, by the rule of its kind.

    Raises:
        Refusal: the rule refuses, or there is none for its kind.
    """
    owed = _owed(draft, key)
    rule = draft.process.undoes.get(owed.kind)
    if rule is None:
        raise Refusal("undo-unknown", kind=owed.kind)
    draft.settle(key)
    draft.details["undone"] = key
    rule(draft, owed)


def put_off(draft: Draft[Any], key: str, code: str) -> None:
    """Try it again later, without holding up anything else; at last it is a person's task."""
    owed = _owed(draft, key)
    draft.details.update(owed=key, code=code)
    if owed.tries < len(PAUSES):
        owed.next_at = draft.now + PAUSES[owed.tries]
        owed.tries += 1
        return
    owed.by_hand, owed.next_at = True, None
    draft.open_task(UNDO_BY_HAND, draft.process.office, whose=key, keep=True)


def done_by_hand(draft: Draft[Any], task: str) -> None:
    """A person has given it back."""
    draft.settle(task.removeprefix(f"{UNDO_BY_HAND}:"))


def _owed(draft: Draft[Any], key: str) -> Owed:
    owed: Owed | None = next((each for each in draft.state.owes if each.key == key), None)
    if owed is None:
        raise Refusal("undo-unknown", kind=key)
    return owed
