"""What the other engines do for a case: the rows of a recorded case step by step, and its mails.

One step is one statement, whichever engine calls for it, and a version's mails are one delivery.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import aiosmtplib
import asyncpg

from activities.kernel.database import open_pool

TABLES: Final = ("cases", "case_log", "tasks", "deadlines", "notices")
"""What is written in every step of every process; the copies have the same columns and indexes."""
FILE: Final = "BENCHMARK_SCRIPT"
LETTER: Final = "A letter of about a page, as the others send it.\n" * 25


@dataclass(frozen=True)
class Step:
    """One version: after which message (None: by itself), its rows, and whether mails go out."""

    message: int | None
    stage: str
    rows: dict[str, list[dict[str, Any]]]
    notices: bool


@dataclass(frozen=True)
class Script:
    """All steps and the statement that writes one.

    `case_id` stands in the rows for a case's own; `decisions`: those messages that get an answer.
    """

    case_id: str
    write: str
    decisions: tuple[bool, ...]
    steps: tuple[Step, ...]

    def after(self, number: int | None) -> list[tuple[int, Step]]:
        """Versions and steps that follow from a message, or from the start."""
        found, last = [], None
        for version, step in enumerate(self.steps, 1):
            last = step.message if step.message is not None else last
            if last == number:
                found.append((version, step))
        return found


@cache
def script() -> Script:
    """The recorded case; a process that is started by the benchmark finds it by its environment."""
    read = json.loads(Path(os.environ[FILE]).read_text())
    steps = tuple(Step(**each) for each in read.pop("steps"))
    return Script(steps=steps, **read)


def body(number: int) -> dict[str, Any]:
    """A message to another engine, of the size that ours have."""
    return {"id": uuid4().hex, "number": number, "by": "office-1", "data": {"item": "transcript"}}


Snapshot = dict[str, dict[str, dict[str, Any]]]


async def snapshot(pool: asyncpg.Pool, case_id: str) -> Snapshot:
    """The case's rows by table and key."""
    found: Snapshot = {}
    for table in TABLES:
        keys = ", ".join(await _key(pool, table))
        rows = await pool.fetch(
            f"SELECT ROW({keys})::text AS key, to_jsonb(t)::text AS row FROM iehe.{table} t "  # noqa: S608
            "WHERE case_id = $1",
            case_id,
        )
        found[table] = {row["key"]: json.loads(row["row"]) for row in rows}
    return found


async def record(
    pool: asyncpg.Pool, case_id: str, snapshots: Sequence[Snapshot], decisions: Sequence[bool], file: Path
) -> None:
    """Make a script of the rows as they were after the start and after each message; and its tables."""
    steps = []
    for number, (before, now) in enumerate(zip([{}, *snapshots], snapshots, strict=False), -1):
        changed = {
            table: [row for key, row in rows.items() if before.get(table, {}).get(key) != row]
            for table, rows in now.items()
        }
        log = sorted(changed["case_log"], key=lambda row: row["version"])
        for place, entry in enumerate(log):
            last = place == len(log) - 1
            # what followed by itself wrote the rest in its own step
            rows = {table: rows if last else [] for table, rows in changed.items()}
            rows |= {"case_log": [entry], "cases": [changed["cases"][0] | {"version": entry["version"]}]}
            rows["notices"] = [
                row | {"state": "queued", "attempts": 0, "sent_at": None, "message_id": None}
                for row in now["notices"].values()
                if row["version"] == entry["version"]
            ]
            message = None if number < 0 or place else number
            steps.append(Step(message, entry["stage"], rows, bool(rows["notices"])))
    async with pool.acquire() as connection:
        await connection.execute("CREATE SCHEMA bench")
        await connection.execute("GRANT USAGE ON SCHEMA bench TO PUBLIC")
        for table in TABLES:
            await connection.execute(
                f"CREATE TABLE bench.{table} (LIKE iehe.{table} INCLUDING DEFAULTS INCLUDING INDEXES)"
            )
            await connection.execute(f"GRANT SELECT, INSERT, UPDATE ON bench.{table} TO PUBLIC")
    parts = [await _upsert(pool, table) for table in TABLES]
    made = Script(case_id, f"WITH {', '.join(parts)} SELECT 1", tuple(decisions), tuple(steps))
    file.write_text(json.dumps(asdict(made)))
    os.environ[FILE] = str(file)


async def _key(pool: asyncpg.Pool, table: str) -> list[str]:
    rows = await pool.fetch(
        "SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey) "
        "WHERE indrelid = $1::regclass AND indisprimary",
        f"iehe.{table}",
    )
    return [row["attname"] for row in rows]


async def _upsert(pool: asyncpg.Pool, table: str) -> str:
    rows = await pool.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped",
        f"iehe.{table}",
    )
    changes = ", ".join(f"{row['attname']} = EXCLUDED.{row['attname']}" for row in rows)
    return (
        f"{table} AS (INSERT INTO bench.{table} "  # noqa: S608 - names from the catalogue
        f"SELECT * FROM jsonb_populate_recordset(NULL::bench.{table}, $1::jsonb -> '{table}') "
        f"ON CONFLICT ({', '.join(await _key(pool, table))}) DO UPDATE SET {changes})"
    )


@dataclass
class Hands:
    """What a worker of another engine does its steps with."""

    pool: asyncpg.Pool
    mail_port: int

    async def write(self, case_id: str, version: int) -> None:
        """Write a step: once, however often it is asked for."""
        rows = json.dumps(script().steps[version - 1].rows).replace(script().case_id, case_id)
        for notice in script().steps[version - 1].rows["notices"]:
            own = hashlib.sha256(f"{case_id}{notice['notice_id']}".encode()).hexdigest()
            rows = rows.replace(notice["notice_id"], own)
        await self.pool.execute(script().write, rows)

    async def deliver(self, case_id: str, version: int) -> None:
        """Send what a version has queued; marked before and after, as at-most-once needs it."""
        rows = await self.pool.fetch(
            "SELECT notice_id, recipient_id FROM bench.notices "
            "WHERE case_id = $1 AND version = $2 AND state = 'queued'",
            case_id,
            version,
        )
        mark = "UPDATE bench.notices SET state = $2, sent_at = now() WHERE notice_id = $1"
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=self.mail_port, start_tls=False) as smtp:
            for row in rows:
                letter = EmailMessage()
                letter["From"] = "office@example.ac.jp"
                letter["To"] = f"{row['recipient_id']}@example.com"
                letter["Subject"] = "A letter"
                letter.set_content(LETTER)
                await self.pool.execute(mark, row["notice_id"], "sending")
                await smtp.send_message(letter)
                await self.pool.execute(mark, row["notice_id"], "accepted")


async def hands(url: str, mail_port: int) -> Hands:
    """With as many connections as this system's worker has."""
    return Hands(await open_pool(url, size=16, application="engine"), mail_port)
