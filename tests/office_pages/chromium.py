"""Debian's chromium, driven by Playwright: where it is, one of it a test process, and windows for people."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from playwright.async_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Page, Request, Response
from playwright.async_api import async_playwright as playwright

NAMES: Final = ("chromium-headless-shell", "chromium", "chromium-browser")
"""The one without windows first: it shows the same, with a quarter less of the processor's time."""
SETTING: Final = "IEHE_CHROMIUM"
LOCALES: Final = {"ja": "ja-JP", "en": "en-GB"}
WIDE: Final = 1280
NARROW: Final = 320
HEIGHT: Final = 800
_NOTE_VIOLATIONS: Final = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} in ${event.sourceFile}`);
});
"""


class ChromiumMissing(Exception):
    """There is no browser to test the pages in."""


def find_chromium() -> str:
    """The program: what IEHE_CHROMIUM names, or Debian's.

    Raises:
        ChromiumMissing: there is none.
    """
    named = os.environ.get(SETTING)
    for name in [named] if named else NAMES:
        if found := shutil.which(name):
            return found
    told = f"{SETTING}={named} is no program" if named else f"none of {', '.join(NAMES)} is in the path"
    raise ChromiumMissing(
        f"The pages are tested in Chromium, and {told}: install it as root by"
        f" 'apt-get install chromium-headless-shell fonts-noto-cjk', or set {SETTING} to where it is."
    )


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """A browser that asks nobody but the pages."""
    arguments = [
        "--disable-background-networking",
        "--disable-component-update",
        "--no-proxy-server",
        "--disable-lcd-text",
    ]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # it refuses root otherwise; the pages are our own
    async with playwright() as driver:
        browser = await driver.chromium.launch(executable_path=find_chromium(), args=arguments)
        yield browser
        await browser.close()


@dataclass
class Window:
    """A page of a browser, and what it has done that no page may do.

    Args:
        page: of Playwright.
        url: of the office's pages.
        foreign: requests to anywhere else.
        told: what the console says of the content security policy, and errors of scripts.
        answer: the last document that was shown.
    """

    page: Page
    url: str
    foreign: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    answer: Response | None = None
    devtools: CDPSession | None = None

    def __post_init__(self) -> None:
        self.page.on("request", self._request)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.told.append(str(error)))
        self.page.on("response", self._response)

    async def go(self, path: str) -> int:
        """Show a path; the status."""
        answer = await self.page.goto(f"{self.url}{path}")
        assert answer is not None
        return answer.status

    async def text_size(self, times: int) -> None:
        """As somebody sets it in the browser: so many times what is usual."""
        if self.devtools is None:
            self.devtools = await self.page.context.new_cdp_session(self.page)
        sizes = {"standard": 16 * times, "fixed": 13 * times}
        await self.devtools.send("Page.setFontSizes", {"fontSizes": sizes})

    async def html(self) -> str:
        """The document as it was served."""
        assert self.answer is not None
        return await self.answer.text()

    async def violations(self) -> list[str]:
        """Of the policy, on this page."""
        return [str(each) for each in await self.page.evaluate("window.violations")]

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.url}/", "data:")):
            self.foreign.append(request.url)

    def _console(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.told.append(message.text)

    def _response(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self.answer = response


async def context_of(
    browser: Browser, language: str, *, width: int = WIDE, scripts: bool = True
) -> BrowserContext:
    """A browser's profile of its own, in a language."""
    context = await browser.new_context(
        locale=LOCALES[language],
        timezone_id="Asia/Tokyo",
        viewport={"width": width, "height": HEIGHT},
        java_script_enabled=scripts,
    )
    context.set_default_timeout(15_000)
    await context.add_init_script(_NOTE_VIOLATIONS)
    return context


async def window_of(context: BrowserContext, url: str) -> Window:
    """Another page of a profile."""
    return Window(await context.new_page(), url)
