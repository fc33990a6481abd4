"""A look at every page, at every width, in both languages: what a browser and its tools have found."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, BrowserContext

from tests.office_pages.browser import COOKIE
from tests.office_pages.chromium import HEIGHT, LOCALES, NARROW, WIDE, Window, context_of, window_of
from tests.office_pages.kinds import NOBODY, Kind
from tests.office_pages.stack import Stack

PEERS: Final = Path(__file__).parents[1] / "browser"
AXE: Final = PEERS / "node_modules" / "axe-core" / "axe.min.js"
TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
FORCED_IN: Final = "ja"
"""Colours are the same in every language."""
_RUN_AXE: Final = """async ([tags, without]) => {
  const rules = Object.fromEntries(without.map((name) => [name, { enabled: false }]));
  const found = await axe.run({ runOnly: { type: 'tag', values: tags }, rules, resultTypes: ['violations'],
    preload: false, iframes: false });
  return found.violations.flatMap((each) =>
    each.nodes.map((node) => `${each.id} at ${node.target.join(' ')}: ${node.html.slice(0, 160)}`));
}"""
_CUT_OFF: Final = """() => {
  const found = [];
  const width = document.documentElement.clientWidth;
  const scrolls = (element) => ['auto', 'scroll'].includes(getComputedStyle(element).overflowX);
  for (const element of document.body.querySelectorAll('*')) {
    if (!element.checkVisibility() || element.closest('.unseen, .skip, svg')) continue;
    const style = getComputedStyle(element);
    const holds = [...element.childNodes].some((each) => each.nodeType === 3 && each.data.trim());
    const text = element.textContent.trim().slice(0, 40);
    const name = `${element.tagName.toLowerCase()}.${element.className} ${text}`;
    if (['hidden', 'clip'].includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1) {
      found.push(`cut off: ${name}`);
    }
    if (['hidden', 'clip'].includes(style.overflowY) && element.scrollHeight > element.clientHeight + 1) {
      found.push(`cut off below: ${name}`);
    }
    let around = element.parentElement;
    while (around && !scrolls(around)) around = around.parentElement;
    if (holds && !around && element.getBoundingClientRect().right > width + 1) found.push(`outside: ${name}`);
  }
  return found;
}"""


@dataclass
class Look:
    """What was found on one page in one language; every list is empty where all is well."""

    kind: Kind
    language: str
    status: int = 0
    shown_in: str = ""
    html: str = ""
    axe: dict[int, list[str]] = field(default_factory=dict)
    axe_forced: list[str] = field(default_factory=list)
    scrolls: list[int] = field(default_factory=list)
    cut_off: list[str] = field(default_factory=list)
    policy: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.kind.name} ({self.language})"


class People:
    """Who looks at the pages: for each language one window, in which one after another is signed in."""

    def __init__(self, browser: Browser, stack: Stack) -> None:
        self._browser, self._stack = browser, stack
        self._windows: dict[str, Window] = {}
        self._shown: dict[tuple[str, str], str] = {}
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def sign_in(self, context: BrowserContext, who: str, language: str) -> None:
        """Whoever was there before is it no more."""
        await context.clear_cookies()
        if who != NOBODY:
            if (who, language) not in self._shown:
                self._shown[who, language] = await self._stack.session(who, language)
            shown = self._shown[who, language]
            await context.add_cookies([{"name": COOKIE, "value": shown, "url": self._stack.url}])

    @asynccontextmanager
    async def window(self, who: str, language: str) -> AsyncIterator[Window]:
        """That of the language, for somebody alone; a new one where a test has failed in it."""
        async with self._locks[language]:
            window = self._windows.pop(language, None) or await window_of(
                await context_of(self._browser, language), self._stack.url
            )
            await self.sign_in(window.page.context, who, language)
            yield window
            await window.page.set_viewport_size({"width": WIDE, "height": HEIGHT})
            self._windows[language] = window

    async def close(self) -> None:
        """Close the windows."""
        for window in self._windows.values():
            await window.page.context.close()


async def look_at_all(people: People, stack: Stack, kinds: Iterable[Kind]) -> list[Look]:
    """Every page in both languages, which look at the same time."""
    looks = [Look(kind, language) for kind in kinds for language in LOCALES]

    async def looker(language: str) -> None:
        for look in looks:
            if look.language == language:
                async with people.window(look.kind.who, language) as window:
                    await _look(window, look, stack)

    async with asyncio.TaskGroup() as lookers:
        for language in LOCALES:
            lookers.create_task(looker(language))
    return looks


async def _look(window: Window, look: Look, stack: Stack) -> None:
    """One navigation, and everything that can be asked of the page afterwards."""
    page, kind = window.page, look.kind
    window.told.clear()
    window.foreign.clear()
    await window.go(kind.path.format_map(stack.cases))
    if kind.way is not None:
        await kind.way(page)
    assert window.answer is not None
    look.status, look.html = window.answer.status, await window.html()
    look.shown_in = await page.evaluate("document.documentElement.lang")
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    look.axe[WIDE] = await page.evaluate(_RUN_AXE, [TAGS, []])
    if look.language == FORCED_IN:
        await page.emulate_media(forced_colors="active")
        look.axe_forced = await page.evaluate(_RUN_AXE, [TAGS, ["color-contrast"]])
        await page.emulate_media(forced_colors="none")
    await page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    look.axe[NARROW] = await page.evaluate(_RUN_AXE, [TAGS, []])
    look.scrolls.append(await page.evaluate("document.documentElement.scrollWidth"))
    await page.set_viewport_size({"width": WIDE, "height": HEIGHT})
    await window.text_size(2)
    look.cut_off = await page.evaluate(_CUT_OFF)
    look.scrolls.append(await page.evaluate("document.documentElement.scrollWidth") - WIDE + NARROW)
    await window.text_size(1)
    look.policy = [*window.told, *await window.violations()]
    look.foreign = [*window.foreign]


async def faults_of_html(pages: dict[str, str]) -> dict[str, list[str]]:
    """What html-validate says of pages, by name: one process for all of them."""
    process = await asyncio.create_subprocess_exec(
        *("node", str(PEERS / "validate.mjs")), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate(json.dumps(pages).encode())
    assert process.returncode == 0
    return {name: found for name, found in json.loads(out).items() if found}
