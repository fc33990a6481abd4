"""What goes out of a round as files, their comparison with what is out, and how far its end has come."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from activities.round.ending import end_of
from cases.round.lists import open_by_key
from cases.round.rounds import SQL as BOARDS
from cases.round.rounds import Row, round_of
from schemas.kernel.refusals import Refusal
from schemas.round.ending import ORDER
from workflows.round import outputs
from workflows.round.outputs import Compared, Form

SQL: Final = queries("round/ending")
NAMES: Final = (*outputs.OF_RESULTS, outputs.HAND_OVER)


@dataclass(frozen=True, slots=True)
class Output:
    """What goes out, as a table and as a file."""

    output: str
    form: Form
    rows: list[outputs.Row]
    content: str
    """SHA-256 of its rows: with it a second person says that they were compared."""
    body: bytes

    def told(self, case_id: str) -> Row:
        """For a door."""
        rows = [dict(zip(self.form.headers, row, strict=True)) for row in self.rows]
        return {
            "case_id": case_id,
            "output": self.output,
            "rows": len(rows),
            "content": self.content,
            "lines": rows,
        }


async def make(pool: asyncpg.Pool, by: str, row: asyncpg.Record, output: str) -> Output:
    """An output from the bytes that are out, which opens each list and is noted; nothing before the hour.

    Args:
        pool: connections of the office.
        by: staff id.
        row: of the round's case.
        output: `board`, `portal`, `letters`, or `hand-over`, the newest file for the registrar.

    Raises:
        Refusal: `output-unknown`: there is none of that name, or nothing is out yet.
    """
    case_id = row["case_id"]
    if output not in NAMES:
        raise Refusal("output-unknown", output=output)
    state, policy = await round_of(pool, row)
    form = outputs.form_of(output, policy.hand_over)
    if output == outputs.HAND_OVER:
        file = await pool.fetchrow(SQL["newest_file"], case_id)
        if file is None:
            raise Refusal("output-unknown", output=output)
        rows, body = form.read(file["body"]), file["body"]
    else:
        out = await pool.fetch(BOARDS["lists_out"], case_id)
        if not out:
            raise Refusal("output-unknown", output=output)
        made = [(await open_by_key(pool, by, each["list"])).made for each in out]
        rows = await asyncio.to_thread(outputs.rows_of, output, made, state.enrol_by)
        body = form.written(rows)
    return Output(output, form, rows, outputs.content_hash(rows), body)


async def compare(
    pool: asyncpg.Pool, by: str, row: asyncpg.Record, output: str, file: bytes
) -> tuple[Output, Compared]:
    """A file that was put out, beside what ought to be in it.

    Raises:
        Refusal: `output-unknown`; `output-unreadable`: it has other headers, or another encoding.
    """
    ought = await make(pool, by, row, output)
    try:
        rows = ought.form.read(file)
    except ValueError as fault:
        raise Refusal("output-unreadable", output=output, why=str(fault)) from None
    return ought, outputs.compare(rows, ought.rows)


def compared_told(ought: Output, compared: Compared, case_id: str) -> Row:
    """What a comparison says; `content` is there only when the file says what is out."""
    headers = ought.form.headers
    same = compared.differing == 0
    lines = [(outputs.MISSING, each) for each in compared.missing] + [
        (outputs.SURPLUS, each) for each in compared.surplus
    ]
    return {
        "case_id": case_id,
        "output": ought.output,
        "rows": compared.rows,
        "wanted": len(ought.rows),
        "same": same,
        "differing": compared.differing,
        "content": compared.content if same else None,
        "lines": [{"fate": fate, **dict(zip(headers, cells, strict=False))} for fate, cells in lines],
    }


async def ending(pool: asyncpg.Pool, case_id: str) -> Row:
    """What is still open, in the order in which a round ends; which outputs were compared, by whom."""
    async with pool.acquire() as connection:
        found = await end_of(connection, case_id)
        compared = await connection.fetch(SQL["comparisons"], case_id)
        file = await connection.fetchrow(SQL["newest_file"], case_id)
        summary = await connection.fetchrow(SQL["summary"], case_id)
    return {
        "case_id": case_id,
        "open": [{"part": part, "open": found[part]} for part in ORDER],
        "handed_over": file["rows"] if file is not None else None,
        "summary": summary["hash"] if summary is not None else None,
        "compared": [dict(each) for each in compared],
    }


async def summary(pool: asyncpg.Pool, case_id: str) -> Row:
    """What a round has come to, by the bytes of its summary.

    Raises:
        Refusal: `round-not-summed-up`.
    """
    row = await pool.fetchrow(SQL["summary"], case_id)
    if row is None:
        raise Refusal("round-not-summed-up")
    told: dict[str, Any] = json.loads(row["body"])
    return {"case_id": case_id, "hash": row["hash"], **told}
