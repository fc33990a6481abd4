"""What the event door is measured beside: the same server, a handler that only inserts a row."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from activities.kernel.database import open_pool


async def store(request: Request) -> Response:
    """Insert the body."""
    body = json.loads(await request.body())
    await request.app.state.pool.execute("INSERT INTO iehe.bare (body) VALUES ($1)", json.dumps(body))
    return Response(status_code=202)


@asynccontextmanager
async def with_pool(app: Starlette) -> AsyncIterator[None]:
    """The same pool as the door's."""
    app.state.pool = await open_pool(sys.argv[1], size=10, application="bare")
    yield
    app.state.pool.terminate()


if __name__ == "__main__":
    door = Starlette(routes=[Route("/events", store, methods=["POST"])], lifespan=with_pool)
    uvicorn.run(door, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False)
