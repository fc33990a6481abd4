"""Whether the lists of a round can be made again: the same inputs have to give the same bytes (R2, I8)."""

import asyncio
import json
from collections.abc import Mapping

import asyncpg

from activities.kernel.database import Connection
from activities.round import rejudgments
from activities.round.first_stage import first_lists_of
from activities.round.inputs import read_inputs
from activities.round.ranking import lists_of
from cases.round.lists import Opened, open_by_key
from cases.round.rounds import SQL, Row, round_of
from workflows.round.ranking.canonical import list_hash


async def verify(pool: asyncpg.Pool, by: str, row: asyncpg.Record) -> Row:
    """Make every list that counts again from what it was made from, and compare bytes and hashes.

    Of a list `found` is `same`; `differs`, which is an error of the program or of the store;
    `inputs-changed`, of one that is out, after which something was put right; or `not-made`, where something
    is missing by now. Each list is opened for it, which is noted. A correction list is made again from the
    lists that it puts right and by the rules of its re-judgment.

    Args:
        pool: connections of the office.
        by: staff id.
        row: of the round's case.
    """
    case_id = row["case_id"]
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        inputs = await read_inputs(connection, case_id, json.loads(row["state"]))
        stored = [
            (each["list"], each["programme"], each["state"], await open_by_key(connection, by, each["list"]))
            for each in await connection.fetch(SQL["standing"], case_id)
        ]
        corrected = await _corrected(connection, case_id, {key: opened for key, _, _, opened in stored})
    again, lacking = await asyncio.to_thread(lists_of, case_id, inputs)
    state, _ = await round_of(pool, row)
    if state.first_stage:
        earlier, lacking_then = await asyncio.to_thread(first_lists_of, inputs)
        again = [*again, *earlier]
        lacking = lacking_then if state.in_first_stage else lacking
    corrections = {
        key: each
        for keys, found in corrected
        for each in (await asyncio.to_thread(rejudgments.compute, case_id, found)).made
        if (key := keys.get(each["name"])) is not None
    }
    of_corrections = {key for keys, _ in corrected for key in keys.values()}
    made = {each["name"]: each for each in again}
    told = []
    for key, programme, state, opened in stored:
        new = corrections.get(key) if key in of_corrections else made.get(programme)
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


async def _corrected(
    connection: Connection, case_id: str, opened: Mapping[str, Opened]
) -> list[tuple[dict[str, str], rejudgments.Found]]:
    """Of each re-judgment its lists by programme, and what they were computed from."""
    told = []
    for row in await connection.fetch(rejudgments.SQL["computed"], case_id):
        lists = await connection.fetch(rejudgments.SQL["correction_lists"], case_id, row["rejudgment"])
        bases = {
            found.made.programme: rejudgments.Base(key, found.hash, found.body)
            for key, found in opened.items()
            if key in row["bases"]
        }
        inputs = await rejudgments.inputs_by(connection, case_id, row)
        keys = {each["programme"]: each["list"] for each in lists}
        told.append((keys, rejudgments.as_stored(inputs, row, bases)))
    return told
