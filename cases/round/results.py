"""What is out of a round, for other systems: of released lists alone, by the server's clock (R5, R27)."""

import json
from typing import Final

import asyncpg

from cases.round.lists import open_by_key
from cases.round.rounds import SQL, Rows

APPLICATIONS: Final = "admission"
"""First part of the ids of the cases that lists are about."""
_TOLD: Final = ("choice", "frame", "verdict", "waitlist")


async def results(pool: asyncpg.Pool, application: str) -> Rows:
    """What is out of an application, the most wanted choice first: nothing before the hour.

    One query along an index. `hash` is that of the released list, with which what is printed and sent is
    compared.

    Args:
        pool: connections of the office.
        application: its number, or the id of its case.
    """
    subject = application if "/" in application else f"{APPLICATIONS}/{application}"
    found = []
    for row in await pool.fetch(SQL["result"], subject):
        result = json.loads(row["result"])
        told = {name: row[name] for name in ("programme", "number", "hash", "hour")}
        found.append({**told, **{name: result.get(name) for name in _TOLD}})
    return found


async def board(pool: asyncpg.Pool, by: str, case_id: str) -> Rows:
    """The numbers that are admitted, by programme, from the bytes that are out: nothing before the hour.

    `hash` is that of these bytes, with which what is printed from them is compared.
    """
    found = []
    for row in await pool.fetch(SQL["lists_out"], case_id):
        opened = await open_by_key(pool, by, row["list"])
        admitted = sorted(line.application for line in opened.made.lines if line.verdict == "admitted")
        found.append(
            {
                "programme": row["programme"],
                "list": opened.number,
                "hash": opened.hash,
                "hour": row["hour"],
                "admitted": len(admitted),
                "numbers": admitted,
            }
        )
    return found
