"""What one case costs exactly: counted, not timed, by the servers' own books."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.request import urlopen

import asyncpg
from temporalio.api.enums.v1 import EventType

from benchmarks.playing import Engine, quietly, watching
from benchmarks.servers import Servers

PAGE: Final = Path(__file__).parent.parent / "docs" / "costs.md"
LOGGING: Final = {"log_statement": "all", "log_line_prefix": "%a|%c|%v|", "fsync": "off"}
"""Settings of a PostgreSQL that is counted, not timed: application, session, transaction before each line."""
ABOUT: Final = {"history bytes", "bytes in PostgreSQL"}
"""Figures with times and host names in them: alike, not the same."""
TOLERANCE: Final = 0.05
_STATEMENT: Final = re.compile(
    r"^([^|\n]*)\|([^|\n]*)\|([^|\n]*)\|(?:LOG|ログ):\s+(?:statement|execute [^:]*): "
    # no case's: the look every second for what waits in rows, and what a new connection asks first
    r"(?!SELECT /\* errand \*/|WITH RECURSIVE typeinfo_tree"
    r"|\s*SELECT\s+(?:current_setting\('jit'\)|set_config\('jit'))",
    re.MULTILINE,
)


async def count(
    at: Servers, engine: Engine, case_id: str, messages: int, pool: asyncpg.Pool
) -> dict[str, int]:
    """Play one case and count; another one must have been played before, so that all connections are made."""
    client = None if type(engine).__name__ in ("Sql", "Dbos") else await at.client()
    log = at.home.logs / "postgresql.log"
    async with watching(pool, engine.table) as watch:
        actions, start = await _actions(at), log.stat().st_size
        versions = [each async for each in quietly(engine, watch, case_id, messages, client, pool)]
    found = {"messages": messages, "steps": versions[-1]}
    if client is not None:
        handle = client.get_workflow_handle(case_id)
        info = (await handle.describe()).raw_description.workflow_execution_info
        kinds = [event.event_type async for event in handle.fetch_history_events()]
        found |= {
            "history events": info.history_length,
            "history bytes": info.history_size_bytes,
            "billable actions": await _actions(at) - actions,
            "workflow tasks": kinds.count(EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED),
            "activities": kinds.count(EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED),
            "local activities": kinds.count(EventType.EVENT_TYPE_MARKER_RECORDED),
            "timers": kinds.count(EventType.EVENT_TYPE_TIMER_STARTED),
            "upserts of search attributes": kinds.count(
                EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES
            ),
        }
    with log.open("rb") as file:
        file.seek(start)
        lines = _STATEMENT.findall(file.read().decode())
    for kind, names in (
        ("worker's", ("iehe-worker", "engine")),
        ("door's", ("door",)),
        ("engine's", ("dbos",)),
    ):
        mine = [(session, transaction) for name, session, transaction in lines if name.startswith(names)]
        found |= {f"{kind} statements": len(mine), f"{kind} transactions": len(set(mine))}
    return found | {"bytes in PostgreSQL": await _stored(pool, engine.table.partition(".")[0], case_id)}


async def _actions(at: Servers) -> int:
    """What the server has counted as billable; it reports each second, so until two answers are one."""
    url = f"http://127.0.0.1:{at.temporal.ports.metrics}/metrics"
    last = -1
    while True:
        text = (await asyncio.to_thread(lambda: urlopen(url).read())).decode()
        lines = (line for line in text.splitlines() if line.startswith("action{"))
        count = sum(int(float(line.rpartition(" ")[2])) for line in lines)
        if count == last:
            return count
        last = count
        await asyncio.sleep(1.5)


async def _stored(pool: asyncpg.Pool, schema: str, case_id: str) -> int:
    """Bytes of the case's rows in all tables that name it, without their indexes."""
    tables = await pool.fetch(
        "SELECT table_name FROM information_schema.columns JOIN information_schema.tables "
        "USING (table_schema, table_name) "
        "WHERE table_schema = $1 AND column_name = 'case_id' AND table_type = 'BASE TABLE'",
        schema,
    )
    each = " + ".join(
        f"(SELECT coalesce(sum(pg_column_size(t.*)), 0) FROM {schema}.{row[0]} t WHERE case_id = $1)"  # noqa: S608
        for row in tables
    )
    return int(await pool.fetchval(f"SELECT {each}", case_id))


def table(counts: Mapping[str, Mapping[str, int]]) -> str:
    """The figures as a table, an engine a column."""
    names = list(dict.fromkeys(name for figures in counts.values() for name in figures))
    lines = [f"| a case's | {' | '.join(counts)} |", f"| --- |{' ---: |' * len(counts)}"]
    for name in names:
        cells = (f"{figures[name]:,}" if name in figures else "–" for figures in counts.values())
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def written() -> dict[str, int]:
    """This system's figures as the page has them."""
    rows = re.findall(r"^\| ([\w' ]+) \| ([\d,]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: int(figure.replace(",", "")) for name, figure in rows}


def write(counts: Mapping[str, Mapping[str, int]]) -> None:
    """Put a new table into the page."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(
        re.sub(r"^\| a case's .*?(?=\n\n|\Z)", table(counts), text, flags=re.MULTILINE | re.DOTALL),
        encoding="utf-8",
    )
