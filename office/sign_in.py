"""`/sign-in`: who somebody is, as the identity provider says it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.problems import Problem, language_of
from office import one_time_links, pending_sign_in, provider
from office.bindings import LinkKind, Shown, holds, sign_in, staff_of
from office.context import LANGUAGES, Office, Provider, office_of
from office.local_paths import local_path
from office.pending_sign_in import PendingSignIn
from office.plain_pages import page
from office.problems import answer_problem, problem
from office.sessions import Session, SignInNeeded, end_former, keep_cookie, session_of, shown_again

_SKEW: Final = timedelta(seconds=provider.LEEWAY)
_LONGEST: Final = 4096


async def front(request: Request) -> Response:
    """How to sign in."""
    office, language = office_of(request), _language(request)
    to = local_path(request.query_params.get("to"))
    return page(request, "sign_in.html", language, **_ways(office, language, to), to=to)


async def again(request: Request) -> Response:
    """How to show anew who one is, before what is confidential."""
    office, session = office_of(request), await session_of(request)
    to = local_path(request.query_params.get("to"))
    ways = _ways(office, session.language, to, again="1")
    return page(request, "sign_in_again.html", session.language, **ways, staff_id=session.actor.id)


async def invited(request: Request) -> Response:
    """What an invitation is for; looking at it does not use it up, as programs that look at links do."""
    office, language, key = office_of(request), _language(request), request.path_params["key"]
    _provider(office)
    async with office.gateway.pool.acquire() as connection:
        if not await holds(connection, LinkKind.INVITATION, key):
            raise problem("invitation-over")
    start = f"/sign-in/start?{urlencode({'invitation': key, 'language': language})}"
    return page(request, "sign_in_invited.html", language, start=start)


async def start(request: Request) -> Response:
    """Send the browser to the provider."""
    office, query = office_of(request), request.query_params
    known, number = _provider(office), None
    if "again" in query:
        number = (await session_of(request)).number
    pending = PendingSignIn(
        to=local_path(query.get("to")),
        language=_language(request),
        invitation=query.get("invitation"),
        again=number,
    )
    to = await provider.address(
        known,
        office.url,
        state=pending.state,
        nonce=pending.nonce,
        verifier=pending.verifier,
        again=number is not None,
    )
    answer = RedirectResponse(to, HTTPStatus.SEE_OTHER)
    # the address holds an invitation or a page: none of the provider's business
    answer.headers["Referrer-Policy"] = "no-referrer"
    pending_sign_in.keep(answer, request, office, pending)
    return answer


async def callback(request: Request) -> Response:
    """Take what the provider has the browser bring; each is taken once, whatever comes of it.

    Raises:
        Problem: 400, it was not begun in this browser.
    """
    office, said = office_of(request), request.query_params
    states = said.getlist("state")
    state = states[0] if len(states) == 1 else ""
    pending = pending_sign_in.kept(request, office, state)
    if pending is None:
        raise problem("sign-in-unknown")
    request.state.language = pending.language
    try:
        begun = await _taken(request, office, pending)
    except Problem as refused:
        answer = await answer_problem(request, refused)
    else:
        answer = RedirectResponse(pending.to, HTTPStatus.SEE_OTHER)
        keep_cookie(answer, office, begun)
    pending_sign_in.forget(answer, office, state)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def routes() -> list[Route]:
    """The pages of signing in."""
    pages: tuple[tuple[str, Callable[[Request], Awaitable[Response]]], ...] = (
        ("/sign-in", front),
        ("/sign-in/start", start),
        ("/sign-in/again", again),
        (provider.CALLBACK, callback),
        ("/sign-in/link/{key}", one_time_links.by_link),
        ("/invitations/{key}", invited),
    )
    return [Route(path, endpoint, methods=["GET"]) for path, endpoint in pages]


async def _taken(request: Request, office: Office, pending: PendingSignIn) -> str:
    """What the browser shows from now on. Raises Problem."""
    said = request.query_params
    if any(len(said.getlist(name)) > 1 for name in ("code", "iss", "error")):
        raise problem("sign-in-not-believed")
    answer = provider.Answer(said.get("code", ""), said.get("iss"))
    if "error" in said or not 0 < len(answer.code) <= _LONGEST:
        raise problem("sign-in-refused")
    shown = await provider.shown_by(
        _provider(office), office.url, answer, nonce=pending.nonce, verifier=pending.verifier
    )
    async with office.gateway.pool.acquire() as connection:
        if pending.again is not None:
            return await _again(request, connection, pending, shown)
        begun = await sign_in(connection, shown, pending.invitation, pending.language)
        await end_former(request, connection)
    return begun


async def _again(request: Request, connection: Any, pending: PendingSignIn, shown: Shown) -> str:
    """The session goes on under another id; by the same person alone, and shown since they were asked."""
    session = await _present(request)
    if session is None or session.number != pending.again:
        raise problem("sign-in-unknown")
    if await staff_of(connection, shown) != session.actor.id:
        raise problem("another-person")
    if shown.at is None or shown.at < datetime.fromtimestamp(pending.begun_at, UTC) - _SKEW:
        raise problem("sign-in-not-fresh")
    new = await shown_again(connection, session, shown.at)
    if new is None:
        raise problem("sign-in-unknown")
    return new


async def _present(request: Request) -> Session | None:
    try:
        return await session_of(request)
    except SignInNeeded:
        return None


def _ways(office: Office, language: str, to: str, **more: str) -> dict[str, Any]:
    """What a page says of how to sign in: the provider's link, or the command to run."""
    asked = urlencode({"to": to, "language": language, **more})
    return {
        "start": f"/sign-in/start?{asked}" if office.provider else None,
        "links": office.links and not office.provider,
    }


def _provider(office: Office) -> Provider:
    if office.provider is None:
        raise problem("no-provider")
    return office.provider


def _language(request: Request) -> str:
    wanted = request.query_params.get("language")
    return wanted if wanted in LANGUAGES else language_of(request)
