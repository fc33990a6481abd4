"""The pages by keyboard alone: where the focus goes, that it is seen, and that nothing holds it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.office_pages.chromium import NARROW, WIDE, Window
from tests.office_pages.looks import People

pytestmark = pytest.mark.timeout(180)  # the stack starts in the first test
MOST_STOPS = 250
SMALLEST = 24
"""Pixels, of WCAG 2.5.8."""
PAGES = {
    "tasks": ("office-1", "/"),
    "cases": ("office-1", "/cases?process=admission-review&stage=submitted"),
    "case": ("office-1", "/cases/{review}"),
    "eligible": ("office-1", "/cases/{eligibility}"),
    "decision": ("office-1", "/cases/{eligibility}/do/confirm-eligibility"),
    "review": ("reviewer-8", "/cases/{review}/do/submit-scores"),
    "new case": ("connection-1", "/start/outreach"),
    "notice": ("exchange-1", "/notices/{notice}"),
    "sessions": ("office-1", "/sessions"),
    "sign-in": ("", "/sign-in"),
}
_FOCUSED = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const box = element.getBoundingClientRect(), style = getComputedStyle(element);
  if (!window.stops) window.stops = [];
  let number = window.stops.indexOf(element);
  if (number < 0) number = window.stops.push(element) - 1;
  return { number, id: element.id, html: element.outerHTML.slice(0, 120),
    href: element.getAttribute('href') || '',
    outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
    seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    radios: element.type === 'radio' ? element.name : '',
    inner: ['date', 'datetime-local'].includes(element.type),
    at: [...document.querySelectorAll('*')].indexOf(element) };
}"""
_SCROLLED = """() => new Promise((resolve) => {
  const element = document.activeElement, told = () => resolve(element.scrollLeft > 0);
  if (element.scrollLeft > 0) told(); else element.addEventListener('scroll', told, { once: true });
})"""
_SMALL = """(least) => {
  const found = [];
  const wanted = 'a[href], button, input:not([type=hidden]), select, textarea, summary';
  for (const element of document.querySelectorAll(wanted)) {
    if (!element.checkVisibility() || element.matches('.skip')) continue;
    const box = element.getBoundingClientRect();
    // a link in a sentence, or in the lines of a table, is excepted
    const around = element.parentElement.textContent.trim();
    const inside = around !== element.textContent.trim() || element.closest('td, th');
    if (element.tagName === 'A' && getComputedStyle(element).display === 'inline' && inside) continue;
    if (box.height < least - 0.5 || box.width < least - 0.5) {
      found.push(`${element.outerHTML.slice(0, 120)} ${box.width}×${box.height}`);
    }
  }
  return found;
}"""


@dataclass
class Keyboard:
    """Somebody before a page, with no mouse."""

    window: Window

    async def press(self, key: str) -> dict[str, Any] | None:
        """A key; what has the focus afterwards."""
        await self.window.page.keyboard.press(key)
        return await self.focused()

    async def focused(self) -> dict[str, Any] | None:
        """What has the focus: None is the page itself."""
        found: dict[str, Any] | None = await self.window.page.evaluate(_FOCUSED)
        return found

    async def follow(self, key: str = "Enter") -> None:
        """A key that leads to another page."""
        async with self.window.page.expect_navigation():
            await self.window.page.keyboard.press(key)

    async def walk(self, key: str = "Tab") -> list[dict[str, Any]]:
        """Every stop, until the focus leaves the page or is back at its beginning."""
        stops: list[dict[str, Any]] = []
        while (stop := await self.press(key)) is not None and (not stops or stop["number"] != 0):
            stops.append(stop)
            assert len(stops) < MOST_STOPS, "the focus does not leave the page"
        return stops

    async def to(self, selector: str, key: str = "Tab") -> dict[str, Any]:
        """On to an element by a key pressed again and again."""
        for _ in range(MOST_STOPS):
            stop = await self.press(key)
            if await self.window.page.evaluate(f"document.activeElement.matches({selector!r})"):
                assert stop is not None
                return stop
        raise AssertionError(f"no way to {selector} by {key}")


@pytest.fixture(scope="module")
async def people(stack, chromium) -> AsyncIterator[People]:
    people = People(chromium, stack)
    yield people
    await people.close()


@pytest.fixture(scope="module")
def at(stack, people):
    """Before a page: a context manager that gives the keyboard."""

    class At:
        def __init__(self, name: str, language: str = "ja") -> None:
            self._who, self._path = PAGES[name]
            self._window = people.window(self._who, language)

        async def __aenter__(self) -> Keyboard:
            window = await self._window.__aenter__()
            assert await window.go(self._path.format_map(stack.cases)) == 200
            return Keyboard(window)

        async def __aexit__(self, *error: object) -> None:
            await self._window.__aexit__(*error)

    return At


