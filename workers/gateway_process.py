"""The gateway process from its first connection to its end."""

import asyncio
import os
import resource
from typing import Final

import asyncpg
import structlog
from temporalio.client import Client

from activities.kernel.database import open_pool
from embedded.connection import Embedded
from embedded.worker import tell_ready
from gateway.app import create_app
from gateway.connections import CONNECTIONS, SPARE
from gateway.context import Gateway
from gateway.http_server import Server, listen
from schemas.kernel.patience import CONNECT_WITHIN
from workers.logs import runtime
from workers.settings import Settings, SettingsError, gateway_url
from workers.staff_tokens import staff_tokens
from workers.temporal import check_keys, connect, key_ring
from workers.worker_process import FAILED, STOPPED, NoSchemaError, told_to_leave, until_told

POOL_SIZE: Final = 12
INBOX_POOL_SIZE: Final = 8
FINISH_WITHIN: Final = 1.8
"""Seconds for the requests under way at SIGTERM: the supervisor's patience is 2.5."""
LEAVE_AFTER: Final = 2.3
UNUSABLE: Final = 8

log = structlog.get_logger()


async def run_gateway(settings: Settings) -> int:
    """Serve until told to stop (SIGTERM, SIGINT) and return the exit code.

    Raises:
        StackFault: the embedded stack is meant and does not run.
        SettingsError: the key ring is missing, cannot be used, or is not the database's.
    """
    _allow_connections()
    with told_to_leave(LEAVE_AFTER) as told:
        url = Embedded(settings).url("office")
        client = await connect(settings, lazy=True, runtime=runtime(settings.log_level))
        return await _serve(settings, url, client, told)


async def pools(url: str) -> tuple[asyncpg.Pool, asyncpg.Pool]:
    """Connections for staff and for the inbox.

    A frozen server takes twice their patience: for the statement, and to hear that nobody waits for it.
    """
    patience = CONNECT_WITHIN.total_seconds()
    staff = await open_pool(url, size=POOL_SIZE, application="iehe-gateway", patience=patience)
    inbox = await open_pool(url, size=INBOX_POOL_SIZE, application="iehe-gateway", patience=patience)
    return staff, inbox


async def _serve(settings: Settings, url: str, client: Client, told: asyncio.Event) -> int:
    log.info("gateway-starting", pid=os.getpid())
    try:
        if await until_told(told, "waiting-for-database", lambda: _database_ready(settings, url)) is None:
            return STOPPED
        pool, inbox_pool = await pools(url)
    except SettingsError:
        raise
    except Exception:
        log.exception("gateway-failed")
        return FAILED
    try:
        listener = listen(settings.gateway_host, settings.gateway_port)
    except OSError:
        log.exception("port-taken", port=settings.gateway_port, setting="IEHE_GATEWAY_PORT")
        pool.terminate()
        inbox_pool.terminate()
        return UNUSABLE
    gateway = gateway_from(settings, pool, inbox_pool, client)
    server = Server(create_app(gateway), finish_within=FINISH_WITHIN, on_started=_started)
    stop = asyncio.create_task(_stop(server, told))
    try:
        await server.serve([listener])
    finally:
        stop.cancel()
        pool.terminate()
        inbox_pool.terminate()
    log.info("gateway-stopped")
    return STOPPED


def _allow_connections() -> None:
    """As many open files as the connections that the door takes, where the soft limit is lower."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + SPARE + 200  # with those to both servers, and files
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _started() -> None:
    tell_ready()
    log.info("gateway-open")


async def _stop(server: Server, told: asyncio.Event) -> None:
    await told.wait()
    server.should_exit = True
    log.info("gateway-stopping")


def gateway_from(settings: Settings, pool: asyncpg.Pool, inbox_pool: asyncpg.Pool, client: Client) -> Gateway:
    """The gateway as the settings say."""
    return Gateway(
        pool=pool,
        client=client,
        ring=key_ring(settings),
        staff=staff_tokens(settings),
        url=gateway_url(settings),
        ui_origin=settings.ui_origin or f"http://127.0.0.1:{settings.ui_port}",
        namespace=client.namespace,
        inbox_pool=inbox_pool,
    )


async def _database_ready(settings: Settings, url: str) -> bool:
    connection = await asyncpg.connect(url, timeout=5, server_settings={"application_name": "iehe-gateway"})
    try:
        if await connection.fetchval("SELECT to_regclass('iehe.sources')") is None:
            raise NoSchemaError
    finally:
        connection.terminate()
    await check_keys(settings, url)
    return True
