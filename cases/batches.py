"""Batches of numbers at every door: loaded whole, compared with what stands, looked at, dropped.

They are accepted by a decision of the case that they are of. Whoever calls has found that who asks may. Of
what is personal, numbers and values, nothing goes into a log: there are counts and hashes.
"""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import asyncpg

from activities.kernel.batches import SQL
from activities.kernel.database import Connection, change, copy_into
from cases.administration import note
from cases.sight import note_reads
from schemas.kernel.batch_comparison import beside
from schemas.kernel.batches import PartDistribution, ReadBatch, RowState
from schemas.kernel.refusals import Refusal

LOAD: Final = "load-batch"
DROP: Final = "drop-batch"
PROPOSE: Final = "propose-value"
"""The acts as the administration log has them."""
SHOWN: Final = 200
"""Of what is new, changed or vanished so many each are shown."""
_PATIENCE: Final = 60.0
_READ: Final = "batch"
_COLUMNS: Final = ("batch", "case_id", "file_row", "number", "part", "state", "value", "answer_order")
Fault = Callable[[str], Awaitable[None]]
"""Called at named points so that tests can die there."""


async def _nothing(_point: str) -> None:
    """In service nobody dies on purpose."""


async def load_batch(
    pool: asyncpg.Pool,
    by: str,
    case_id: str,
    process: str,
    checked: ReadBatch,
    *,
    fault: Fault = _nothing,
) -> dict[str, Any]:
    """Store a batch without faults, whole, beside what stands; the batch as `list_batches` tells it.

    The same rows again are the same batch, compared anew while it waits to be accepted. If they were accepted
    and nothing has changed since they are that batch; else they are a new one, by which what stood can come
    back.

    Args:
        pool: connections of the office.
        by: staff id.
        case_id: the case that it is of.
        process: of the case.
        checked: what the check has read.
        fault: for tests.

    Raises:
        Refusal: `no-such-case`.
    """

    async def work(connection: Connection) -> dict[str, Any]:
        place = case_id, checked.mapping.kind, checked.hash, sorted(checked.parts)
        stands = await connection.fetchval(SQL["stands_already"], *place)
        if stands is not None:
            return await _told(connection, stands)
        batch = await connection.fetchval(SQL["store"], *_head(by, case_id, process, checked))
        if batch is None:
            batch = await connection.fetchval(SQL["loaded"], *place)
            await connection.execute(SQL["compare"], batch)
            return await _told(connection, batch)
        await fault("batch-stored")
        await copy_into(
            connection, "batch_rows", _COLUMNS, _records(batch, case_id, checked), patience=_PATIENCE
        )
        await fault("rows-stored")
        await connection.execute(SQL["compare"], batch)
        told = await _told(connection, batch)
        details = {
            name: told[name] for name in ("kind", "year", "exam", "part", "file_rows", "hash", "counts")
        }
        await note(connection, by, LOAD, case_id, batch=batch, **details)
        return told

    try:
        return await change(pool, work)
    except asyncpg.ForeignKeyViolationError:
        raise Refusal("no-such-case") from None


def _head(by: str, case_id: str, process: str, checked: ReadBatch) -> tuple[Any, ...]:
    head, mapping = checked.head, checked.mapping
    held = {part: each.model_dump(mode="json") for part, each in checked.distribution.items()}
    return (
        *(case_id, process, mapping.kind, mapping.key, head.year, head.exam, head.part),
        *(sorted(checked.parts), head.rows, head.sum),
        *(checked.file_sha256, checked.hash, json.dumps(held), by),
    )


def _records(batch: UUID, case_id: str, checked: ReadBatch) -> Iterator[tuple[Any, ...]]:
    for row in checked.rows:
        yield batch, case_id, row.row, row.number, row.part, row.state, row.value, row.order


async def _told(connection: Connection, batch: UUID, case_id: str | None = None) -> dict[str, Any]:
    found = await connection.fetchval(SQL["batch"], batch, case_id)
    if found is None:
        raise Refusal("no-such-batch")
    return dict(json.loads(found))


async def list_batches(pool: asyncpg.Pool, case_id: str, kind: str | None = None) -> list[dict[str, Any]]:
    """The batches of a case, the latest first, with what they name, counts, distribution and state.

    `overtaken`: what stands has changed since it was compared; loaded again it is compared anew.
    """
    return [json.loads(row["found"]) for row in await pool.fetch(SQL["batches"], case_id, kind)]


async def show_batch(
    pool: asyncpg.Pool, case_id: str, batch: UUID, *, last: UUID | None = None, shown: int = SHOWN
) -> dict[str, Any]:
    """A batch with what it changes, and its distribution beside another's; the read is noted.

    Args:
        pool: connections of the office.
        case_id: the case that it is of.
        batch: its id.
        last: the batch, of another case perhaps, that is meant as last year's.
        shown: so many of what is new, changed and vanished each; `counts` has how many there are.

    Raises:
        Refusal: `no-such-batch`, for either.
    """
    told = await _told(pool, batch, case_id)
    before = await _told(pool, last) if last is not None else None
    await note_reads(pool, sorted({case_id, *([before["case_id"]] if before else [])}), _READ)
    difference: dict[str, list[dict[str, Any]]] = {"new": [], "changed": [], "vanished": []}
    for row in await pool.fetch(SQL["fates"], batch, shown):
        difference[row["fate"]].append(json.loads(row["found"]))
    other = before["distribution"] if before is not None else {}
    flags = beside(_distribution(told["distribution"]), _distribution(other))
    return {
        **told,
        "difference": difference,
        "last": other,
        "flags": [flag.model_dump() for flag in flags],
    }


def _distribution(stored: Mapping[str, Any]) -> dict[str, PartDistribution]:
    return {part: PartDistribution.model_validate(each) for part, each in stored.items()}


async def drop_batch(pool: asyncpg.Pool, by: str, case_id: str, batch: UUID) -> dict[str, Any]:
    """A batch that nobody will accept; dropped twice is dropped once.

    Raises:
        Refusal: `no-such-batch`, or `batch-over` when it is accepted.
    """

    async def work(connection: Connection) -> dict[str, Any]:
        before = await _told(connection, batch, case_id)
        await connection.execute(SQL["drop"], batch, by)
        if before["state"] == "loaded":
            await note(connection, by, DROP, case_id, batch=batch, hash=before["hash"])
        return await _told(connection, batch)

    return await change(pool, work)


async def propose_value(
    pool: asyncpg.Pool,
    by: str,
    case_id: str,
    kind: str,
    place: tuple[str, str],
    said: Decimal | RowState,
    *,
    reason_id: UUID,
    proposal: UUID,
) -> None:
    """One person says what a value ought to be; it counts when another has confirmed it by a decision.

    Args:
        pool: connections of the office.
        by: staff id.
        case_id: the case.
        kind: of the batches.
        place: number and part.
        said: the number, or `absent`, `exempt` or `present`.
        reason_id: the words that say why, stored before.
        proposal: the id by which it is confirmed; the same again is one.

    Raises:
        Refusal: `value-unknown`, `value-stands`, `unknown-text`.
    """
    state, value = ("scored", said) if isinstance(said, Decimal) else (said, None)

    async def work(connection: Connection) -> None:
        values = proposal, case_id, kind, *place, state, value, reason_id, by
        if await connection.fetchval(SQL["propose"], *values):
            await note(connection, by, PROPOSE, case_id, kind=kind, part=place[1], proposal=proposal)

    try:
        await change(pool, work)
    except asyncpg.ForeignKeyViolationError:
        raise Refusal("unknown-text") from None
