"""Pictures of the pages for the documents: `python -m tests.office_pages.screenshots`."""

import asyncio
import sys
from pathlib import Path
from typing import Final

from playwright.async_api import Browser

from tests.office_pages.chromium import HEIGHT, NARROW, WIDE, launched
from tests.office_pages.kinds import BY, routes_of_pages
from tests.office_pages.looks import People
from tests.office_pages.stack import Stack, running_stack

FOLDER: Final = Path(__file__).parents[2] / "docs" / "screenshots"
MOST: Final = 150 * 1024
"""Bytes of a picture."""
TALLEST: Final = 1100
PICTURES: Final = {
    "tasks": ("office-1", "/"),
    "case": ("office-1", "/cases/{eligibility}"),
    "decision": ("office-1", "/cases/{eligibility}/do/confirm-eligibility"),
    "review": ("reviewer-8", "/cases/{review}/do/submit-scores"),
}
LATER: Final = {"overview": "/overview", "import": "/admission/imports/new"}
"""Where there are such routes."""
SMALL: Final = "tasks"
"""What is shown on a narrow screen too."""


async def main() -> None:
    """Write every picture, in both languages."""
    async with running_stack() as stack, launched() as browser:
        await _pictures(stack, browser)


async def _pictures(stack: Stack, browser: Browser) -> None:
    there = {path for path, method in routes_of_pages() if method == "GET"}
    later = {name: (BY.get(path, ("head-1", ""))[0], path) for name, path in LATER.items() if path in there}
    people = People(browser, stack)
    for language in ("ja", "en"):
        for name, (who, path) in (PICTURES | later).items():
            async with people.window(who, language) as window:
                await window.go(path.format_map(stack.cases))
                widths = {"": WIDE} | ({"-narrow": NARROW} if name == SMALL else {})
                for suffix, width in widths.items():
                    await window.page.set_viewport_size({"width": width, "height": HEIGHT})
                    tall = await window.page.evaluate("document.documentElement.scrollHeight")
                    clip = {"x": 0, "y": 0, "width": width, "height": min(tall, TALLEST)}
                    file = FOLDER / f"office-{name}{suffix}-{language}.png"
                    await window.page.screenshot(path=file, full_page=True, clip=clip, animations="disabled")
                    size = file.stat().st_size
                    assert size <= MOST, f"{file.name}: {size} bytes"
                    sys.stdout.write(f"{file.name} {size}\n")
    await people.close()


if __name__ == "__main__":
    asyncio.run(main())
