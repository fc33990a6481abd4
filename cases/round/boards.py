"""What offices see of a round without opening a list: what is missing, frames with their ledger, the hour."""

from typing import Final

import asyncpg

from cases.round.rounds import SQL, Row, Rows, round_of

SHOWN: Final = 2_000
"""Of missing values so many are named; they are counted all."""


async def missing(pool: asyncpg.Pool, case_id: str) -> Row:
    """What kept the lists from being made when they were looked at last: by part, then by application."""
    looked = await pool.fetchrow(SQL["looked_at"], case_id)
    return {
        "case_id": case_id,
        "missing": looked["missing"] if looked is not None else 0,
        # something has changed since, and is looked at soon
        "outdated": looked is not None and looked["looked"] < looked["revision"],
        "parts": [dict(row) for row in await pool.fetch(SQL["missing"], case_id)],
        "values": [dict(row) for row in await pool.fetch(SQL["missing_values"], case_id, SHOWN)],
    }


async def frames(pool: asyncpg.Pool, row: asyncpg.Record) -> Rows:
    """Each frame of a round: its places, its limit and who has set it, what is given out of it, what is free.

    Amounts are persons. `extra`: how many of those given out were given beyond the limit. `free`:
    places less all others of them; never less than none.
    """
    case_id = row["case_id"]
    _, policy = await round_of(pool, row)
    ledger = {each["frame"]: each for each in await pool.fetch(SQL["ledger"], case_id)}
    limits = {each["frame"]: each for each in await pool.fetch(SQL["limits"], case_id)}
    found = []
    for programme in policy.rules.programmes:
        for frame in programme.frames:
            given, limit = ledger.get(frame.key), limits.get(frame.key)
            amounts = {name: given[name] if given is not None else 0 for name in ("held", "offered", "taken")}
            extra = given["extra"] if given is not None else 0
            found.append(
                {
                    "programme": programme.key,
                    "frame": frame.key,
                    "parent": frame.parent,
                    "places": frame.places,
                    "limit": limit["number"] if limit is not None else frame.places,
                    "minute_no": limit["minute_no"] if limit is not None else None,
                    **amounts,
                    "extra": extra,
                    "free": max(frame.places - sum(amounts.values()) + extra, 0),
                }
            )
    return found


async def countdown(pool: asyncpg.Pool, row: asyncpg.Record) -> Row:
    """The hour of the next release by the server's clock, what is left until it, which lists are confirmed.

    `state`: `planned` while nothing is scheduled, `scheduled`, `held` with its reason, or `out`. `seconds`
    are those that are left, less than none when the hour is over.
    """
    case_id = row["case_id"]
    state, _ = await round_of(pool, row)
    release = await pool.fetchrow(SQL["release"], case_id)
    newest: dict[str, str] = {}
    for each in await pool.fetch(SQL["standing"], case_id):
        newest.setdefault(each["programme"], each["state"])
    lists = [{"programme": name, "state": newest.get(name, "none")} for name in state.lists]
    meant = state.first_stage_at if state.in_first_stage else state.release_at
    answered = ("confirmed", "scheduled", "out")
    return {
        "case_id": case_id,
        "state": release["state"] if release is not None else "planned",
        "hour": release["hour"] if release is not None else meant,
        "now": await pool.fetchval(SQL["clock"]),
        "seconds": release["seconds"] if release is not None else None,
        "reason": release["reason"] if release is not None else None,
        "unconfirmed": [each["programme"] for each in lists if each["state"] not in answered],
        "lists": lists,
    }
