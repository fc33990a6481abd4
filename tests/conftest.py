"""Real servers for the tests: the same binaries and the same supervising code as the embedded stack.

One PostgreSQL and one Temporal server for each test process, started when the first test asks for one. Every
test that asks for `database` gets its own copy of a migrated template.
"""

import asyncio
import os
import shutil
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from temporalio.client import Client
from temporalio.worker._workflow import _WorkflowWorker
from xdist.scheduler import LoadFileScheduling

from cases.homes import homes
from embedded.credentials import Role
from embedded.faults import ChildDied
from embedded.home import Home, postgres_account
from embedded.mail import MailCatcher
from embedded.ports import free_port
from embedded.postgres import PostgresServer
from embedded.temporal import TemporalPorts, TemporalServer
from encryption.ring import JoinedRing, KeyRing, ensure_ring
from schemas.kernel.homes import COMMON, CaseHome
from tests.folders import server_folder
from workers.migrations import migrate, read_migrations
from workers.preparation import store_homes
from workers.settings import Settings
from workers.temporal import encrypted, register_search_attributes
from workflows.kernel.known_policies import POLICIES

_TEMPLATE = "iehe_template"
_STACK = "stack"
_STANDS_STILL = 20  # seconds
ON_THE_STACK = tuple(
    f"tests/office_pages/test_{name}.py" for name in ("accessible", "days", "keyboard", "stays", "whole_days")
)
"""Files whose tests ask for that fixture of tests/office_pages."""
_FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",  # it would go from database to database while tests drop them
}


class Server(PostgresServer):
    async def drop_database(self, name: str) -> None:
        """Remove a database, cutting its connections."""
        connection = await self._connect()
        try:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        finally:
            await connection.close()


def others() -> list[CaseHome]:
    """The homes of cases beside the common one."""
    return [home for home in homes().values() if not home.common]


def rings_in(folder: Home) -> KeyRing:
    """The rings of all homes, made where they are missing, as who serves all of them has them."""
    return JoinedRing(*(ensure_ring(folder.secrets / home.ring_file, home) for home in homes().values()))


@dataclass(frozen=True, slots=True)
class Database:
    """One test's own database."""

    server: PostgresServer
    name: str

    def url(self, role: Role, of: str = COMMON) -> str:
        """Return its address for one of our roles; a worker's of a home."""
        return self.server.url(role, self.name, of=of)


class _ByFile(LoadFileScheduling):
    """A file goes to one process whole, and all that ask for the stack to one: it starts once."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return _STACK if file in ON_THE_STACK else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    return _ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files whose tests may take long go first, those without servers last: all processes end at once.

    What hands the files out would by itself begin with those of many tests, and end with the stack's.
    """
    longest: dict[Path, float] = defaultdict(float)
    served: Counter[Path] = Counter()
    for item in items:
        if _STACK in getattr(item, "fixturenames", ()) and item.nodeid.partition("::")[0] not in ON_THE_STACK:
            raise pytest.UsageError(f"{item.path} asks for the stack: name it in ON_THE_STACK")
        limit = item.get_closest_marker("timeout")
        longest[item.path] = max(longest[item.path], limit.args[0] if limit else 0)
        served[item.path] += "server_home" in getattr(item, "fixturenames", ())
    items.sort(key=lambda item: (-longest[item.path], -served[item.path]))


@pytest.fixture(autouse=True, scope="session")
def patient_workers() -> Iterator[None]:
    """A busy machine that stands still for two seconds is no deadlock of a workflow, as the SDK takes it."""
    usual = _WorkflowWorker.__init__

    def patient(self: _WorkflowWorker, *arguments: Any, **named: Any) -> None:
        usual(self, *arguments, **named)
        self._deadlock_timeout_seconds = _STANDS_STILL

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_WorkflowWorker, "__init__", patient)
        yield


