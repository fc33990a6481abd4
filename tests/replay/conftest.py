"""The running institute, for recording: without encryption, so that a recording needs no key."""

import pytest
from temporalio.client import Client

from tests.workflows.conftest import institute, mail, notices, pool, vacant, worker_pool
from workers.temporal import DATA_CONVERTER, register_search_attributes

__all__ = ["institute", "mail", "notices", "pool", "vacant", "worker_pool"]


@pytest.fixture
async def client(temporal) -> Client:
    client = await Client.connect(temporal.address, data_converter=DATA_CONVERTER)
    await register_search_attributes(client)
    return client
