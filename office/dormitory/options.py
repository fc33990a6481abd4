"""Beds, rooms, who has a bed and who waits for one: what the ledger of a house knows now."""

from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg

from activities.kernel.queries import queries
from office.options import Asking, Found
from schemas.dormitory.commands import CloseRoom, OfferReserve, Relocate, Revoke, SwapBeds
from schemas.dormitory.state import DormitoryState
from schemas.kernel.case import Command
from workflows.kernel.choices import Choice

SQL: Final = queries("dormitory/boards")


async def _beds(pool: asyncpg.Pool, state: DormitoryState) -> tuple[Choice, ...]:
    rows = await pool.fetch(SQL["beds"], [state.house])
    return tuple(Choice(row["bed"], row["bed"], row["bed"], note=(row["room"], row["room"])) for row in rows)


async def _given(pool: asyncpg.Pool, state: DormitoryState, states: Sequence[str]) -> tuple[Choice, ...]:
    """Who has a bed in the days of the run, each with the bed."""
    if state.first is None:
        return ()
    rows = await pool.fetch(SQL["given"], state.house, state.first, state.until)
    beds = {row["holder"]: row["bed"] for row in rows if row["holder"] and row["state"] in states}
    return tuple(Choice(who, who, who, note=(bed, bed)) for who, bed in sorted(beds.items()))


async def _living(pool: asyncpg.Pool, state: DormitoryState, _found: Found) -> Found:
    return {"mobility": await _given(pool, state, ("promised", "occupied"))}


async def _promised(pool: asyncpg.Pool, state: DormitoryState, _found: Found) -> Found:
    return {"mobility": await _given(pool, state, ("promised",))}


async def _two(pool: asyncpg.Pool, state: DormitoryState, _found: Found) -> Found:
    both = await _given(pool, state, ("promised", "occupied"))
    return {"mobility": both, "other": both}


async def _moving(pool: asyncpg.Pool, state: DormitoryState, found: Found) -> Found:
    return {**await _living(pool, state, found), "bed": await _beds(pool, state)}


async def _waiting(pool: asyncpg.Pool, state: DormitoryState, _found: Found) -> Found:
    """Who has no bed of the house: waiting for one, or left without."""
    rows = [*await pool.fetch(SQL["waitlist"], state.house), *await pool.fetch(SQL["unplaced"], state.house)]
    who = dict.fromkeys(row["mobility"] for row in rows)
    return {
        "mobility": tuple(Choice(each, each, each) for each in who),
        "bed": await _beds(pool, state),
    }


async def _rooms(pool: asyncpg.Pool, state: DormitoryState, _found: Found) -> Found:
    rows = await pool.fetch(SQL["beds"], [state.house])
    return {"room": tuple(Choice(each, each, each) for each in dict.fromkeys(row["room"] for row in rows))}


OPTIONS: Final[Mapping[type[Command], Asking]] = {
    OfferReserve: _waiting,
    SwapBeds: _two,
    Relocate: _moving,
    Revoke: _promised,
    CloseRoom: _rooms,
}
