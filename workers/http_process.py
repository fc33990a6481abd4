"""What serves HTTP, from its first connection to its end: the gateway and the offices' pages."""

import asyncio
import resource
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from typing import Any, Final

import asyncpg
import structlog
from starlette.applications import Starlette
from temporalio.client import Client

from activities.kernel.database import open_pool
from cases.homes import homes
from embedded.worker import tell_ready
from encryption.ring import COMMON_HOME
from gateway.connections import CONNECTIONS, SPARE
from gateway.context import Gateway
from gateway.http_server import Server, listen
from schemas.kernel.homes import COMMON
from schemas.kernel.patience import CONNECT_WITHIN
from workers.documents import document_store
from workers.logs import runtime
from workers.process import Urls, run
from workers.settings import PREFIX, Settings, gateway_url, ui_origin
from workers.staff_tokens import staff_tokens
from workers.temporal import all_keys, connect

POOL_SIZE: Final = 12
INBOX_POOL_SIZE: Final = 8
FINISH_WITHIN: Final = 1.8
"""Seconds for the requests under way at SIGTERM: the supervisor's patience is 2.5."""
UNUSABLE: Final = 8
BEGIN_AGAIN_AFTER: Final = 5.0

log = structlog.get_logger()


async def run_http(
    name: str,
    settings: Settings,
    app_of: Callable[[Gateway], Starlette],
    beside: Callable[[Starlette], Coroutine[Any, Any, None]] | None = None,
) -> int:
    """Serve until told to stop and return the exit code, 8 where the port is taken.

    Args:
        name: `gateway` or `office`, as settings and log lines have it.
        settings: where it listens, and what it stands on.
        app_of: what answers, of connections to the servers.
        beside: what is done all the while beside answering.

    Raises:
        StackFault: the embedded stack is meant and does not run.
        SettingsError: the key ring is missing, cannot be used, or is not the database's.
    """
    _allow_connections()
    host, port = getattr(settings, f"{name}_host"), getattr(settings, f"{name}_port")

    async def serve(urls: Urls, told: asyncio.Event) -> int | None:
        clients = {
            home.name: await connect(settings, home, lazy=True, runtime=runtime(settings.log_level))
            for home in urls
        }
        async with AsyncExitStack() as stack:
            pool, inbox_pool = await pools(urls[COMMON_HOME], f"iehe-{name}")
            stack.callback(pool.terminate)
            stack.callback(inbox_pool.terminate)
            try:
                listener = listen(host, port)
            except OSError:
                log.exception("port-taken", port=port, setting=f"{PREFIX}{name.upper()}_PORT")
                return UNUSABLE
            app = app_of(gateway_from(settings, pool, inbox_pool, clients))

            def started() -> None:
                tell_ready()
                log.info("%s-open", name)

            server = Server(app, finish_within=FINISH_WITHIN, on_started=started)
            stop = asyncio.create_task(_stop(server, told))
            stack.callback(stop.cancel)
            if beside is not None:
                work = asyncio.create_task(lasting(name, beside, app))
                stack.callback(work.cancel)
            await server.serve([listener])
        return None

    return await run(name, settings, "office", homes().values(), serve)


async def lasting(
    name: str, beside: Callable[[Starlette], Coroutine[Any, Any, None]], app: Starlette
) -> None:
    """What is done beside answering, begun again when servers were away or it has failed."""
    while True:
        try:
            await beside(app)
        except Exception:
            log.exception("%s-work-failed", name)
            await asyncio.sleep(BEGIN_AGAIN_AFTER)


async def pools(url: str, application: str = "iehe-gateway") -> tuple[asyncpg.Pool, asyncpg.Pool]:
    """Connections for staff and for the inbox.

    A frozen server takes twice their patience: for the statement, and to hear that nobody waits for it.
    """
    patience = CONNECT_WITHIN.total_seconds()
    staff = await open_pool(url, size=POOL_SIZE, application=application, patience=patience, for_people=True)
    inbox = await open_pool(url, size=INBOX_POOL_SIZE, application=application, patience=patience)
    return staff, inbox


def _allow_connections() -> None:
    """As many open files as the connections that the door takes, where the soft limit is lower."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + SPARE + 200  # with those to both servers, and files
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


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
        ui_origin=ui_origin(settings),
        inbox_pool=inbox_pool,
        documents=document_store(settings),
    )
