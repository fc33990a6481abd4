"""One way to make a page: its template, in the reader's language, with what every page has around it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cases.administration import READ_LOG, roles_for
from cases.forms import may_start
from cases.lists import view_of_tasks
from cases.registry import PROCESSES
from cases.sight import view_of
from office.context import office_of
from office.rights import boards_of
from office.sessions import Session, session_of
from office.staff_names import called
from office.static_files import static
from office.words import Tongue
from schemas.kernel.case import Actor

SAID: Final = {
    "decided": "Done. The case has taken it.",
    "repeated": "This was done before; nothing was done twice.",
    "stored": "Stored. The case takes it in a moment.",
    "kept": "The draft is kept.",
    "sent": "The file is kept.",
    "same": "This very file is there already: nothing is kept, and nothing is to be checked anew.",
    "changed": "The change is made.",
    "ended": "The session is ended.",
    "code-sent": "A code was sent. Give it back under Channels when it has come.",
    "channel-tested": "The code is right: the channel is tested.",
    "known": "All of it was stored before; nothing was stored twice.",
}
"""What a page may say of what was done on the page before, by its code in the address."""


@dataclass(frozen=True)
class Reader:
    """Who reads a page: their session, the language of what is said, and the names of their colleagues."""

    session: Session
    tongue: Tongue
    names: Mapping[str, str]

    @property
    def actor(self) -> Actor:
        """The member of staff."""
        return self.session.actor

    def who(self, staff_id: str) -> str:
        """A member of staff by name and id."""
        return called(staff_id, self.names.get(staff_id, staff_id))


async def reader_of(request: Request) -> Reader:
    """Who reads.

    Raises:
        SignInNeeded: nobody is signed in.
    """
    session = await session_of(request)
    names = await request.app.state.names.read(office_of(request).gateway.pool)
    return Reader(session, Tongue(session.language), names)


def page(
    request: Request,
    reader: Reader,
    template: str,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] = MappingProxyType({}),
    **values: Any,
) -> HTMLResponse:
    """A page; every value is escaped, and none may be missing."""
    shown = around(request, reader) | values
    html = _environment().get_template(template).render(**shown)
    language = reader.tongue.language
    return HTMLResponse(html, status_code=status, headers={"Content-Language": language, **headers})


def around(request: Request, reader: Reader) -> dict[str, Any]:
    """What every page has around it."""
    tongue = reader.tongue
    said = SAID.get(request.query_params.get("said", ""))
    return {
        "t": tongue,
        "reader": reader,
        "nav": _nav(reader, request.url.path),
        "said": tongue(said) if said else None,
        "here": _here(request),
        "queried": queried(request),
        "static": static,
        "temporal_ui": office_of(request).temporal_ui,
    }


def go(url: str) -> Response:
    """On to another page after what was sent is done, so that a reload does not send it again."""
    return RedirectResponse(url, HTTPStatus.SEE_OTHER)


def _here(request: Request) -> str:
    """The address of the page, to come back to: without what was said on it."""
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "said"]
    path = request.url.path if request.method == "GET" else "/"
    url = request.url.replace(path=path, query="").include_query_params(**dict(query)) if query else None
    return path if url is None or request.method != "GET" else f"{path}?{url.query}"


def queried(request: Request) -> list[tuple[str, str]]:
    """The filter of a page, as its address has it: without where it goes on and what was said on it."""
    if request.method != "GET":
        return []
    items = request.query_params.multi_items()
    return [(name, value) for name, value in items if name not in ("said", "cursor") and value]


def _nav(reader: Reader, path: str) -> list[tuple[str, str, bool]]:
    """The way to each part of the pages that the reader has something to do with."""
    actor, t = reader.actor, reader.tongue
    view = view_of(actor)
    parts = [("/", t("Tasks"), path in ("/", "/tasks"))]
    if view.whole or view.processes:
        parts.append(("/cases", t("Cases"), path.startswith("/cases")))
    if any(may_start(actor, name) for name in PROCESSES):
        parts.append(("/start", t("New case"), path.startswith("/start")))
    if view_of_tasks(actor).whole:
        parts.append(("/overview", t("Overview"), path.startswith("/overview")))
        parts.append(("/people", t("People"), path.startswith("/people")))
        parts.append(("/inbox", t("What came in"), path.startswith("/inbox")))
    if view_of_tasks(actor).whole:
        parts.append(("/places", t("Places"), path.startswith("/places")))
    from office.room_pages import pages_of as own_pages_of  # noqa: PLC0415 - those pages are made by this module

    for name, process in PROCESSES.items():
        if boards_of(actor, name) or own_pages_of(actor, process.room):
            start = f"/boards/{process.room}"
            here = path.startswith((start, f"/{process.room}/"))
            parts.append((start, t.pair(process.title), here))
    if not roles_for(READ_LOG).isdisjoint(actor.roles):
        parts.append(("/audit", t("Audit"), path.startswith("/audit")))
    return parts


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("office", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # no look at the files of a release at each page
    )
