"""Proposing that a score is put right: value and reason are stored, and count when two have said so."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID, uuid5

import asyncpg

from cases.batches import propose_value
from cases.texts import Vault, keep_text
from schemas.kernel.batches import RowState
from schemas.kernel.refusals import Refusal

_PROPOSALS = UUID("0b6a3c1e-4f52-4d55-9a55-6f2ea3f1b7d1")
_STATES: dict[str, RowState] = {"absent": "absent", "exempt": "exempt"}


@dataclass(frozen=True)
class Wanted:
    """What a score ought to be: whose, of which part in which kind of file, and why."""

    kind: str
    number: str
    part: str
    value: str
    """Points as text, `absent` or `exempt`."""
    reason: str


async def propose(
    pool: asyncpg.Pool, vault: Vault, by: str, case_id: str, wanted: Wanted, key: str
) -> dict[str, Any]:
    """Store a correction with its reason; the same key again is the same one.

    Raises:
        Refusal: the value is none, stands already, is over full marks, or no file brought such a score.
    """
    proposal = uuid5(_PROPOSALS, f"{case_id}|{by}|{key}")
    reason_id = uuid5(proposal, "reason")
    said = _value(wanted.value)
    async with pool.acquire() as connection:
        await keep_text(connection, vault, reason_id, case_id, by, wanted.reason)
    place = wanted.number, wanted.part
    await propose_value(pool, by, case_id, wanted.kind, place, said, reason_id=reason_id, proposal=proposal)
    return {"proposal": str(proposal), "number": wanted.number, "part": wanted.part, "kind": wanted.kind}


def _value(text: str) -> Decimal | RowState:
    if text in _STATES:
        return _STATES[text]
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise Refusal("score-malformed") from None
    if not value.is_finite() or value < 0:
        raise Refusal("score-malformed")
    return value
