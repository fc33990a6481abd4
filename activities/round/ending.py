"""What the end of a round asks for: what is open, who has enrolled, what was put out, what it sums up to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from activities.kernel.database import Connection
from activities.kernel.queries import queries
from activities.kernel.room import Lookup
from schemas.round import ending
from workflows.round import outputs
from workflows.round.ranking.canonical import list_from

SQL: Final = queries("round/ending")
_PARTS: Final = {"drafts": ending.DRAFTS, "incomplete": ending.INCOMPLETE}


async def end_of(connection: Connection, case_id: str) -> dict[str, int]:
    """How much of a round is still open: `EndFound`."""
    stages = (ending.DRAFTS, ending.INCOMPLETE, ending.UNDECIDED, ending.ENROLLING)
    return dict(await connection.fetchrow(SQL["end"], case_id, *map(list, stages)))


async def _end(connection: Connection, terms: Mapping[str, Any]) -> Any:
    return await end_of(connection, terms["case_id"])


async def _to_tell(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Applications of one part of the end that have not heard that the round ends."""
    asked = terms["case_id"], list(_PARTS[terms["part"]]), terms["most"]
    return [row["application"] for row in await connection.fetch(SQL["end_to_tell"], *asked)]


async def _enrolled(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Who has enrolled, with the programmes of their places, and the year's numbers: `EnrolledAll`."""
    await connection.execute(SQL["lock_numbers"], terms["year"])
    last = await connection.fetch(SQL["last_serials"], terms["year"], terms["codes"])
    return {
        "enrolled": [dict(row) for row in await connection.fetch(SQL["enrolled"], terms["case_id"])],
        "last_serials": {row["code"]: row["last"] for row in last},
    }


async def _output(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """What an output has to say, by the hash of its rows, and who has made it; None: there is nothing yet."""
    of_round, output = terms["case_id"], terms["output"]
    if output == outputs.HAND_OVER:
        row = await connection.fetchrow(SQL["newest_file"], of_round)
        return None if row is None else {"content": row["content"], "made_by": row["made_by"]}
    bodies = [row["body"] for row in await connection.fetch(SQL["bodies_out"], of_round)]
    if not bodies:
        return None
    until = terms["enrol_by"]
    rows = outputs.rows_of(output, map(list_from, bodies), until and datetime.fromisoformat(until))
    return {"content": outputs.content_hash(rows), "made_by": None}


async def _sums(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """The round in figures: of all, and of each programme."""
    of_round = terms["case_id"]
    return {
        "sums": dict(await connection.fetchrow(SQL["sums"], of_round)),
        "programmes": [dict(row) for row in await connection.fetch(SQL["programme_sums"], of_round)],
    }


END_LOOKUPS: Final[Mapping[str, Lookup]] = {
    "end": _end,
    "end-to-tell": _to_tell,
    "enrolled": _enrolled,
    "output": _output,
    "sums": _sums,
}
