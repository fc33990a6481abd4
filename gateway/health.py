"""`/livez` and `/readyz`: whether to restart this process, and whether to send it requests."""

import asyncio
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Final

import asyncpg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from temporalio.client import Client
from temporalio.service import RPCError

from activities.kernel.database import FAULTS
from activities.kernel.queries import queries
from cases.time_limits import within
from gateway.context import gateway_of
from schemas.kernel.patience import PROBE_WITHIN

PROBES: Final = frozenset({"/livez", "/readyz"})


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
        rows = await within(PROBE_WITHIN, pool.fetch(queries("kernel/inbox")["applied_migrations"]))
    except FAULTS:
        return "away"
    return "ok" if migrations() <= {row["name"] for row in rows} else "of-another-release"


async def _temporal(client: Client) -> str:
    try:
        await within(PROBE_WITHIN, client.service_client.check_health(timeout=PROBE_WITHIN))
    except (RPCError, RuntimeError, OSError, TimeoutError):
        return "away"
    return "ok"


@cache
def migrations() -> frozenset[str]:
    """The migrations of this release, by their rooms and files."""
    folders = ((room.name, room / "sql" / "migrations") for room in files("activities").iterdir())
    return frozenset(
        f"{room}/{file.name}"
        for room, folder in folders
        if folder.is_dir()
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    )
