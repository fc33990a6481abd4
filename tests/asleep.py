"""Time that passed while nobody worked.

A server's own time skipping waits for the worker, so an outage is made from the other side: a case is started
again from the state that the database holds, with all its times so long ago.
"""

import json
import re
from collections.abc import Container
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
from temporalio.client import WorkflowHandle

from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import EVENT_SIGNAL
from schemas.kernel.step import CaseHandover, CaseStart
from workflows.kernel.process import Process

_MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def _earlier(value: Any, span: timedelta, but: Container[str]) -> Any:
    if isinstance(value, dict):
        return {key: item if key in but else _earlier(item, span, but) for key, item in value.items()}
    if isinstance(value, list):
        return [_earlier(item, span, but) for item in value]
    if isinstance(value, str) and _MOMENT.match(value):
        return (datetime.fromisoformat(value) - span).isoformat()
    if isinstance(value, str) and _DAY.fullmatch(value):
        return (date.fromisoformat(value) - span).isoformat()
    return value


async def sleep_through(
    handle: WorkflowHandle[Any, Any],
    process: Process[Any],
    database: asyncpg.Pool | asyncpg.Connection,
    span: timedelta,
    *,
    queue: str,
    first: EventEnvelope | None = None,
    but: Container[str] = (),
) -> int:
    """Let a case find that so much time has passed; `first` was sent in the meantime.

    Args:
        handle: of its workflow.
        process: which it is.
        database: as its owner.
        span: how long nobody worked.
        queue: of its home's cases.
        first: a fact that waits for it.
        but: members of the state that stay as they are.

    Returns:
        The version with which it fell asleep.
    """
    row = await database.fetchrow("SELECT version, state FROM iehe.cases WHERE case_id = $1", handle.id)
    state = _earlier(json.loads(row["state"]), span, but)
    await handle.terminate("outage of a test")
    await database.execute(
        "UPDATE iehe.cases SET state = $2 WHERE case_id = $1", handle.id, json.dumps(state)
    )
    client = handle._client
    handover = CaseHandover(version=row["version"], state=state, restarted=True)
    await client.start_workflow(
        process.name,
        CaseStart(case_id=handle.id, handover=handover),
        id=handle.id,
        task_queue=queue,
        start_signal=EVENT_SIGNAL if first else None,
        start_signal_args=[first] if first else [],
    )
    version: int = row["version"]
    return version
