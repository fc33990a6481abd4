"""Two homes on the session's servers: outreach lives in one of its own, everything else in the common one."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.kernel.database import open_pool
from activities.kernel.mail_channel import MailChannel
from activities.kernel.mailer import Mailer, SmtpSettings
from activities.kernel.notices import NoticeActivities
from cases.registry import ROOMS
from embedded.mail import MailCatcher
from encryption.ring import COMMON_HOME, KeyRing, ensure_ring
from schemas.kernel.homes import CaseHome
from tests.conftest import Database, Server
from tests.outreach.conftest import owner  # noqa: F401
from tests.outreach.schools import Schools
from workers.preparation import ensure_namespace, store_homes
from workers.relay.relay import CONNECTIONS, running_relay
from workers.temporal import encrypted, register_search_attributes
from workers.worker import running_worker
from workflows.outreach.process import OUTREACH

# ruff: noqa: F811 - fixtures are imported and asked for by name

APART = CaseHome("schools")


@dataclass
class Homes:
    """The servers as the common home and as the other one see them."""

    database: Database
    temporal: str
    near: Client
    far: Client
    near_ring: KeyRing
    far_ring: KeyRing
    mail: MailCatcher
    owner: asyncpg.Connection
    office: asyncpg.Pool
    schools: Schools

    @asynccontextmanager
    async def worker(self, home: CaseHome) -> AsyncIterator[None]:
        """A worker of a home, with the rights and keys of that one alone."""
        pool = await open_pool(self.database.url("worker", home.name), size=8)
        smtp = SmtpSettings(host="127.0.0.1", port=self.mail.port, tls="none", sender="a@example.ac.jp")
        notices = NoticeActivities(pool, ROOMS, {"mail": MailChannel(ROOMS, Mailer(smtp))})
        async with running_worker(self.far if home == APART else self.near, pool, notices, home=home):
            yield
        await pool.close()

    @asynccontextmanager
    async def relays(self) -> AsyncIterator[None]:
        """What a relay process runs: one relay for each home."""
        async with contextlib.AsyncExitStack() as stack:
            for home, client in ((COMMON_HOME, self.near), (APART, self.far)):
                pool = await open_pool(self.database.url("worker", home.name), size=CONNECTIONS)
                stack.push_async_callback(pool.close)
                await stack.enter_async_context(running_relay(pool, client))
            yield

    @asynccontextmanager
    async def as_worker(self, home: CaseHome) -> AsyncIterator[asyncpg.Connection]:
        """A connection with the rights of a home's workers."""
        connection = await asyncpg.connect(self.database.url("worker", home.name))
        yield connection
        await connection.close()


@pytest.fixture
def apart() -> Iterator[CaseHome]:
    """Outreach lives elsewhere while the test runs."""
    before = OUTREACH.home
    object.__setattr__(OUTREACH, "home", APART.name)
    yield APART
    object.__setattr__(OUTREACH, "home", before)


@pytest.fixture
def far_ring(apart: CaseHome, tmp_path: Path) -> KeyRing:
    return ensure_ring(tmp_path / apart.ring_file, apart)


@pytest.fixture
async def homes(
    apart: CaseHome,
    far_ring: KeyRing,
    temporal,
    client: Client,
    ring: KeyRing,
    postgres: Server,
    database: Database,
    owner: asyncpg.Connection,
    mail: MailCatcher,
) -> AsyncIterator[Homes]:
    await postgres.ensure_roles()
    await store_homes(owner)
    namespace = apart.namespace("default")
    far = await Client.connect(
        temporal.address, namespace=namespace, data_converter=encrypted(far_ring, namespace)
    )
    await ensure_namespace(far, ours=True)
    await register_search_attributes(far)
    office = await open_pool(database.url("office"), size=2)
    skipper = TimeSkipper(far, config=TimeSkippingConfig(enabled=False))
    schools = Schools(skipper, office, owner, None)
    yield Homes(
        *(database, temporal.address, client, skipper.client, ring, far_ring, mail, owner, office, schools)
    )
    await office.close()
    # what is left running would otherwise go to the next test's worker
    async for each in far.list_workflows("ExecutionStatus = 'Running'"):
        with contextlib.suppress(RPCError):
            await far.get_workflow_handle(each.id).terminate("end of the test")