@pytest.fixture(scope="module")
def forwards(at):
    """Every stop of a page, come by once."""
    walked: dict[str, list[dict[str, Any]]] = {}

    async def walk(name: str) -> list[dict[str, Any]]:
        if name not in walked:
            async with at(name) as keyboard:
                walked[name] = await keyboard.walk()
        return walked[name]

    return walk


SIGNED_IN = [name for name in PAGES if name not in ("sessions", "sign-in")]


@pytest.mark.parametrize("name", SIGNED_IN)
async def test_the_first_stop_leads_to_the_content(at, name):
    """The skip link is seen once it has the focus; after it the next stop lies in the content."""
    async with at(name) as keyboard:
        first = await keyboard.press("Tab")
        assert first is not None
        assert (first["href"], first["seen"]) == ("#main", True)
        await keyboard.press("Enter")
        await keyboard.press("Tab")
        inside = "document.activeElement.closest('main, footer') !== null"
        assert await keyboard.window.page.evaluate(inside)


@pytest.mark.parametrize("name", PAGES)
async def test_the_focus_follows_the_reading_order_and_is_seen(forwards, name):
    """Each stop comes after the one before, has an outline of two pixels or more, and is in the window."""
    stops = await forwards(name)
    assert stops
    assert [stop["at"] for stop in stops] == sorted(stop["at"] for stop in stops)
    # at the button inside of a date field the browser outlines that button instead
    outlined = {stop["number"] for stop in stops if stop["outline"] >= 2}
    plain = [stop for stop in stops if stop["outline"] < 2]
    assert [stop for stop in plain if not (stop["inner"] and stop["number"] in outlined)] == []
    assert [stop for stop in stops if not stop["seen"]] == []


@pytest.mark.parametrize("name", PAGES)
async def test_nothing_holds_the_focus(at, forwards, name):
    """Forwards and backwards the focus comes by the same stops and leaves the page."""
    async with at(name) as keyboard:
        backwards = await keyboard.walk("Shift+Tab")
    assert {_place(stop) for stop in await forwards(name)} == {_place(stop) for stop in backwards}


def _place(stop: dict[str, Any]) -> str:
    """Where a stop is; the radios of a question are one, which is come by from either end."""
    return stop["radios"] or str(stop["at"])


@pytest.mark.parametrize("name", ["decision", "new case"])
async def test_what_is_wrong_is_read_first_and_leads_to_its_field(at, name):
    """After a form with faults the summary has the focus, and each of its links leads to a field."""
    async with at(name) as keyboard:
        await keyboard.to("main button.main")
        await keyboard.follow()
        focused = await keyboard.focused()
        assert focused is not None
        assert focused["id"] == "summary"
        links = await keyboard.window.page.locator("#summary a").count()
        assert links
        for number in range(links):
            link = keyboard.window.page.locator("#summary a").nth(number)
            await link.focus()
            target = await link.get_attribute("href")
            inside = f"document.querySelector({target!r}).contains(document.activeElement)"
            await keyboard.press("Enter")
            if not await keyboard.window.page.evaluate(inside):  # a group has no focus of its own
                await keyboard.press("Tab")
                assert await keyboard.window.page.evaluate(inside), target


async def test_one_of_several_is_chosen_by_the_arrows(at):
    """The radios of a question are one stop; the arrows go from one to the next and choose it."""
    async with at("tasks") as keyboard:
        await keyboard.to("input[type=radio]")
        values = []
        for _ in range(3):
            await keyboard.press("ArrowDown")
            values.append(await keyboard.window.page.evaluate("document.activeElement.value"))
        assert len(set(values)) == 3
        assert await keyboard.window.page.evaluate("document.activeElement.checked")
        await keyboard.press("Tab")
        assert not await keyboard.window.page.evaluate("document.activeElement.matches('[type=radio]')")


async def test_a_decision_is_made_ready_by_keyboard(at):
    """From a task to its case, to the question, an answer by the arrows, and the page that asks once more."""
    async with at("eligible") as keyboard:
        await keyboard.to("main a[href$='/do/confirm-eligibility']")
        await keyboard.follow()
        await keyboard.to("main input[type=radio]")
        await keyboard.press("Space")
        await keyboard.to("main button.main")
        await keyboard.follow()
        await keyboard.to("main button[value=do]")
        assert await keyboard.window.page.locator("main dl.facts dd").count() > 1


async def test_what_scrolls_can_be_scrolled(at):
    """A table that is wider than the window is a stop, and the arrows move it."""
    async with at("tasks") as keyboard:
        page = keyboard.window.page
        await page.set_viewport_size({"width": NARROW, "height": 800})
        await keyboard.to(".wide")
        await page.keyboard.press("ArrowRight")
        assert await page.evaluate(_SCROLLED)


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("name", PAGES)
async def test_what_is_pressed_is_large_enough(at, name, width):
    """24 pixels each way, but for links within a text."""
    async with at(name) as keyboard:
        await keyboard.window.page.set_viewport_size({"width": width, "height": 800})
        assert await keyboard.window.page.evaluate(_SMALL, SMALLEST) == []
