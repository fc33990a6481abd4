"""What servers need before a worker can work on them: schema, policies, search attributes, schedules."""

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Final

import asyncpg
from google.protobuf.duration_pb2 import Duration
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client

from activities.kernel.database import one_connection
from activities.kernel.queries import queries
from cases.registry import ROOMS
from embedded.connection import Embedded
from embedded.faults import StackFault
from schemas.kernel.identifiers import CASES_QUEUE
from workers.migrations import MigrationError, migrate
from workers.policies import PolicyError, load_defaults
from workers.schedules import all_works, ensure_schedules
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
        async with one_connection(Embedded(settings).url("worker"), application="iehe-keys") as connection:
            await check_keys(settings, connection)
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
        await store_retention(connection, settings)


async def store_retention(connection: asyncpg.Connection, settings: Settings) -> None:
    """Write down, as the owner, how long what belongs to no process is kept."""
    days = {"requests": settings.keep_requests_days, "decodings": settings.keep_decodings_days}
    await connection.executemany(queries("kernel/retention")["set_days"], list(days.items()))


async def _prepare_temporal(settings: Settings) -> None:
    client = await connect(settings)
    if settings.temporal_embedded:
        await keep_closed_cases(client)
    await register_search_attributes(client)
    await ensure_schedules(client, all_works(ROOMS.values()).values(), CASES_QUEUE)


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
