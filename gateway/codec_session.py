"""`/codec/sign-in`: a reader of the Temporal UI says who they are, once, by a staff token.

The UI cannot show a staff token by itself, and nothing that lies open in its settings or in a process list
may be enough to read a case. So the browser keeps a cookie for the codec server alone: sealed by us, with the
person and an end; it opens no other door.
"""

import json
import time
from http import HTTPStatus
from importlib.resources import files
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from encryption import source_secrets
from gateway.context import FORM_POLICY, Gateway, gateway_of
from gateway.limits import read_body
from gateway.problems import problem
from gateway.staff import staff_by_id, staff_by_token
from schemas.kernel.case import Actor

COOKIE: Final = "iehe-codec"
SECONDS: Final = 8 * 60 * 60
"""A working day; the roles are looked up at every reading, so that who leaves reads no more at once."""
_PATH: Final = "/codec"
_PURPOSE: Final = "codec-session"
_FORM_LIMIT: Final = 32 * 1024
_PAGE: Final = files("gateway").joinpath("codec_page.html").read_text("utf-8")


async def page(request: Request) -> Response:
    """The form, and whether somebody is signed in."""
    gateway = gateway_of(request)
    reader = _reader_in(request, gateway)
    said = "サインインしていません。 / Nobody is signed in."
    if reader is not None:
        said = "サインイン済みです。 / You are signed in."
    answer = HTMLResponse(_PAGE.format(reader=said, endpoint=f"{gateway.url}{_PATH}", ui=gateway.ui_origin))
    answer.headers["Content-Security-Policy"] = FORM_POLICY
    # without a referrer a browser names no origin when it sends the form
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer


async def sign_in(request: Request) -> Response:
    """Take a staff token and let the browser keep a session that reads payloads as that person.

    Raises:
        Problem: as for every staff token, and 403 when another site's page has sent the form.
    """
    gateway = gateway_of(request)
    _require_own_page(request, gateway)
    given = parse_qs((await read_body(request, _FORM_LIMIT)).decode("utf-8", "replace")).get("token", [""])
    actor, ends = await staff_by_token(gateway.pool, gateway.staff, given[0].strip())
    ends = min(ends, time.time() + SECONDS)
    session = json.dumps({"staff_id": actor.id, "ends": ends})
    answer = _back()
    answer.set_cookie(
        COOKIE,
        source_secrets.seal(gateway.ring, _PURPOSE, "", session.encode()).hex(),
        max_age=max(int(ends - time.time()), 1),
        path=_PATH,
        httponly=True,
        samesite="strict",
        secure=gateway.url.startswith("https:"),
    )
    return answer


async def sign_out(request: Request) -> Response:
    """Let the browser forget the session."""
    _require_own_page(request, gateway_of(request))
    answer = _back()
    answer.delete_cookie(COOKIE, path=_PATH)
    return answer


async def signed_in(request: Request) -> Actor | None:
    """The member of staff whose session the request shows, with the roles that are on record now.

    Raises:
        Problem: 403, the person is no active member of staff any more.
    """
    gateway = gateway_of(request)
    staff_id = _reader_in(request, gateway)
    return None if staff_id is None else await staff_by_id(gateway.pool, staff_id)


def _reader_in(request: Request, gateway: Gateway) -> str | None:
    try:
        shown = bytes.fromhex(request.cookies.get(COOKIE, ""))
        content = source_secrets.unseal(gateway.ring, _PURPOSE, "", shown)
    except (ValueError, source_secrets.Unsealable):
        return None
    session = json.loads(content)
    return str(session["staff_id"]) if time.time() < session["ends"] else None


def _back() -> Response:
    return RedirectResponse("/codec/sign-in", HTTPStatus.SEE_OTHER)


def _require_own_page(request: Request, gateway: Gateway) -> None:
    if request.headers.getlist("origin") != [gateway.url]:
        raise problem("origin-not-allowed", origin=gateway.url)
