"""A person at work on the pages: keyboard alone, no script of ours running, and their own eyes."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Download, Locator, Page

from office.words import Tongue
from tests.office_pages.chromium import WIDE, context_of
from tests.office_pages.stack import Stack

MOST_STOPS: Final = 400
NOON: Final = 12
PATIENCE: Final = 20.0
"""Seconds until what a case or a person has to do is shown."""
_AT: Final = """(selector) => {
  const at = document.activeElement;
  return at !== null && at !== document.body && at.matches(selector);
}"""
_AHEAD: Final = """(selector) => {
  const at = document.activeElement;
  const follows = (one, other) => one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING;
  const start = at === null || at === document.body;
  const ahead = (each) => each.checkVisibility() && (start || follows(at, each));
  const target = [...document.querySelectorAll(selector)].find(ahead);
  if (target === undefined) return 0;
  const stops = [...document.querySelectorAll("a[href], button:enabled")].filter(ahead);
  return stops.filter((each) => follows(each, target)).length;
}"""
"""How many links and buttons lie surely before the next of what is meant: so many Tabs need no look."""
_SPACES: Final = re.compile(r"[ \t\u3000]+")


class Person:
    """Somebody before the pages: every control is reached by Tab and used by keys.

    Selectors name what is meant; nothing is clicked, filled or focused by a script.
    """

    def __init__(self, page: Page, url: str, staff_id: str, language: str) -> None:
        self.page, self.url, self.staff_id, self.language = page, url, staff_id, language

    @property
    def path(self) -> str:
        """Where they are."""
        return self.page.url.removeprefix(self.url)

    async def go(self, path: str) -> None:
        """An address typed into the browser's own bar, which is no part of the page."""
        answer = await self.page.goto(f"{self.url}{path}")
        assert answer is not None
        assert answer.ok, (self.staff_id, path, answer.status)

    async def refused(self, path: str) -> int:
        """The status of an address that is not for them."""
        answer = await self.page.goto(f"{self.url}{path}")
        assert answer is not None
        assert not answer.ok, (self.staff_id, path)
        return answer.status

    async def read(self, selector: str = "main") -> str:
        """What a part of the page says to who reads it."""
        return _SPACES.sub(" ", await self.page.locator(selector).first.inner_text())

    async def sees(self, *words: str) -> None:
        """All of these stand on the page."""
        told = await self.read()
        missing = [each for each in words if each not in told]
        assert not missing, f"{self.staff_id} at {self.path} does not see {missing} in:\n{told}"

    async def sees_not(self, *words: str) -> None:
        """None of these stands anywhere in the page, shown or not."""
        html = await self.page.content()
        found = [each for each in words if each in html]
        assert not found, f"{self.staff_id} at {self.path} sees {found}"

    async def awaits(self, selector: str) -> None:
        """Look again until something is there: what others do comes a moment later."""
        async with asyncio.timeout(PATIENCE):
            while not await self.page.locator(selector).count():
                await self.page.reload()

    async def reach(self, selector: str) -> Locator:
        """On by Tab until what is meant has the focus; past the end of the page once more from its start."""
        ahead = await self.page.evaluate(_AHEAD, selector)
        # pressed without waiting for each to be drawn
        await asyncio.gather(*(self.page.keyboard.press("Tab") for _ in range(ahead)))
        for _ in range(MOST_STOPS):
            await self.page.keyboard.press("Tab")
            if await self.page.evaluate(_AT, selector):
                return self.page.locator("*:focus")
        told = await self.read()
        raise AssertionError(f"{self.staff_id} at {self.path} finds no way to {selector}:\n{told}")

    async def press(self, selector: str) -> None:
        """A link or button, by Enter; another page follows."""
        await self.reach(selector)
        async with self.page.expect_navigation():
            await self.page.keyboard.press("Enter")

    async def follow(self, path: str) -> None:
        """A link of the page's content whose address begins so."""
        await self.press(f"main a[href^='{path}']")

    async def step(self, *steps: str) -> None:
        """Buttons of the form, one page after the other."""
        for each in steps:
            await self.press(f"main button[name=step][value='{each}']")

    async def unfold(self, selector: str) -> None:
        """What is folded together."""
        await self.reach(selector)
        await self.page.keyboard.press("Enter")

    async def write(self, name: str, text: str) -> None:
        """Words into a field, instead of what is in it."""
        field = await self.reach(f"main [name='{name}']")
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.press("Delete")
        await self.page.keyboard.type(text)
        assert await field.input_value() == text

    async def write_moment(self, name: str, at: str, nth: int = 1) -> None:
        """A date, or a date with its time, into the parts of its field.

        Chromium orders them by the language of its own windows, which is English, whatever the page's.
        """
        field = await self.reach(f"main [name='{name}']")
        for _ in range(nth - 1):
            field = await self.reach(f"main [name='{name}']:not(:focus ~ *)")
        day, _, clock = at.partition("T")
        year, month, of_month = day.split("-")
        await self.page.keyboard.type(f"{month}{of_month}{year}")
        await self.page.keyboard.press("ArrowRight")  # a year may have six digits
        if clock:
            hour, minute = (int(each) for each in clock.split(":"))
            half = "PM" if hour >= NOON else "AM"
            await self.page.keyboard.type(f"{hour % NOON or NOON:02}{minute:02}{half}")
        assert await field.input_value() == at

    async def choose(self, name: str, value: str) -> None:
        """One of several: by the arrows, from the one at which Tab arrives."""
        field = await self.reach(f"main [name='{name}']")
        if await field.evaluate("each => each.tagName") == "SELECT":
            await self._select(field, value)
            return
        chosen = f"main [name='{name}']:checked"
        if await self.page.locator(chosen).count() == 0:
            await self.page.keyboard.press("Space")
        for _ in range(await self.page.locator(f"main [name='{name}']").count()):
            if await self.page.locator(chosen).get_attribute("value") == value:
                return
            await self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{self.staff_id} at {self.path} cannot choose {value} for {name}")

    async def _select(self, field: Locator, value: str) -> None:
        await self.page.keyboard.press("Home")
        seen = []
        for _ in range(await field.locator("option").count()):
            seen.append(await field.input_value())
            if seen[-1] == value:
                return
            await self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{self.staff_id} at {self.path} cannot choose {value} of {seen}")

    async def tick(self, name: str, *values: str) -> None:
        """Boxes, by the space bar."""
        for each in values:
            box = await self.reach(f"main [name='{name}'][value='{each}']")
            await self.page.keyboard.press("Space")
            assert await box.is_checked()

    async def give(self, name: str, value: str | tuple[str, ...]) -> None:
        """What a field takes, in the way that its kind asks for."""
        field = self.page.locator(f"main [name='{name}']").first
        match await field.evaluate("each => each.type"):
            case "radio" | "select-one":
                await self.choose(name, str(value))
            case "checkbox":
                await self.tick(name, *value)
            case "date" | "datetime-local":
                await self.write_moment(name, str(value))
            case _:
                await self.write(name, str(value))

    async def hand_in(self, name: str, file: Path) -> None:
        """A file: its dialogue is the system's, so the field is only reached by keyboard."""
        await (await self.reach(f"main [name='{name}']")).set_input_files(file)

    async def search(self, words: str) -> None:
        """From the field at the head of every page."""
        await self.reach("#q")
        await self.page.keyboard.type(words)
        async with self.page.expect_navigation():
            await self.page.keyboard.press("Enter")

    async def take(self, selector: str) -> Download:
        """A file that a button or a link hands out."""
        await self.reach(selector)
        async with self.page.expect_download() as download:
            await self.page.keyboard.press("Enter")
        return await download.value


