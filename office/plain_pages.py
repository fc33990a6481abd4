"""Pages for who may not be signed in yet: what is wrong, signing in, one's own sessions."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from office.pages import Reader, around
from office.static_files import static
from office.words import Tongue
from schemas.kernel.japan import TOKYO

_WORDS: Final[Mapping[str, Mapping[str, str]]] = tomllib.loads(
    files("office").joinpath("plain_pages.toml").read_text("utf-8")
)


def page(
    request: Request,
    template: str,
    language: str,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = MappingProxyType({}),
    **values: Any,
) -> HTMLResponse:
    """A template with what it shows; every value is escaped, and none may be missing.

    `say` gives the words of `plain_pages.toml` in the reader's language. Who is known to be signed in has
    around it what every other page has.
    """
    session = getattr(request.state, "session", None)
    names = request.app.state.names.known
    frame = {"reader": None} if session is None else around(request, Reader(session, Tongue(language), names))
    if status >= HTTPStatus.BAD_REQUEST:
        # what is refused says nothing back, not even the address that was asked for
        frame |= {"here": "/", "said": None, "queried": []}

    def say(name: str, **more: Any) -> str:
        return _WORDS[name][language].format(**more)

    shown = {"language": language, "say": say, "static": static, **frame, **values}
    html = _environment().get_template(template).render(**shown)
    own = {"Content-Language": language, "Cache-Control": "no-store"}
    return HTMLResponse(html, status_code=status, headers={**own, **(headers or {})})


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("office", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = _moment
    environment.globals["static"] = static
    return environment


def _moment(at: datetime) -> str:
    """A moment on Japan's clock: 2027-02-04 12:00."""
    return f"{at.astimezone(TOKYO):%Y-%m-%d %H:%M}"