@pytest.fixture(autouse=True)
def no_policies() -> None:
    """Each test has its own database, and with it its own policies."""
    POLICIES._known.clear()


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Awaitable[Any]]:
    """Ask again until the answer is true, and return it; fails after `limit` seconds."""

    async def ask(question: Callable[[], Any], limit: float = 10.0) -> Any:
        async with asyncio.timeout(limit):
            while True:
                answer = question()
                if isinstance(answer, Awaitable):
                    answer = await answer
                if answer:
                    return answer
                await asyncio.sleep(0.01)

    return ask


@pytest.fixture(scope="session")
def server_home() -> Iterator[Home]:
    """A home with a short path that the account of PostgreSQL can enter."""
    parent = server_folder()
    home = Home(parent / "h")
    home.create(postgres_account(Settings().postgres_account))
    yield home
    shutil.rmtree(parent)


@pytest.fixture(scope="session")
async def postgres(server_home: Home) -> AsyncIterator[Server]:
    account = postgres_account(Settings().postgres_account)
    server = Server(server_home, account=account, options=_FORGETFUL)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


@pytest.fixture(scope="session")
async def template(postgres: PostgresServer) -> str:
    """The database that every test's own is a copy of."""
    await postgres.create_database(_TEMPLATE)
    connection = await asyncpg.connect(postgres.url("owner", _TEMPLATE))
    try:
        await migrate(connection, read_migrations())
        await store_homes(connection)
    finally:
        await connection.close()
    return _TEMPLATE


@pytest.fixture
async def database(postgres: PostgresServer, template: str) -> AsyncIterator[Database]:
    name = f"test_{uuid.uuid4().hex[:16]}"
    await postgres.create_database(name, template=template)
    yield Database(postgres, name)
    await postgres.drop_database(name)


@pytest.fixture
async def empty_database(postgres: PostgresServer) -> AsyncIterator[Database]:
    """A database without our schema, for what makes it."""
    name = f"empty_{uuid.uuid4().hex[:16]}"
    await postgres.create_database(name)
    yield Database(postgres, name)
    await postgres.drop_database(name)


@pytest.fixture(scope="session")
async def temporal(server_home: Home) -> AsyncIterator[TemporalServer]:
    server = await _start_temporal(server_home)
    yield server
    await server.stop()


@pytest.fixture(scope="session")
def ring(server_home: Home) -> KeyRing:
    """The keys of every home, where the embedded stack would have them; `client` encrypts with them."""
    return rings_in(server_home)


@pytest.fixture(scope="session")
async def client(temporal: TemporalServer, ring: KeyRing) -> Client:
    client = await Client.connect(temporal.address, data_converter=encrypted(ring, "default"))
    await register_search_attributes(client)
    for home in others():
        await register_search_attributes(
            await Client.connect(temporal.address, namespace=home.namespace("default"))
        )
    return client


@asynccontextmanager
async def served_mail(folder: Path) -> AsyncIterator[MailCatcher]:
    """A mail server that keeps what it gets."""
    catcher = MailCatcher(folder / "mail", free_port())
    await catcher.start()
    try:
        yield catcher
    finally:
        await catcher.stop()


@pytest.fixture
async def mail(tmp_path: Path) -> AsyncIterator[MailCatcher]:
    async with served_mail(tmp_path) as catcher:
        yield catcher


async def _start_temporal(home: Home) -> TemporalServer:
    # Another test process may take a port between our look at it and the server's.
    for attempt in range(3):
        server = TemporalServer(
            TemporalPorts(frontend=free_port(), http=free_port(), metrics=free_port()),
            folder=None,
            log=home.logs / f"temporal-{attempt}.log",
            namespaces=["default-schools", *(home.namespace("default") for home in others())],
            dynamic_config={
                "frontend.WorkflowTimeSkippingEnabled": "true",
                # a run that is to be deleted waits for these, by default half a minute
                "history.transferProcessorUpdateAckInterval": '"1s"',
                "history.visibilityProcessorUpdateAckInterval": '"1s"',
            },
        )
        try:
            await server.start()
        except ChildDied:
            continue
        return server
    raise RuntimeError(f"Temporal does not start; see {home.logs} (process {os.getpid()})")