class House:
    """Who is at work in one language, each in a browser's profile of their own."""

    def __init__(self, stack: Stack, browser: Browser, language: str) -> None:
        self.stack, self.browser, self.language = stack, browser, language
        self.say = Tongue(language)

    @asynccontextmanager
    async def person(self, staff_id: str) -> AsyncIterator[Person]:
        """Somebody who has signed in by their link and chosen their language, both by keys."""
        context = await context_of(self.browser, self.language, width=WIDE, scripts=False)
        try:
            page = await context.new_page()
            person = Person(page, self.stack.url, staff_id, self.language)
            await page.goto(await self.stack.link(staff_id))
            await person.go("/")
            if await page.locator("html").get_attribute("lang") != self.language:
                await person.press("form[action='/language'] button")
            yield person
        finally:
            await context.close()

    def words(self, ja: str, en: str) -> str:
        """Those of the language."""
        return ja if self.language == "ja" else en


async def stage_of(stack: Stack, case_id: str) -> str:
    """As the database has it."""
    async with stack.owner() as owner:
        return str(await owner.fetchval("SELECT stage FROM iehe.cases WHERE case_id = $1", case_id))


async def at_stage(stack: Stack, case_id: str, stage: str) -> None:
    """Wait until a case is there."""
    await stack.until("SELECT true FROM iehe.cases WHERE case_id = $1 AND stage = $2", case_id, stage)


async def decide(person: Person, case_id: str, name: str, *steps: str) -> None:
    """From the page of the case to a decision that asks nothing, and through its check."""
    await open_decision(person, case_id, name)
    await person.step(*(steps or ("check", "do")))


async def open_decision(person: Person, case_id: str, name: str) -> None:
    """To the form of a decision, from the page of its case."""
    if person.path.partition("?")[0] != f"/cases/{case_id}":
        await person.go(f"/cases/{case_id}")
    link = f"main a[href$='{case_id}/do/{name}']"
    folded = person.page.locator(f"details:not([open]):has(a[href$='/do/{name}'])")
    if await folded.count():
        await person.unfold(f"details:has(a[href$='/do/{name}']) summary")
    await person.press(link)


async def do(person: Person, case_id: str, name: str, **fields: str | tuple[str, ...]) -> None:
    """A decision from the page of its case to its end, with what its form asks for."""
    await open_decision(person, case_id, name)
    for field, value in fields.items():
        await person.give(field, value)
    await person.step("check", "do")
    assert person.path.startswith(f"/done/{case_id}/"), (name, await person.read())


async def tell(person: Person, case_id: str, fact: str, **fields: str | tuple[str, ...]) -> None:
    """What another system did not send, from the page of the case until the case has taken it."""
    if person.path.partition("?")[0] != f"/cases/{case_id}":
        await person.go(f"/cases/{case_id}")
    await person.press(f"main a[href='/cases/{case_id}/facts/{fact}']")
    for field, value in fields.items():
        await person.give(field, value)
    await person.step("check", "do")
    assert person.path == f"/cases/{case_id}?said=decided", (fact, person.path, await person.read())
