"""What servers need before a worker can work on them: schema, policies, search attributes, schedules."""

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Final

import asyncpg
from google.protobuf.duration_pb2 import Duration
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.kernel.database import one_connection
from activities.kernel.queries import queries
from cases.homes import homes
from cases.registry import PROCESSES
from cases.sight import written
from embedded.connection import Embedded
from embedded.faults import StackFault
from workers.migrations import MigrationError, migrate
from workers.policies import PolicyError, load_defaults
from workers.schedules import ensure_schedules_of
from workers.settings import Settings, SettingsError
from workers.temporal import SearchAttributeError, check_keys, connect, register_search_attributes

RETENTION: Final = timedelta(days=400)
"""How long a closed case stays in the Temporal UI: a whole year of a process and the month after it."""


class PreparationFailed(StackFault):
    """The schema, the policies, the search attributes or the key ring are not as this release needs them."""

    exit_code = 1


async def prepare(settings: Settings) -> None:
    """Bring both servers up to this release; changes nothing where nothing is missing.

    A database elsewhere whose owner is not set is left to `iehe migrate`.

    Raises:
        PreparationFailed: with what is in the way.
    """
    try:
        await asyncio.gather(_prepare_database(settings), _prepare_temporal(settings))
        async with one_connection(Embedded(settings).url("office"), application="iehe-keys") as connection:
            for home in homes().values():
                await check_keys(settings, connection, home)
    except (MigrationError, PolicyError, SearchAttributeError, SettingsError) as error:
        raise PreparationFailed(str(error)) from error


def owner_connection(settings: Settings) -> AbstractAsyncContextManager[asyncpg.Connection]:
    """One connection for changes to the schema."""
    return one_connection(Embedded(settings).url("owner"), application="iehe-migrate", patience=10)


async def _prepare_database(settings: Settings) -> None:
    if settings.database_url is not None and settings.owner_database_url is None:
        return
    async with owner_connection(settings) as connection:
        await migrate(connection)
        await load_defaults(connection)
        await store_settings(connection, settings)


async def store_settings(connection: asyncpg.Connection, settings: Settings) -> None:
    """Write down, as the owner, where each process lives, and how long what belongs to none is kept.

    Raises:
        MigrationError: a process has open cases and is to live elsewhere.
    """
    await store_homes(connection)
    days = {"requests": settings.keep_requests_days, "decodings": settings.keep_decodings_days}
    await connection.executemany(queries("kernel/retention")["set_days"], list(days.items()))


async def store_homes(connection: asyncpg.Connection) -> None:
    """Write down, as the owner, in which home each process lives, and who sees what of it.

    Raises:
        MigrationError: one has open cases, whose workflows are elsewhere.
    """
    sql, live = queries("kernel/homes"), [(each.room, each.home) for each in PROCESSES.values()]
    said = [list(column) for column in zip(*live, strict=True)]
    async with connection.transaction():
        if staying := await connection.fetch(sql["cannot_move"], *said):
            named = ", ".join(f"{row['room']} (home {row['home']})" for row in staying)
            raise MigrationError(
                f"open cases of {named} live elsewhere than this release has them: let them end first"
            )
        await connection.execute(sql["move"], *said)
        confidential = [each.room for each in PROCESSES.values() if each.confidential]
        await connection.execute(sql["confidential"], confidential)
        await connection.execute(sql["forget_sight"])
        await connection.execute(sql["sight"], *(list(column) for column in zip(*written(), strict=True)))
        await store_links(connection)


async def store_links(connection: asyncpg.Connection) -> int:
    """Write down, as the owner, which process takes which facts; who takes one newly gets what is kept of it.

    Returns:
        How many facts are on their way to processes that did not take them before.
    """
    sql = queries("kernel/links")
    rows = [
        (kind, process.name, str(takes.absent), takes.wait_days, str(takes.closed), process.office)
        for process in PROCESSES.values()
        for kind, takes in process.takes.items()
    ]
    await connection.execute(sql["forget_receivers"])
    if rows:
        await connection.execute(sql["receivers"], *(list(column) for column in zip(*rows, strict=True)))
    return int(await connection.fetchval(sql["catch_up"]))


async def _prepare_temporal(settings: Settings) -> None:
    for home in homes().values():
        client = await connect(settings, home)
        await ensure_namespace(client, ours=settings.temporal_embedded)
        await register_search_attributes(client)
        await ensure_schedules_of(client, home)


async def ensure_namespace(client: Client, *, ours: bool) -> None:
    """See that a client's namespace is there, and on a server of ours that closed cases stay long enough.

    Raises:
        PreparationFailed: it is not there: whoever runs a server elsewhere makes its namespaces.
    """
    service, name = client.workflow_service, client.namespace
    try:
        await service.describe_namespace(DescribeNamespaceRequest(namespace=name))
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        raise PreparationFailed(
            f"Temporal has no namespace {name}: make it (temporal operator namespace create --namespace "
            f"{name} --retention {RETENTION.days}d), or name another one in IEHE_NAMESPACE_<HOME>"
        ) from None
    if ours:
        await keep_closed_cases(client)


async def keep_closed_cases(client: Client) -> None:
    """Raise the namespace's retention to `RETENTION`: an embedded server's own is one day."""
    service = client.workflow_service
    answer = await service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    if answer.config.workflow_execution_retention_ttl.ToTimedelta() >= RETENTION:
        return
    keep = Duration()
    keep.FromTimedelta(RETENTION)
    await service.update_namespace(
        UpdateNamespaceRequest(
            namespace=client.namespace, config=NamespaceConfig(workflow_execution_retention_ttl=keep)
        )
    )
