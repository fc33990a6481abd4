"""A fact between processes as the database has it, where only its rows matter."""

import json

import asyncpg

FACT = """
INSERT INTO iehe.facts (fact_id, revision, type, process, key, data, withdrawn, chain, occurred_at,
                        keep_until, expected)
VALUES ($1, 1, $2, $3, '', $4, false, '{}', now(), now() + interval '90 days', '{}')
"""


async def told(pool: asyncpg.Pool, fact_id: str, kind: str, producer: str, *receivers: str) -> None:
    """A fact of a producer on its way to some processes."""
    data = json.dumps({"code": "sample"})
    await pool.execute(FACT, fact_id, f"jp.ac.iehe.{producer}.{kind}", producer, data)
    for each in receivers:
        await pool.execute("SELECT iehe.deliver_to($1, 1, $2)", fact_id, each)
