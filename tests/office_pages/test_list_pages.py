"""What every list has in both languages: one heading, labels on what is asked, tables in regions."""

import itertools
import re

import pytest

from tests.office_pages.house import House, house, main_of  # noqa: F401
from tests.office_pages.test_overview import furnished

# ruff: noqa: F811 - fixtures are imported and asked for by name

PAGES = (
    *("/search", "/search?q=A-1", "/people", "/people/reviewer-1", "/overview"),
    *("/audit", "/audit?what=steps", "/audit?what=reads"),
)


def reader_of(path: str) -> str:
    """Who may see a page."""
    return "auditor-1" if path.startswith("/audit") else "office-1"


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["ja", "en"])
async def test_a_page_is_built_for_everybody(house: House, path: str, language: str) -> None:
    """One h1, headings without a gap, a label for each field, regions around tables, ids once."""
    await furnished(house)
    page = await (await house.reader(reader_of(path), language=language)).text(path)
    main = main_of(page)
    levels = [int(level) for level in re.findall(r"<h([1-6])", main)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    fields = re.findall(r'<(?:input|select|textarea)(?![^>]*type="hidden")[^>]*\bid="([^"]+)"', page)
    assert fields
    assert all(f'<label for="{each}"' in page or f'for="{each}">' in page for each in fields)
    assert len(
        re.findall(r'<div class="wide" role="group" aria-label[^>]*tabindex="0">', main)
    ) >= main.count("<table>")
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert not re.search(r"\son\w+=|\sstyle=|<script(?![^>]*src=)|<style", page)
