"""One's own sessions: where one is signed in, ending them, the language, staying longer."""

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from office import sessions
from office.context import LANGUAGES, office_of
from office.guard import TOKEN_FIELD, posted
from office.local_paths import FRONT_PAGE, local_path
from office.plain_pages import page
from office.problems import problem

_PAGE: Final = "/sessions"
_LONGEST_NUMBER: Final = 18


async def show(request: Request) -> Response:
    """Where one is signed in."""
    session = await sessions.session_of(request)
    rows = await sessions.own_sessions(office_of(request).gateway.pool, session)
    return page(
        request,
        "sessions.html",
        session.language,
        session=session,
        rows=rows,
        field=TOKEN_FIELD,
    )


async def end(request: Request) -> Response:
    """End one of one's own sessions.

    Raises:
        Problem: 404, there is none of that number.
    """
    session, _ = await posted(request)
    shown, office = request.path_params["number"], office_of(request)
    is_number = shown.isascii() and shown.isdigit() and len(shown) <= _LONGEST_NUMBER
    if not is_number or not await sessions.end(office.gateway.pool, session, int(shown)):
        raise problem("session-not-found")
    return _signed_out(request) if int(shown) == session.number else _to(_PAGE)


async def end_others(request: Request) -> Response:
    """End all of one's own sessions but this one."""
    session, _ = await posted(request)
    await sessions.end_others(office_of(request).gateway.pool, session)
    return _to(_PAGE)


async def sign_out(request: Request) -> Response:
    """End this session."""
    session, _ = await posted(request)
    await sessions.end(office_of(request).gateway.pool, session, session.number)
    return _signed_out(request)


async def set_language(request: Request) -> Response:
    """Go on in another language, on the same page."""
    session, form = await posted(request)
    language = form.get("language")
    if language not in LANGUAGES:
        raise problem("form-unreadable")
    await sessions.set_language(office_of(request).gateway.pool, session, str(language))
    return _to(_came_from(request, form.get("to")))


async def extend(request: Request) -> Response:
    """Stay signed in for another hour, within the longest stay."""
    session, form = await posted(request)
    await sessions.extend(office_of(request).gateway.pool, session)
    return _to(_came_from(request, form.get("to")))


def routes() -> list[Route]:
    """The page of one's own sessions, and what is done there."""
    return [
        Route(_PAGE, show, methods=["GET"]),
        Route("/sessions/end-others", end_others, methods=["POST"]),
        Route("/sessions/{number}/end", end, methods=["POST"]),
        Route("/sign-out", sign_out, methods=["POST"]),
        Route("/language", set_language, methods=["POST"]),
        Route("/session/extend", extend, methods=["POST"]),
    ]


def _came_from(request: Request, given: object) -> str:
    """The page whose form was sent: as it says itself, or the browser."""
    if given is not None:
        return local_path(given)
    here = urlsplit(request.headers.get("referer", ""))
    return local_path(f"{here.path}?{here.query}" if here.query else here.path)


def _signed_out(request: Request) -> Response:
    answer = _to(FRONT_PAGE)
    sessions.forget_cookie(answer, office_of(request))
    # also what another page of ours may have kept
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def _to(path: str) -> Response:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
