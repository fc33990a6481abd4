"""Codes by which who has no address asks what became of what they have sent; only their hash is stored."""

import hashlib
from base64 import b32encode
from typing import Any, Final

import asyncpg

from activities.kernel.acting import THE_HOST, acting_for
from activities.kernel.queries import queries
from cases.apart import Marks
from cases.registry import PROCESSES

SQL: Final = queries("kernel/starts")
_BYTES: Final = 16
ROOMS_WITH_RECEIPTS: Final = tuple(
    each.room for each in PROCESSES.values() if each.receipt is not type(each).receipt
)
"""Rooms whose processes give such codes."""


def receipt_of(marks: Marks, room: str, case_id: str) -> str:
    """The code of a case: the same for the same case, so that whoever asks again is told it again."""
    return b32encode(marks.mark(room, f"receipt|{case_id}")[:_BYTES]).decode("ascii").rstrip("=")


async def keep_receipt(connection: Any, code: str, case_id: str) -> None:
    """Let a code be asked for, in the transaction that stores what it was given for."""
    await connection.execute(SQL["keep_receipt"], _hash(code), case_id)


async def told_by(pool: asyncpg.Pool, room: str, code: str) -> str | None:
    """What who has the code is told of their case; None: nobody was given such a code."""
    if room not in ROOMS_WITH_RECEIPTS:
        return None
    with acting_for(THE_HOST):
        case_id = await pool.fetchval(SQL["receipt"], _hash(code.strip().upper()), room)
        if case_id is None:
            return None
        told: str = await pool.fetchval(f"SELECT iehe.{room}_receipt($1)", case_id)
    return told


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
