"""Pages of refusals and of signing in: who is signed in finds the way on, everybody the content."""

from http import HTTPStatus

import httpx2
import pytest

from office import case_list
from tests.office_pages.house import House, house, main_of  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name

SKIP = '<a class="skip" href="#main">'


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing/here", HTTPStatus.NOT_FOUND),
        ("/cases/admission/A-NONE", HTTPStatus.NOT_FOUND),
        ("/audit", HTTPStatus.NOT_FOUND),
        ("/sessions", HTTPStatus.OK),
        ("/sign-in/again", HTTPStatus.OK),
    ],
)
async def test_a_refusal_has_what_every_page_has_around_it(house: House, path: str, status: HTTPStatus):
    """The parts of the pages, the search, the language and the way to the content."""
    page = await (await house.reader("office-1")).get(path)
    assert page.status_code == status
    assert SKIP in page.text
    assert '<main id="main" tabindex="-1">' in page.text
    assert '<nav aria-label="Parts">' in page.text
    assert '<button class="quiet" type="submit" name="language" value="ja" lang="ja">日本語' in page.text
    assert main_of(page.text).count("<h1") == 1


async def test_an_error_of_ours_has_it_too(house: House, monkeypatch: pytest.MonkeyPatch):
    """Who meets it goes on by the same ways as from any other page."""

    async def broken(*_given: object) -> None:
        raise RuntimeError("not meant to happen")

    monkeypatch.setattr(case_list.lists, "list_cases", broken)
    page = await (await house.reader("office-1", language="ja")).get("/cases")
    assert page.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert (SKIP in page.text, '<nav aria-label="メニュー">' in page.text) == (True, True)


async def test_who_is_not_signed_in_comes_to_the_content_and_to_the_other_language(house: House):
    """No part of the pages is named to them."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        page = await http.get(f"{house.url}/sign-in?language=ja")
        lost = await http.get(f"{house.url}/nothing/here")
    for each in (page, lost):
        assert SKIP in each.text
        assert '<main id="main" tabindex="-1">' in each.text
        assert "<nav" not in each.text
    before = page.text.partition("<main")[0]
    assert '<a href="/sign-in?to=%2F&amp;language=en" lang="en" hreflang="en">English</a>' in before
