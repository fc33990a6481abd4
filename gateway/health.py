"""`/livez` and `/readyz`: whether to restart this process, and whether to send it requests."""

import asyncio
from collections.abc import Coroutine
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Any, Final, TypeVar

import asyncpg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from temporalio.client import Client
from temporalio.service import RPCError

from activities.database import FAULTS
from activities.sql import queries
from gateway.context import gateway_of
from schemas.patience import PROBE_WITHIN

PROBES: Final = frozenset({"/livez", "/readyz"})
T = TypeVar("T")
_left_over: Final[set[asyncio.Future[Any]]] = set()


def routes() -> list[Route]:
    """The endpoints of this module."""
    return [Route("/livez", live, methods=["GET"]), Route("/readyz", ready, methods=["GET"])]


async def live(_request: Request) -> Response:
    """The event loop turns; nothing else is asked."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """Ready as long as events can be stored; that Temporal is away is said, and changes nothing."""
    gateway = gateway_of(request)
    pool = gateway.inbox_pool or gateway.pool
    database, temporal = await asyncio.gather(_database(pool), _temporal(gateway.client))
    status = HTTPStatus.OK if database == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
    headers = {} if status is HTTPStatus.OK else {"Retry-After": "5"}
    return JSONResponse({"database": database, "temporal": temporal}, status_code=status, headers=headers)


async def _database(pool: asyncpg.Pool) -> str:
    try:
        rows = await _within(pool.fetch(queries("inbox")["applied_migrations"]))
    except FAULTS:
        return "away"
    return "ok" if migrations() <= {row["name"] for row in rows} else "of-another-release"


async def _temporal(client: Client) -> str:
    try:
        await _within(client.service_client.check_health(timeout=PROBE_WITHIN))
    except (RPCError, RuntimeError, OSError, TimeoutError):
        return "away"
    return "ok"


async def _within(question: Coroutine[Any, Any, T]) -> T:
    """The answer, or TimeoutError; what does not answer is left to end by itself.

    Waiting for the end of what was given up took as long as the server was frozen: a connection is given
    back to its pool only when the server has heard that its question is no longer asked.
    """
    asked = asyncio.ensure_future(question)
    done, _ = await asyncio.wait({asked}, timeout=PROBE_WITHIN.total_seconds())
    if done:
        return asked.result()
    _left_over.add(asked)
    asked.add_done_callback(_ended)
    asked.cancel()
    raise TimeoutError


def _ended(asked: "asyncio.Future[Any]") -> None:
    _left_over.discard(asked)
    if not asked.cancelled():
        asked.exception()  # looked at, so that nobody reports it


@cache
def migrations() -> frozenset[str]:
    """The migrations of this release, by the names of their files."""
    folder = files("activities") / "sql" / "migrations"
    return frozenset(file.name for file in folder.iterdir() if file.name.endswith(".sql"))
