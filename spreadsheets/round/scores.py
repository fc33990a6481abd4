"""A file of scores, checked against the mapping and the applications of its round."""

import asyncio
from pathlib import Path

import asyncpg

from cases.round.scores import known_numbers, mapping_of
from schemas.kernel.batches import BatchHead
from spreadsheets.batches.checking import CheckedBatch, check_batch
from spreadsheets.batches.gathering import KnownPerson


async def check_scores(
    pool: asyncpg.Pool, row: asyncpg.Record, key: str, head: BatchHead, file: Path
) -> CheckedBatch:
    """Check a whole file; what names somebody who has not applied is refused whole (R13).

    Args:
        pool: connections of the office.
        row: of the round's case.
        key: of the mapping by which it is read.
        head: what is named of the file beside it.
        file: CSV or XLSX.

    Raises:
        Refusal: the round has no such mapping.
    """
    mapping = await mapping_of(pool, row, key)
    known = {number: KnownPerson() for number in await known_numbers(pool, row["case_id"])}
    return await asyncio.to_thread(check_batch, file, mapping, head, known)
