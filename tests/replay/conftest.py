"""The running institute, for recording: without encryption, so that a recording needs no key."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from temporalio.client import Client

from activities.kernel.notices import NoticeActivities
from embedded.mail import MailCatcher
from tests.office import Institute
from tests.replay.disturbed import Disturbed
from tests.workflows.conftest import (
    institute,
    notices,
    pool,
    restless_server,
    vacant,
    worker_pool,
)
from workers.temporal import DATA_CONVERTER, register_search_attributes
from workers.worker import running_worker

__all__ = ["institute", "notices", "pool", "vacant", "worker_pool"]


@pytest.fixture
async def client(temporal) -> Client:
    return await _connected(temporal.address)


@pytest.fixture
async def disturbed(
    institute: Institute, postgres, database, mail: MailCatcher, notices: NoticeActivities
) -> Disturbed:
    """The running institute, with what can be taken from it."""
    return Disturbed(institute, postgres, database, mail, notices)


@pytest.fixture
async def restless(
    server_home, vacant: Institute, worker_pool: asyncpg.Pool, notices: NoticeActivities
) -> AsyncIterator[Institute]:
    """The institute on a server that suggests a new run after forty history events."""
    async with restless_server(server_home) as address:
        client = await _connected(address)
        async with running_worker(client, worker_pool, notices):
            yield Institute(client, vacant.pool)


async def _connected(address: str) -> Client:
    client = await Client.connect(address, data_converter=DATA_CONVERTER)
    await register_search_attributes(client)
    return client
