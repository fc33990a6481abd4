"""The gateway process from its first connection to its end."""

import asyncio
import resource
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Final

import asyncpg
import structlog
from temporalio.client import Client

from activities.kernel.database import open_pool
from cases.homes import homes
from embedded.worker import tell_ready
from encryption.ring import COMMON_HOME
from gateway.app import create_app
from gateway.connections import CONNECTIONS, SPARE
from gateway.context import Gateway
from gateway.http_server import Server, listen
from schemas.kernel.homes import COMMON
from schemas.kernel.patience import CONNECT_WITHIN
from workers.documents import document_store
from workers.logs import runtime
from workers.process import Urls, run
from workers.settings import Settings, gateway_url
from workers.staff_tokens import staff_tokens
from workers.temporal import all_keys, connect

POOL_SIZE: Final = 12
INBOX_POOL_SIZE: Final = 8
FINISH_WITHIN: Final = 1.8
"""Seconds for the requests under way at SIGTERM: the supervisor's patience is 2.5."""
UNUSABLE: Final = 8

log = structlog.get_logger()


async def run_gateway(settings: Settings) -> int:
    """Serve until told to stop and return the exit code, 8 where the port is taken.

    Raises:
        StackFault: the embedded stack is meant and does not run.
        SettingsError: the key ring is missing, cannot be used, or is not the database's.
    """
    _allow_connections()

    async def serve(urls: Urls, told: asyncio.Event) -> int | None:
        clients = {
            home.name: await connect(settings, home, lazy=True, runtime=runtime(settings.log_level))
            for home in urls
        }
        async with AsyncExitStack() as stack:
            pool, inbox_pool = await pools(urls[COMMON_HOME])
            stack.callback(pool.terminate)
            stack.callback(inbox_pool.terminate)
            try:
                listener = listen(settings.gateway_host, settings.gateway_port)
            except OSError:
                log.exception("port-taken", port=settings.gateway_port, setting="IEHE_GATEWAY_PORT")
                return UNUSABLE
            app = create_app(gateway_from(settings, pool, inbox_pool, clients))
            server = Server(app, finish_within=FINISH_WITHIN, on_started=_started)
            stop = asyncio.create_task(_stop(server, told))
            stack.callback(stop.cancel)
            await server.serve([listener])
        return None

    return await run("gateway", settings, "office", homes().values(), serve)


async def pools(url: str) -> tuple[asyncpg.Pool, asyncpg.Pool]:
    """Connections for staff and for the inbox.

    A frozen server takes twice their patience: for the statement, and to hear that nobody waits for it.
    """
    patience = CONNECT_WITHIN.total_seconds()
    staff = await open_pool(
        url, size=POOL_SIZE, application="iehe-gateway", patience=patience, for_people=True
    )
    inbox = await open_pool(url, size=INBOX_POOL_SIZE, application="iehe-gateway", patience=patience)
    return staff, inbox


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


def gateway_from(
    settings: Settings, pool: asyncpg.Pool, inbox_pool: asyncpg.Pool, clients: Mapping[str, Client]
) -> Gateway:
    """The gateway as the settings say, with a client for each home by its name."""
    return Gateway(
        pool=pool,
        client=clients[COMMON],
        elsewhere={name: client for name, client in clients.items() if name != COMMON},
        ring=all_keys(settings),
        staff=staff_tokens(settings),
        url=gateway_url(settings),
        ui_origin=settings.ui_origin or f"http://127.0.0.1:{settings.ui_port}",
        inbox_pool=inbox_pool,
        documents=document_store(settings),
    )
