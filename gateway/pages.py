"""Pages that a link opens, for who has no account: which no search engine lists."""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

import jinja2
from starlette.responses import HTMLResponse

from gateway.answer_form import Words
from gateway.context import FORM_POLICY

INCOMPLETE: Final[Words] = (
    "未入力または誤りのある項目があります。",
    "Something is missing or cannot be used.",
)
_HEADERS: Final = {"Content-Security-Policy": FORM_POLICY, "X-Robots-Tag": "none"}


def page(
    status: HTTPStatus, template: str, headers: Mapping[str, str] = MappingProxyType({}), **values: Any
) -> HTMLResponse:
    """A template of this folder with what it shows; every value is escaped, and none may be missing."""
    html = _environment().get_template(template).render(**values)
    return HTMLResponse(html, status_code=status, headers={**_HEADERS, **headers})


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("gateway", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
