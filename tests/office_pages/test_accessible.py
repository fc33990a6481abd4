"""Every page of the offices in a real browser: what axe, html-validate and the browser itself find on it."""

import json
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Request

from office.case import TABS
from tests.office_pages.chromium import NARROW, WIDE, context_of, window_of
from tests.office_pages.kinds import NO_PAGES, OWN, pages, routes_of_pages
from tests.office_pages.looks import Look, People, faults_of_html, look_at_all

pytestmark = pytest.mark.timeout(400)  # the stack starts, and every page is looked at, in the first test
FIRST_LOAD = 100 * 1024
"""Bytes as they are served, of the first page and everything that it loads."""

FOREIGN_PICTURE = """() => new Promise((told) => {
  document.addEventListener('securitypolicyviolation', () => told(), { once: true });
  document.body.append(Object.assign(new Image(), { src: 'http://127.0.0.2:9/picture.png' }));
})"""


@pytest.fixture(scope="module")
async def people(stack, chromium) -> AsyncIterator[People]:
    people = People(chromium, stack)
    yield people
    await people.close()


@pytest.fixture(scope="module")
async def looks(stack, people) -> list[Look]:
    """Each page is shown once in each language, and looked at in every way."""
    return await look_at_all(people, stack, pages())


def told(looks: list[Look], found) -> str:
    """Each page with what was found on it; nothing where all is well."""
    return "\n".join(f"{look.name}: {each}" for look in looks for each in found(look))


def test_every_route_is_looked_at():
    """A route without a page in the table, or a reason why it has none, fails here."""
    routes = {f"{method} {path}" for path, method in routes_of_pages()}
    covered = {each for kind in pages() for each in kind.of}
    assert routes - covered - NO_PAGES.keys() == set()
    assert {each for kind in OWN for each in kind.of} | NO_PAGES.keys() <= routes


async def test_each_page_is_the_one_that_is_meant(looks):
    """Its status is the expected one and its language the reader's: else the rest would tell of others."""
    wrong = told(looks, lambda look: [look.status] if look.status != look.kind.status else [])
    assert not wrong
    assert not told(looks, lambda look: [look.shown_in] if look.shown_in != look.language else [])


async def test_each_tab_of_a_case_is_shown(looks):
    """Who looks at a tab may: else the first one would be looked at again and again."""
    tabs = {f"case, {tab}": f'?tab={tab}" aria-current="page"' for tab in TABS}
    of_tabs = [look for look in looks if look.kind.name in tabs]
    assert len(of_tabs) == 2 * len(TABS)
    assert not told(of_tabs, lambda look: [] if tabs[look.kind.name] in look.html else ["another tab"])


@pytest.mark.parametrize("width", [WIDE, NARROW])
async def test_axe_finds_nothing(looks, width):
    """No violation of WCAG 2.2 AA, or of its best practice, on any page for any role."""
    assert not told(looks, lambda look: look.axe[width])


async def test_axe_finds_nothing_in_forced_colours(looks):
    """The same where the reader's system sets the colours; it also sees to the contrast."""
    assert not told(looks, lambda look: look.axe_forced)


async def test_nothing_scrolls_sideways(looks):
    """At 320 pixels, and with text of twice the size, a page is as wide as the window."""
    assert not told(looks, lambda look: [each for each in look.scrolls if each > NARROW])


async def test_nothing_is_cut_off_at_twice_the_text_size(looks):
    """All text is there, inside of the window or of something that scrolls."""
    assert not told(looks, lambda look: look.cut_off)


async def test_the_content_security_policy_is_kept(looks):
    """No page asks for what its policy forbids, and no script of ours fails."""
    assert not told(looks, lambda look: look.policy)


async def test_a_breach_of_the_policy_would_be_seen(people):
    """A picture from elsewhere, put into a page, is told of."""
    async with people.window("office-1", "ja") as window:
        await window.go("/help")
        await window.page.evaluate(FOREIGN_PICTURE)
        assert await window.violations()


async def test_nothing_leaves_the_office(looks):
    """No page loads anything from elsewhere."""
    assert not told(looks, lambda look: look.foreign)


async def test_the_html_is_valid(looks):
    """html-validate has nothing to say of any page as it is served."""
    found = await faults_of_html({look.name: look.html for look in looks})
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)


async def test_the_first_page_is_small(stack, people, chromium):
    """HTML, CSS, JS and icon together, at a first visit with an empty cache."""
    context = await context_of(chromium, "ja")
    try:
        await people.sign_in(context, "office-1", "ja")
        window, sent = await window_of(context, stack.url), list[Request]()
        window.page.on("requestfinished", lambda request: sent.append(request))  # noqa: PLW0108 - it sets attributes
        assert await window.go("/") == 200
        sizes = [await each.sizes() for each in sent]
        loaded = sum(each["responseBodySize"] + each["responseHeadersSize"] for each in sizes)
        icon = await window.page.get_attribute("link[rel=icon]", "href")
        assert icon is not None
        loaded += len(await (await context.request.get(f"{stack.url}{icon}")).body())
        assert {each.resource_type for each in sent} >= {"document", "stylesheet", "script"}
        assert loaded <= FIRST_LOAD
    finally:
        await context.close()
