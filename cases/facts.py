"""A fact that a person enters for another system: tried, stored, and what became of it."""

from collections.abc import Mapping
from typing import Any, Final

import asyncpg

from activities.kernel.acting import THE_HOST, acting_for
from activities.kernel.queries import queries
from cases.apart import Kept, Marks, Words, is_apart, keep, put_apart
from cases.receipts import keep_receipt
from cases.registry import PROCESSES
from cases.states import read_state, trial_frame
from schemas.kernel.case import EventEnvelope
from schemas.kernel.refusals import Refusal, RefusalKind
from workflows.kernel import stepping
from workflows.kernel.frame import LookupNeeded
from workflows.kernel.process import Process

SQL: Final = queries("kernel/events")
LOG_OF_CAUSE: Final = queries("kernel/office")["log_of_cause"]


async def tried(pool: asyncpg.Pool, case: asyncpg.Record, envelope: EventEnvelope) -> Refusal | None:
    """What the rules say to a fact on a copy of the case, but for what only the step looks up."""
    process = PROCESSES[case["process"]]
    try:
        stepping.told(process, envelope, await read_state(pool, case), await trial_frame(pool, case))
    except Refusal as refusal:
        return refusal
    except LookupNeeded:
        return None
    return None


async def check(pool: asyncpg.Pool, case: asyncpg.Record, envelope: EventEnvelope) -> None:
    """Let through what a case may be told.

    Raises:
        Refusal: no case of this policy could take it, a slip of the keyboard; or the case is closed.
    """
    refusal = await tried(pool, case, envelope)
    if refusal is not None and refusal.kind in (RefusalKind.INVALID, RefusalKind.NOT_FOUND):
        raise refusal
    if case["closed_at"] is not None:
        raise Refusal("case-closed", stage=case["stage"], step="event")


async def taken(pool: asyncpg.Pool, case_id: str, envelope: EventEnvelope) -> asyncpg.Record | None:
    """What the case's log says of a fact; None when it has not taken it."""
    return await pool.fetchrow(LOG_OF_CAUSE, case_id, f"{envelope.source}#{envelope.id}")


async def store(
    pool: asyncpg.Pool,
    case: asyncpg.Record | Mapping[str, Any],
    envelope: EventEnvelope,
    words: tuple[Words | Kept, ...] = (),
    marks: Marks | None = None,
    receipt: str | None = None,
) -> None:
    """Put a fact into the inbox; from here on it cannot be lost, and the relay brings it to the case.

    `words` are stored with it, by the keys in `marks`, and so is the `receipt` that its sender is given.

    Raises:
        Refusal: its id was used for another event, or a person dropped it.
    """
    with acting_for(THE_HOST):  # who refers is often none of those who see what becomes of it
        async with pool.acquire() as connection, connection.transaction():
            entered = await enter(connection, case, envelope)
            if entered and marks is not None:
                await keep(connection, marks, words)
            if entered and receipt is not None:
                await keep_receipt(connection, receipt, case["case_id"])
        if entered:
            return
        there = await pool.fetchrow(SQL["event"], envelope.source, envelope.id)
    same = there is not None and (there["state"], there["case_id"], there["type"]) == (
        "dropped",
        case["case_id"],
        envelope.type,
    )
    code = "event-dropped" if same else "id-used-for-another-event"
    raise Refusal(code, source=envelope.source, id=envelope.id)


async def enter(connection: Any, case: asyncpg.Record | Mapping[str, Any], envelope: EventEnvelope) -> bool:
    """Put a fact into the inbox in a transaction of the caller's; False when its id says something else."""
    where = (case["process"], case["case_id"], envelope.model_dump_json())
    entered = await connection.fetchval(SQL["enter"], envelope.source, envelope.id, envelope.type, *where)
    return entered is not None


async def announce(connection: Any, process: Process[Any], about: str, envelope: EventEnvelope) -> bool:
    """Tell a fact about many cases, in a transaction of the caller's; False when its id was used before.

    Args:
        connection: in the transaction.
        process: whose cases.
        about: what its kind finds them by: the key of a person, a staff id, or a name for all of them.
        envelope: as each of them gets it.
    """
    reaches = stepping.event_kind(process, envelope).reaches
    if reaches is None:
        raise ValueError(f"{envelope.type} is about one case")
    where = (process.name, process.case_id(about), envelope.model_dump_json(), reaches)
    return bool(
        await connection.fetchval(SQL["announce"], envelope.source, envelope.id, envelope.type, *where)
    )


def apart(
    marks: Marks, case: asyncpg.Record | Mapping[str, Any], envelope: EventEnvelope
) -> tuple[EventEnvelope, tuple[Words | Kept, ...]]:
    """A fact without what is personal in it, and what is stored beside it."""
    process, subject = PROCESSES[case["process"]], case["case_id"].partition("/")[2]
    kind = stepping.event_kind(process, envelope)
    if not is_apart(process, kind):
        return envelope, ()
    put = put_apart(marks, process, kind, subject, envelope.source, envelope.id, envelope.data)
    return envelope.model_copy(update={"data": put.data}), put.words


async def fate(pool: asyncpg.Pool, envelope: EventEnvelope) -> tuple[str, str | None]:
    """State and reason of a fact that is stored."""
    row = await pool.fetchrow(SQL["event"], envelope.source, envelope.id)
    return (row["state"], row["reason"]) if row is not None else ("stored", None)
