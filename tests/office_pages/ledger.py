"""What stands in the database, as one number a table: to see that nothing has changed."""

import asyncio
from collections.abc import Mapping

import asyncpg

READS = ("case_reads", "office_sessions", "codec_reads", "document_reads")
"""Where looking leaves a trace: who has read what, and who was there."""


async def ledger(owner: asyncpg.Pool) -> Mapping[str, tuple[int, int]]:
    """Rows of each table of ours, how many and which."""
    names = [
        row["tablename"]
        for row in await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'iehe'")
        if row["tablename"] not in READS
    ]
    parts = (
        f"SELECT '{name}' AS name, count(*), coalesce(bit_xor(hashtextextended(t::text, 0)), 0) AS mark"  # noqa: S608
        f" FROM iehe.{name} t"
        for name in names
    )
    return {row["name"]: (row["count"], row["mark"]) for row in await owner.fetch(" UNION ALL ".join(parts))}


async def quiet(owner: asyncpg.Pool) -> Mapping[str, tuple[int, int]]:
    """The same once nothing is under way any more."""
    under_way = (
        "SELECT count(*) FROM iehe.events"
        " WHERE state = 'stored' OR state = 'delivered' AND NOT taken AND NOT refused"
    )
    async with asyncio.timeout(30):
        while await owner.fetchval(under_way):  # the relay looks a while later what became of an event
            await asyncio.sleep(0.05)
        before = await ledger(owner)
        while True:
            await asyncio.sleep(0.1)
            now = await ledger(owner)
            if now == before:
                return now
            before = now


def changed(before: Mapping[str, tuple[int, int]], now: Mapping[str, tuple[int, int]]) -> list[str]:
    """The tables that are others now."""
    return sorted(name for name in now if now[name] != before.get(name))
