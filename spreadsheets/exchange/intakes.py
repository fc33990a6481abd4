"""The files that the exchange office takes, for every door."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import asyncpg

from cases.apart import Marks
from cases.exchange.boards import agreement_fates, load_agreements
from cases.exchange.nominations import SQL, Told, asked_of, fates, take_nominations
from cases.exchange.results import counted, filed_in, tell_results
from schemas.kernel.case import Actor
from spreadsheets.exchange.agreements import check_agreements_file
from spreadsheets.exchange.coe import check_coe_file
from spreadsheets.exchange.nominations import check_nominations_file
from spreadsheets.intakes import Counts, Intake
from spreadsheets.rows import Checked
from workflows.exchange.comparing import Order

ENTER: Final = "enter"
LOAD_AGREEMENTS: Final = "load-agreements"


def _nobody(_done: int) -> None:
    """For who does not watch the progress."""


def nominations(
    *,
    order: Order | None = None,
    swapped: bool = False,
    told: Told = _nobody,
    fixed: Mapping[str, str | None] = MappingProxyType({}),
) -> Intake:
    """Nominations; `fixed`: term, partner and faculty of rows whose file has no such column."""

    async def check(pool: asyncpg.Pool, file: Path) -> Checked[Any]:
        asked = await asked_of(pool, order=order, swapped=swapped, fixed=fixed)
        return await asyncio.to_thread(check_nominations_file, file, asked)

    async def would(pool: asyncpg.Pool, checked: Checked[Any]) -> Counts:
        return fates([row.data for row in checked.rows], await asked_of(pool))

    async def take(
        pool: asyncpg.Pool, marks: Marks, by: Actor, checked: Checked[Any], subject: str
    ) -> Counts:
        rows = [row.data for row in checked.rows]
        return await take_nominations(pool, marks, by, rows, await asked_of(pool), subject, told)

    return Intake(ENTER, check, would, take)


async def _check_agreements(pool: asyncpg.Pool, file: Path) -> Checked[Any]:
    partners = {row["partner"] for row in await pool.fetch(SQL["partners"])}
    return await asyncio.to_thread(check_agreements_file, file, partners)


async def _would_load(pool: asyncpg.Pool, checked: Checked[Any]) -> Counts:
    return await agreement_fates(pool, [row.data for row in checked.rows])


async def _load(pool: asyncpg.Pool, _marks: Marks, by: Actor, checked: Checked[Any], subject: str) -> Counts:
    return await load_agreements(pool, by.id, [row.data for row in checked.rows], subject)


AGREEMENTS: Final = Intake(LOAD_AGREEMENTS, _check_agreements, _would_load, _load)


def coe_results(batch: str) -> Intake:
    """What immigration says of a batch."""

    async def check(pool: asyncpg.Pool, file: Path) -> Checked[Any]:
        return await asyncio.to_thread(check_coe_file, file, await filed_in(pool, batch))

    async def would(pool: asyncpg.Pool, checked: Checked[Any]) -> Counts:
        return counted([row.data for row in checked.rows], await filed_in(pool, batch))

    async def take(
        pool: asyncpg.Pool, _marks: Marks, by: Actor, checked: Checked[Any], subject: str
    ) -> Counts:
        rows = [row.data for row in checked.rows]
        return await tell_results(pool, by, batch, rows, await filed_in(pool, batch), subject)

    return Intake(ENTER, check, would, take)
