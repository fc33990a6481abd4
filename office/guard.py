"""What stands before every page: another site changes nothing, and no page is framed or kept."""

import hmac
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

import structlog
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.limits import BODY_LIMIT, read_body
from gateway.problems import language_of
from office.context import Office, office_of
from office.local_paths import FRONT_PAGE, local_path
from office.plain_pages import page
from office.problems import problem
from office.sessions import Session, SignInNeeded, is_secure, session_of

TOKEN_FIELD: Final = "csrf"  # noqa: S105 - the name of a field
"""The hidden field of every form: `session.csrf`."""
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    # without a referrer a browser names no origin when it sends a form
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "none",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_FIELDS_LIMIT: Final = 1000
_HSTS: Final = "max-age=31536000"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE: Final = frozenset({"same-origin", "none"})
"""`none`: the person themselves, as by reloading; no page of another site can have a browser say so."""

log = structlog.get_logger()


def headers_of(office: Office) -> Mapping[str, str]:
    """The headers of every answer that has no other one of that name."""
    return _HEADERS | ({"Strict-Transport-Security": _HSTS} if is_secure(office) else {})


class FormOfAnotherSession(Exception):  # noqa: N818 - an answer about a request
    """A form of ours was sent in another session than it was made for; nothing was changed.

    Args:
        session: in which it was sent.
        form: what it says.
    """

    def __init__(self, session: Session, form: FormData) -> None:
        super().__init__()
        self.session, self.form = session, form


class Guard:
    """Refuses what would change something unless a page of ours has sent it."""

    def __init__(self, app: ASGIApp, office: Office) -> None:
        self._app, self._office = app, office

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass.

        Raises:
            Problem: 403, another site's page has sent it, or it says nothing of who has.
        """
        if scope["type"] == "http" and scope["method"] not in _SAFE:
            require_own_page(Request(scope), self._office)
        await self._app(scope, receive, send)


def require_own_page(request: Request, office: Office) -> None:
    """Refuse what a page of another site has sent.

    A browser tells by `Sec-Fetch-Site`; one that is too old for it at least by `Origin`.

    Raises:
        Problem: 403.
    """
    sites, origins = request.headers.getlist("sec-fetch-site"), request.headers.getlist("origin")
    own_site = len(sites) == 1 and sites[0] in _OWN_SITE if sites else bool(origins)
    own_origin = origins in ([], [office.url])
    if not (own_site and own_origin):
        log.warning("foreign-request")
        raise problem("foreign-request", url=office.url)


def check_token(session: Session, form: FormData) -> None:
    """Refuse a form that was not made for this session.

    Raises:
        FormOfAnotherSession: it was made for another one.
    """
    shown = form.getlist(TOKEN_FIELD)
    given = shown[0] if len(shown) == 1 and isinstance(shown[0], str) else ""
    if not hmac.compare_digest(given.encode("utf-8", "replace"), session.csrf.encode()):
        raise FormOfAnotherSession(session, form)


async def posted(request: Request, *, max_files: int = 0) -> tuple[Session, FormData]:
    """Who has sent a form, and what it says: for every endpoint that changes something.

    Raises:
        SignInNeeded: nobody is signed in.
        Problem: 400 or 403, the form is unreadable, or was not made for this session.
    """
    session = await session_of(request)
    form = await read_form(request, max_files)
    check_token(session, form)
    return session, form


async def read_form(request: Request, max_files: int = 0) -> FormData:
    """What a form says; it is kept with the request, for who is shown it again.

    Raises:
        Problem: 400, it is unreadable; 408, 413.
    """
    form: FormData
    try:
        if request.headers.get("content-type", "").startswith("multipart/"):
            form = await request.form(max_files=max_files, max_fields=_FIELDS_LIMIT, max_part_size=BODY_LIMIT)
        else:
            text = (await read_body(request)).decode("utf-8")
            fields = parse_qsl(text, keep_blank_values=True, max_num_fields=_FIELDS_LIMIT)
            form = FormData([(name, value) for name, value in fields])
    except (MultiPartException, HTTPException, ValueError):
        raise problem("form-unreadable") from None
    request.state.form = form
    return form


async def answer_sign_in_needed(request: Request, error: Exception) -> Response:
    """Exception handler for `SignInNeeded`: to the page for it, and from there back to where they were."""
    assert isinstance(error, SignInNeeded)  # noqa: S101 - registered for nothing else
    way = "/sign-in/again" if error.again else "/sign-in"
    plain = not request.headers.get("content-type", "").startswith("multipart/")
    if request.method not in _SAFE and plain:
        # what was typed is still there to be sent once more
        form = getattr(request.state, "form", None) or await read_form(request)
        return _once_more(request, form, token="", way=way)
    return RedirectResponse(f"{way}?to={quote(_where(request), safe='/')}", HTTPStatus.SEE_OTHER)


async def answer_other_session(request: Request, error: Exception) -> Response:
    """Exception handler for `FormOfAnotherSession`: the person, who is another one now or has signed in
    again, sees what it says and sends it in their own session, or does not.
    """
    assert isinstance(error, FormOfAnotherSession)  # noqa: S101 - registered for nothing else
    return _once_more(request, error.form, token=error.session.csrf, way="")


def _once_more(request: Request, form: FormData, *, token: str, way: str) -> Response:
    values = [
        (name, each) for name, each in form.multi_items() if name != TOKEN_FIELD and isinstance(each, str)
    ]
    language = getattr(request.state, "language", None) or language_of(request)
    query = f"?{request.url.query}" if request.url.query else ""
    to = local_path(f"{request.url.path}{query}")
    shown: dict[str, Any] = {"values": values, "token": token, "way": way, "to": to}
    return page(request, "once_more.html", language, HTTPStatus.FORBIDDEN, **shown)


def _where(request: Request) -> str:
    """The page that somebody was on: what was asked for, or whose form was sent."""
    if request.method in _SAFE:
        query = f"?{request.url.query}" if request.url.query else ""
        return local_path(f"{request.url.path}{query}")
    here = urlsplit(request.headers.get("referer", ""))
    if f"{here.scheme}://{here.netloc}" != office_of(request).url:
        return FRONT_PAGE
    return local_path(f"{here.path}{'?' if here.query else ''}{here.query}")
