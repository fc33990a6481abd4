"""Whether the lists of a round can be made again: the same inputs have to give the same bytes (R2, I8)."""

import asyncio
import json

import asyncpg

from activities.round.ranking import lists_of, read_inputs
from cases.round.lists import open_by_key
from cases.round.rounds import SQL, Row
from workflows.round.ranking.canonical import list_hash


async def verify(pool: asyncpg.Pool, by: str, row: asyncpg.Record) -> Row:
    """Make every list that counts again from what it was made from, and compare bytes and hashes.

    Of a list `found` is `same`; `differs`, which is an error of the program or of the store;
    `inputs-changed`, of one that is out, after which something was put right; or `not-made`, where something
    is missing by now. Each list is opened for it, which is noted.

    Args:
        pool: connections of the office.
        by: staff id.
        row: of the round's case.
    """
    case_id = row["case_id"]
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        inputs = await read_inputs(connection, case_id, json.loads(row["state"]))
        stored = [
            (each["programme"], each["state"], await open_by_key(connection, by, each["list"]))
            for each in await connection.fetch(SQL["standing"], case_id)
        ]
    again, lacking = await asyncio.to_thread(lists_of, case_id, inputs)
    made = {each["name"]: each for each in again}
    told = []
    for programme, state, opened in stored:
        new = made.get(programme)
        if new is None:
            found = "not-made"
        elif new["inputs"] != opened.inputs:
            found = "inputs-changed"
        else:
            bytes_ = new["body"].encode()
            same = bytes_ == opened.body and list_hash(bytes_) == opened.hash
            found = "same" if same else "differs"
        said = {"programme": programme, "number": opened.number, "state": state, "hash": opened.hash}
        told.append({**said, "found": found})
    return {
        "case_id": case_id,
        "revision": inputs.revision,
        "missing": len(lacking),
        "same": all(each["found"] == "same" for each in told),
        "lists": told,
    }
