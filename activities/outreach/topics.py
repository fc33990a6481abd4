"""Topics of a school year, as files register them (O1)."""

from collections.abc import Sequence
from typing import Any, Final

from activities.kernel.database import Connection
from activities.kernel.queries import queries
from schemas.outreach.topics import TopicRow

SQL: Final = queries("outreach/topics")


async def store_topics(connection: Connection, rows: Sequence[TopicRow]) -> dict[str, list[str]]:
    """Register what is new or changed; the topics by what became of each: new, same, changed, vanished.

    What has vanished from the file of its year stays registered: schools may have chosen it.
    """
    stored = {
        (row["year"], row["topic"]): TopicRow.model_validate(dict(row))
        for row in await connection.fetch(SQL["topics"], sorted({row.year for row in rows}))
    }
    found: dict[str, list[str]] = {"new": [], "same": [], "changed": [], "vanished": []}
    changes: list[tuple[Any, ...]] = []
    for row in rows:
        there = stored.pop((row.year, row.topic), None)
        fate = "new" if there is None else "same" if there == row else "changed"
        found[fate].append(f"{row.year}/{row.topic}")
        if fate != "same":
            changes.append(tuple(row.model_dump().values()))
    found["vanished"] = [f"{year}/{topic}" for year, topic in stored]
    await connection.executemany(SQL["register"], changes)
    return found
