"""Files of scores at every door: read by the year's mapping, loaded whole, put beside last year's.

What is answered names rows and counts, and of a part its distribution; no score of anybody.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

import asyncpg

from cases import batches
from cases.round.rounds import SQL, Row, Rows, round_of
from schemas.kernel.batch_comparison import Flag, beside
from schemas.kernel.batches import BatchMapping, PartDistribution, ReadBatch
from schemas.kernel.refusals import Refusal
from workflows.round.process import ROUND

_HEAD: Final = ("batch", "hash", "mapping", "kind", "year", "exam", "part", "state", "counts")
_HELD: Final = tuple(PartDistribution.model_fields)
Distribution = Mapping[str, PartDistribution]


async def mapping_of(pool: asyncpg.Pool, row: asyncpg.Record, key: str) -> BatchMapping:
    """How the files of a kind are read for a round, as its rules were fixed.

    Args:
        pool: connections of the office.
        row: of the round's case.
        key: of the mapping.

    Raises:
        Refusal: `round-unfixed`, `mapping-unknown`, or `mapping-year` where it is another year's.
    """
    state, policy = await round_of(pool, row)
    if not state.fixed:
        raise Refusal("round-unfixed")
    found = policy.mappings.get(key)
    if found is None:
        raise Refusal("mapping-unknown", mapping=key, known=", ".join(sorted(policy.mappings)) or "-")
    if found.year != state.year:
        raise Refusal("mapping-year", mapping=key, year=found.year, wanted=state.year)
    return found


async def known_numbers(pool: asyncpg.Pool, case_id: str) -> frozenset[str]:
    """The numbers of all applications of a round, of those that were withdrawn too."""
    return frozenset(row["number"] for row in await pool.fetch(SQL["numbers"], case_id))


async def would_load(pool: asyncpg.Pool, case_id: str, checked: ReadBatch) -> Row:
    """What a file without faults holds, beside last year's; nothing is stored."""
    head, kind = checked.head, checked.mapping.kind
    _, last = await _last_year(pool, case_id, kind, head.part)
    told = {"hash": checked.hash, "mapping": checked.mapping.key, "kind": kind, "rows": head.rows}
    return {**told, "parts": _beside(checked.distribution, last)}


async def load(pool: asyncpg.Pool, by: str, case_id: str, checked: ReadBatch) -> Row:
    """Store a file without faults, whole, beside what stands and last year's; it counts when it is accepted.

    Args:
        pool: connections of the office.
        by: staff id.
        case_id: the round.
        checked: what the check has read.
    """
    return await _told(pool, case_id, await batches.load_batch(pool, by, case_id, ROUND.name, checked))


async def list_scores(pool: asyncpg.Pool, case_id: str) -> Rows:
    """The files of a round, the latest first, with those that were dropped."""
    return [
        {**_head(each), "loaded_by": each["loaded_by"], "accepted_by": each["accepted_by"]}
        for each in await batches.list_batches(pool, case_id)
    ]


async def round_of_batch(pool: asyncpg.Pool, batch: UUID) -> str:
    """The round that a file was loaded for.

    Raises:
        Refusal: `no-such-batch`.
    """
    found: str | None = await pool.fetchval(SQL["batch_case"], batch, ROUND.name)
    if found is None:
        raise Refusal("no-such-batch")
    return found


async def show(pool: asyncpg.Pool, case_id: str, batch: UUID) -> Row:
    """A file with the numbers and parts that it changes, and its distribution beside last year's."""
    seen = await batches.show_batch(pool, case_id, batch)
    changes = [
        {"fate": fate, "number": each["number"], "part": each["part"], **_states(each)}
        for fate, found in seen["difference"].items()
        for each in found
    ]
    return {**await _told(pool, case_id, seen), "changes": changes}


async def drop(pool: asyncpg.Pool, by: str, case_id: str, batch: UUID) -> Row:
    """A file that nobody will accept; dropped twice is dropped once.

    Raises:
        Refusal: `batch-over` when it is accepted.
    """
    return _head(await batches.drop_batch(pool, by, case_id, batch))


def _head(batch: Mapping[str, Any]) -> Row:
    told = {name: batch[name] for name in _HEAD}
    return {**told, "rows": batch["file_rows"], "overtaken": batch["overtaken"]}


def _states(change: Mapping[str, Any]) -> dict[str, str | None]:
    """Whether there was and is a number, and never which."""
    return {
        name: None if change[name] is None else str(change[name]["state"]) for name in ("before", "after")
    }


async def _told(pool: asyncpg.Pool, case_id: str, batch: Mapping[str, Any]) -> Row:
    last_batch, last = await _last_year(pool, case_id, batch["kind"], batch["part"])
    this = _distribution(batch["distribution"])
    return {**_head(batch), "last_batch": last_batch, "parts": _beside(this, last)}


async def _last_year(
    pool: asyncpg.Pool, case_id: str, kind: str, part: str | None
) -> tuple[UUID | None, Distribution]:
    found = await pool.fetchval(SQL["batch_of_last_year"], case_id, kind, part)
    if found is None:
        return None, {}
    return found, _distribution(json.loads(await pool.fetchval(SQL["distribution"], found)))


def _distribution(stored: Mapping[str, Any]) -> Distribution:
    return {part: PartDistribution.model_validate(each) for part, each in stored.items()}


def _beside(this: Distribution, last: Distribution) -> Rows:
    """A row for each part of either year, with what looks wrong of it."""
    flags = beside(this, last)
    return [_part(name, this.get(name), last.get(name), flags) for name in dict.fromkeys([*this, *last])]


def _part(
    name: str, now: PartDistribution | None, was: PartDistribution | None, flags: Iterable[Flag]
) -> Row:
    shown = (now or PartDistribution()).model_dump(mode="json")
    before = was.model_dump(mode="json") if was is not None else dict[str, Any]()
    return {
        "part": name,
        "flags": [flag.code for flag in flags if flag.part == name],
        **{each: shown[each] for each in _HELD},
        **{f"last_{each}": before.get(each) for each in ("count", "min", "max", "mean")},
    }
