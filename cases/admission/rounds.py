"""Rounds of selection and their places, as the command line and the pages list, add and set them."""

import re
from collections.abc import Mapping
from typing import Any, Final

import asyncpg

from activities.admission.rounds import Round, store_round
from activities.kernel.queries import queries
from cases.administration import note
from schemas.admission.applications import PROGRAMME_PATTERN
from schemas.kernel.case import Actor
from workflows.admission.process import ADMISSION_REVIEW

SQL: Final = queries("admission/rounds")
ADD_ROUND: Final = "add-round"
SET_PLACES: Final = "set-places"
"""The acts; who may do them says the process's table."""
MOST_PLACES: Final = 100_000


class RoundError(ValueError):
    """A round or its places cannot be so; `code` says why, `params` are codes for its words."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code, self.params = code, params


async def list_rounds(pool: asyncpg.Pool) -> list[dict[str, Any]]:
    """The rounds with their places and how many applications have come in, by their opening."""
    return [dict(row) for row in await pool.fetch(SQL["rounds"])]


async def places_of(pool: asyncpg.Pool, round_id: str) -> list[dict[str, Any]]:
    """By programme the places of a round, and how many are taken by offers."""
    return [dict(row) for row in await pool.fetch(SQL["places"], round_id)]


async def routes(pool: asyncpg.Pool) -> list[str]:
    """The routes that some policy of the process has."""
    return [row["route"] for row in await pool.fetch(SQL["routes"], ADMISSION_REVIEW.name)]


async def require_round(pool: asyncpg.Pool, round_id: str) -> None:
    """Look whether a round is there.

    Raises:
        RoundError: it is not.
    """
    if not await pool.fetchval(SQL["is_round"], round_id):
        raise RoundError("no-such-round", round_id=round_id)


async def add_round(pool: asyncpg.Pool, actor: Actor, new: Round, places: Mapping[str, int]) -> None:
    """Add a round with its places, as the administration log then says.

    Raises:
        RoundError: it closes before it opens, no policy has its route, or it is there already.
    """
    if new.closes_at <= new.opens_at:
        raise RoundError("round-closes-early")
    connection: Any
    async with pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(SQL["has_route"], new.route):
            raise RoundError("round-without-route", route=new.route)
        if not await store_round(connection, new, dict(places)):
            raise RoundError("round-exists", round_id=new.round_id)
        await note(connection, actor.id, ADD_ROUND, new.round_id, places=dict(places))


async def set_places(pool: asyncpg.Pool, actor: Actor, round_id: str, places: Mapping[str, int]) -> None:
    """Set the places of some programmes of a round, as the administration log then says.

    Raises:
        RoundError: there is no such round.
    """
    await require_round(pool, round_id)
    connection: Any
    async with pool.acquire() as connection, connection.transaction():
        await connection.executemany(SQL["set_places"], [(round_id, *each) for each in places.items()])
        await note(connection, actor.id, SET_PLACES, round_id, places=dict(places))


def read_places(given: Mapping[str, str]) -> dict[str, int]:
    """Programme to places, from how a person has typed them.

    Raises:
        RoundError: one is no programme's code, or no number that a programme can have.
    """
    found: dict[str, int] = {}
    for name, count in given.items():
        fits = count.isascii() and count.isdecimal() and int(count) <= MOST_PLACES
        if not re.fullmatch(PROGRAMME_PATTERN, name) or not fits:
            raise RoundError("places-malformed", text=f"{name}={count}")
        found[name] = int(count)
    return found
