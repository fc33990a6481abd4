"""Staff at the pages of a running institute: real database, real Temporal, a real port."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from typing import Any

import httpx2

from activities.kernel.database import open_pool
from embedded.ports import free_port
from gateway.context import Gateway
from gateway.http_server import Server, listen
from office.app import create_app
from office.context import Office
from office.sessions import cookie_name, start
from tests.conftest import rings_in
from tests.office_pages.browser import Browser


@dataclass
class Desk:
    """The pages, and who is signed in to them."""

    office: Office
    browsers: list[Browser] = field(default_factory=list)

    async def of(self, staff_id: str, language: str = "en") -> Browser:
        """A browser in which somebody is signed in."""
        async with self.office.gateway.pool.acquire() as connection:
            shown = await start(connection, staff_id, language, datetime.now(UTC))
        assert shown is not None, staff_id
        browser = Browser(self.office.url, "")
        browser.http.cookies.set(cookie_name(self.office), shown)
        self.browsers.append(browser)
        return browser


@asynccontextmanager
async def desk_of(database: Any, client: Any) -> AsyncIterator[Desk]:
    """The pages while they are served by this process."""
    pool = await open_pool(database.url("office"), size=8, for_people=True)
    gateway = Gateway(pool, client, rings_in(database.server.home), None, "http://door", "http://ui")
    port = free_port()
    office = Office(gateway, f"http://127.0.0.1:{port}", None, links=True, temporal_ui="http://ui")
    server = Server(create_app(office))
    serving = asyncio.create_task(server.serve(sockets=[listen("127.0.0.1", port)]))
    desk = Desk(office)
    try:
        yield desk
    finally:
        for each in desk.browsers:
            await each.close()
        server.should_exit = True
        await serving
        pool.terminate()


async def fill(browser: Browser, path: str, **typed: Any) -> httpx2.Response:
    """Send the form of a page as its reader would: with what it has hidden, and what was typed."""
    asked = await browser.get(path)
    assert asked.status_code == 200, (path, asked.status_code, text_of(asked))
    return await send(browser, path, asked, **typed)


async def send(browser: Browser, path: str, page: httpx2.Response, **typed: Any) -> httpx2.Response:
    """Send what a page has hidden, with what was typed; the name of a field has `__` for its dot."""
    form = hidden_of(page) | {name.replace("__", "."): value for name, value in typed.items()}
    return await browser.post(path, form)


def hidden_of(page: httpx2.Response) -> dict[str, str]:
    """What the forms in the main part of a page have hidden."""
    main = page.text.partition("<main")[2]
    return {
        name: unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', main)
    }


def text_of(page: httpx2.Response) -> str:
    """What a page says in its main part, without its marks."""
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


async def follow(browser: Browser, answer: httpx2.Response) -> httpx2.Response:
    """The page to which an answer leads."""
    for _ in range(5):
        if answer.status_code != 303:
            return answer
        answer = await browser.get(answer.headers["location"])
    raise AssertionError(answer.headers)


async def upload(
    browser: Browser, path: str, content: bytes, name: str = "list.csv", **form: str
) -> httpx2.Response:
    """Send a file with the form of a page."""
    asked = await browser.get(path)
    assert asked.status_code == 200, text_of(asked)
    own = {"Origin": browser.url, "Sec-Fetch-Site": "same-origin"}
    return await browser.http.post(
        f"{browser.url}{path}", data=hidden_of(asked) | form, files={"file": (name, content)}, headers=own
    )
