"""Help, and how accessible the pages are."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from office.pages import page, reader_of

TESTED_ON: Final = "2026-11-27"
"""When the pages were last looked at by hand beside the tests that run with every change."""


async def help_page(request: Request) -> Response:
    """How the pages are meant."""
    reader = await reader_of(request)
    return page(request, reader, f"help_{reader.tongue.language}.html")


async def accessibility(request: Request) -> Response:
    """The statement of accessibility."""
    reader = await reader_of(request)
    return page(request, reader, f"accessibility_{reader.tongue.language}.html", tested=TESTED_ON)
