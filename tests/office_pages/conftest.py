"""The pages on a real port, real servers behind them, and a real OpenID provider beside them."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from playwright import async_api as chromium_api

from activities.kernel.database import open_pool
from embedded.ports import free_port
from gateway.context import Gateway
from gateway.http_server import Server, listen
from office.app import create_app
from office.bindings import LinkKind, make_link
from office.context import Office, Provider
from tests.office_pages.browser import Browser
from tests.office_pages.chromium import launched
from tests.office_pages.day import House
from tests.office_pages.stack import Stack, running_stack

PEERS = Path(__file__).parents[1] / "browser"
CLIENT = "iehe-office"
STAFF = {"office-1": ["admissions_office"], "head-1": ["head_of_admissions"]}


@pytest.fixture(scope="session")
def port() -> int:
    """Where the pages are in every test: the provider knows the address."""
    return free_port()


@pytest.fixture(scope="session")
async def issuer(port) -> AsyncIterator[str]:
    """The provider's name and address."""
    node = shutil.which("node")
    assert node is not None, "the sign-in tests need Node 20: install it, then make test"
    assert (PEERS / "node_modules").is_dir(), "the provider is not installed: make test (or make peers)"
    process = await asyncio.create_subprocess_exec(
        *(node, str(PEERS / "provider.mjs"), f"http://127.0.0.1:{port}/sign-in/callback"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            yield (await process.stdout.readline()).decode().strip()
    finally:
        process.kill()
        await process.wait()


@pytest.fixture(scope="session")
async def stack() -> AsyncIterator[Stack]:
    """The whole installation with its sample people and cases: half a minute, so for few files."""
    async with running_stack() as stack:
        yield stack


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[chromium_api.Browser]:
    """One browser a test process; whoever tests makes a profile of it."""
    async with launched() as browser:
        yield browser


@pytest.fixture
def ja(stack, chromium) -> House:
    """People at work who read Japanese."""
    return House(stack, chromium, "ja")


@pytest.fixture
def en(stack, chromium) -> House:
    """People at work who read English."""
    return House(stack, chromium, "en")


@pytest.fixture
async def rows(database) -> AsyncIterator[asyncpg.Pool]:
    """The database as its owner sees it, with two members of staff."""
    pool = await open_pool(database.url("owner"), size=2)
    await pool.executemany(
        "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES ($1, $1, $1 || '@example.ac.jp', $2)",
        list(STAFF.items()),
    )
    yield pool
    pool.terminate()


@pytest.fixture
async def gateway(database, client, ring) -> AsyncIterator[Gateway]:
    pool = await open_pool(database.url("office"), size=6, for_people=True)
    yield Gateway(pool, client, ring, None, "http://door", "http://ui")
    pool.terminate()


Serve = Callable[..., Any]


@pytest.fixture
def serve(gateway, rows, port) -> Serve:
    """Serve the pages with some differences: a context manager that gives a browser."""

    @asynccontextmanager
    async def served(provider: Provider | None = None, *, links: bool = False) -> AsyncIterator[Browser]:
        url = f"http://127.0.0.1:{port}"
        app = create_app(Office(gateway, url, provider, links=links, temporal_ui="http://ui"))
        server = Server(app)
        serving = asyncio.create_task(server.serve(sockets=[listen("127.0.0.1", port)]))
        browser = Browser(url, provider.issuer if provider else "")
        try:
            yield browser
        finally:
            await browser.close()
            server.should_exit = True
            await serving

    return served


@pytest.fixture
async def browser(serve, issuer) -> AsyncIterator[Browser]:
    """At pages to which the provider signs in."""
    async with serve(Provider(issuer, CLIENT)) as browser:
        yield browser


@pytest.fixture
async def near(serve) -> AsyncIterator[Browser]:
    """At pages of an embedded stack, to which links sign in."""
    async with serve(links=True) as browser:
        yield browser


@pytest.fixture
def invite(gateway) -> Callable[..., Awaitable[str]]:
    """The path of an invitation for somebody."""

    async def made(staff_id: str = "office-1") -> str:
        async with gateway.pool.acquire() as connection:
            return f"/invitations/{await make_link(connection, LinkKind.INVITATION, staff_id, 'admin-1')}"

    return made


@pytest.fixture
def link(gateway) -> Callable[..., Awaitable[str]]:
    """The path of a link that signs somebody in."""

    async def made(staff_id: str = "office-1") -> str:
        async with gateway.pool.acquire() as connection:
            return f"/sign-in/link/{await make_link(connection, LinkKind.SIGN_IN, staff_id, 'account:x')}"

    return made
