"""That tasks have changed, told to the pages that are open: one stream a page, and it tells nothing else.

What stands in the stream is no row and no name, only that the page is not as things are any more. All streams
of a process are answered by one look at the database every few seconds, and each by one at the reader's own.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from typing import Any, Final

import asyncpg
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from activities.kernel.acting import THE_HOST, acting_for
from activities.kernel.queries import queries
from cases.lists import view_of_tasks
from cases.registry import PROCESSES
from office.context import office_of
from office.sessions import SignInNeeded, session_of
from schemas.kernel.case import Actor

SQL: Final = queries("kernel/lists")
EVERY: Final = 5.0
"""Seconds between two looks."""
ALIVE: Final = 15.0
"""Seconds after which a comment keeps proxies from closing what is silent."""
LONGEST: Final = 45.0
"""Seconds after which a stream ends, before the server ends it; the browser asks again, since the same."""


class Marks:
    """What stands for the open tasks of each room, looked at no more often than every few seconds."""

    def __init__(self) -> None:
        self._rooms: dict[str, tuple[int, int]] = {}
        self._at = float("-inf")
        self._lock = asyncio.Lock()

    async def of(self, pool: asyncpg.Pool, actor: Actor) -> tuple[Any, ...]:
        """What is another one as soon as the tasks that somebody sees are others."""
        async with self._lock:
            if time.monotonic() - self._at >= EVERY * 0.8:
                with acting_for(THE_HOST):
                    rows = await pool.fetch(SQL["tasks_mark"])
                self._rooms = {row["room"]: (row["open"], row["mark"]) for row in rows}
                self._at = time.monotonic()
        rooms = [PROCESSES[name].room for name in view_of_tasks(actor).whole]
        own = await pool.fetchrow(SQL["own_tasks_mark"], actor.id)
        return (*(self._rooms.get(room) for room in rooms), *(own or ()))


async def mark_of(request: Request, actor: Actor) -> str:
    """What stands for the tasks that somebody sees now; a page has it from when it was made."""
    marks: Marks = request.app.state.marks
    told = await marks.of(office_of(request).gateway.pool, actor)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


async def stream(request: Request) -> Response:
    """Tells `changed` as soon as the tasks are others than the page has them (`since`); then it ends.

    It is no use of the session: a page that lies open does not keep its reader signed in.
    """
    session = await session_of(request, used=False)
    headers = {"X-Accel-Buffering": "no"}
    if request.method == "HEAD":  # nobody reads what would be told
        return Response(media_type="text/event-stream", headers=headers)
    since = request.query_params.get("since") or await mark_of(request, session.actor)
    told = _told(request, since, session.actor)
    return StreamingResponse(told, media_type="text/event-stream", headers=headers)


async def _told(request: Request, since: str, actor: Actor) -> AsyncIterator[str]:
    waited = silent = 0.0
    yield ": \n\n"
    while waited < LONGEST and not await request.is_disconnected():
        if await mark_of(request, actor) != since:
            yield "event: changed\ndata: tasks\n\n"
            return
        await asyncio.sleep(EVERY)
        waited, silent = waited + EVERY, silent + EVERY
        try:
            actor = (await session_of(request, used=False)).actor
        except SignInNeeded:
            return
        if silent >= ALIVE:
            silent = 0.0
            yield ": \n\n"
