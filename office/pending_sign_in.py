"""A sign-in that has been begun: what the browser keeps of it until it comes back from the provider.

One cookie for each, named by its state, so that two tabs do not disturb each other; sealed, so that nobody
makes one up. Nothing of it is stored here: who never comes back leaves nothing.
"""

import base64
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from encryption import source_secrets
from office.context import Office
from office.sessions import hash_of, is_secure

SECONDS: Final = 600
AT_ONCE: Final = 8
"""Sign-ins begun in one browser; of more the others are forgotten, before its requests get too long."""
_PURPOSE: Final = "office-sign-in"


def _random() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True)
class PendingSignIn:
    """One that was begun.

    Args:
        to: the page to go to afterwards.
        language: of the pages from then on.
        invitation: what its link ends with, if it is to be used.
        again: the number of the session in which somebody shows anew who they are.
        state, nonce, verifier: as in OAuth 2.0, OpenID Connect and PKCE.
        begun_at: in seconds since 1970.
    """

    to: str
    language: str
    invitation: str | None = None
    again: int | None = None
    state: str = field(default_factory=_random)
    nonce: str = field(default_factory=_random)
    verifier: str = field(default_factory=_random)
    begun_at: float = field(default_factory=time.time)


def keep(answer: Response, request: Request, office: Office, pending: PendingSignIn) -> None:
    """Let the browser keep it until it comes back."""
    content = json.dumps(asdict(pending)).encode()
    sealed = source_secrets.seal(office.gateway.ring, _PURPOSE, pending.state, content)
    others = [name for name in request.cookies if name.startswith(_prefix(office))]
    for name in others[: max(0, len(others) + 1 - AT_ONCE)]:
        _forget(answer, office, name)
    answer.set_cookie(
        _name(office, pending.state),
        base64.urlsafe_b64encode(sealed).decode(),
        max_age=SECONDS,
        path="/",
        secure=is_secure(office),
        httponly=True,
        samesite="lax",
    )


def kept(
    request: Request, office: Office, state: str, clock: Callable[[], float] = time.time
) -> PendingSignIn | None:
    """The one of a state that this browser has begun, within the last ten minutes."""
    shown = request.cookies.get(_name(office, state), "")
    try:
        sealed = base64.urlsafe_b64decode(shown)
        content = source_secrets.unseal(office.gateway.ring, _PURPOSE, state, sealed)
    except (ValueError, source_secrets.Unsealable):
        return None
    pending = PendingSignIn(**json.loads(content))
    return pending if clock() - pending.begun_at < SECONDS else None


def forget(answer: Response, office: Office, state: str) -> None:
    """Let the browser forget it: each is used once."""
    _forget(answer, office, _name(office, state))


def _forget(answer: Response, office: Office, name: str) -> None:
    answer.delete_cookie(name, path="/", secure=is_secure(office), httponly=True, samesite="lax")


def _prefix(office: Office) -> str:
    return "__Host-iehe-sign-in-" if is_secure(office) else "iehe-sign-in-"


def _name(office: Office, state: str) -> str:
    return f"{_prefix(office)}{hash_of(state).hex()[:16]}"
