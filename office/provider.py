"""The OpenID provider: where who signs in is sent, and what it says of who comes back."""

import asyncio
import json
import secrets
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote_plus

import httpx2
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from gateway.tokens import KEPT_FOR, TokenFault, TokenVerifier, fetch, may_fetch
from office.bindings import Shown
from office.context import Provider
from office.problems import problem

CALLBACK: Final = "/sign-in/callback"
WITHIN: Final = 8.0
"""Seconds for each question to the provider."""
LEEWAY: Final = 60
_SCOPE: Final = "openid"
"""The subject alone: neither a name nor an address is asked for."""
_SUBJECT_LENGTH: Final = 255
_LONGEST: Final = 10 * 60 * 60
"""Older proofs than a session lasts are asked for anew by the provider; it has to say how old one is."""
_FAULTS: Final = (httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError, ValueError, RecursionError)
_OUR_FAULTS: Final = ("invalid_client", "unauthorized_client")
"""Of RFC 6749, section 5.2: those that nobody who signs in can do anything about."""
_VERIFIER: Final = TokenVerifier()

log = structlog.get_logger()


@dataclass(frozen=True)
class Metadata:
    """What the provider publishes of itself (OpenID Connect Discovery 1.0, RFC 8414)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    says_issuer: bool
    """Each answer names its issuer (RFC 9207): one that does not is somebody else's."""
    posts_secret: bool


class Metadatas:
    """The metadata of providers, asked for again after ten minutes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, tuple[float, Metadata]] = {}

    async def of(self, issuer: str) -> Metadata:
        """What an issuer says of itself.

        Raises:
            Problem: 503, it does not answer, or not as an issuer of that name.
        """
        known = self._known.get(issuer)
        if known is not None and self._clock() - known[0] < KEPT_FOR:
            return known[1]
        try:
            async with asyncio.timeout(WITHIN):
                found = _read(issuer, await fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
        except _FAULTS:
            log.warning("provider-unreachable", exc_info=True)
            if known is not None:
                return known[1]  # what is known stays in use
            raise problem("provider-unreachable") from None
        self._known[issuer] = (self._clock(), found)
        return found


METADATA: Final = Metadatas()


@dataclass(frozen=True)
class Answer:
    """What the browser has brought back from the provider."""

    code: str
    issuer: str | None


async def address(provider: Provider, url: str, *, state: str, nonce: str, verifier: str, again: bool) -> str:
    """Where to send a browser so that somebody shows who they are.

    Args:
        provider: which one.
        url: the pages', to which it sends the browser back.
        state: given back by it.
        nonce: repeated in what it signs.
        verifier: of PKCE; only its hash is sent.
        again: they have to show it now, whatever the provider remembers.

    Raises:
        Problem: 503.
    """
    metadata = await METADATA.of(provider.issuer)
    async with _client(provider, metadata, url) as client:
        found, _ = client.create_authorization_url(
            metadata.authorization_endpoint,
            state=state,
            nonce=nonce,
            code_verifier=verifier,
            response_mode="query",
            prompt="login" if again else None,
            max_age=0 if again else _LONGEST,
        )
    return str(found)


async def shown_by(provider: Provider, url: str, answer: Answer, *, nonce: str, verifier: str) -> Shown:
    """Who has signed in, from the code that the browser has brought.

    Raises:
        Problem: 403, it is not believed; 503, the provider does not answer.
    """
    metadata = await METADATA.of(provider.issuer)
    if answer.issuer != provider.issuer and (answer.issuer is not None or metadata.says_issuer):
        raise _not_believed("issuer")
    token = await _redeemed(provider, metadata, url, answer.code, verifier)
    try:
        claims = await _VERIFIER.verify(
            token, issuer=provider.issuer, audience=provider.client_id, jwks_url=metadata.jwks_uri
        )
    except TokenFault as fault:
        raise _not_believed(fault.code) from None
    return _shown(provider, claims, nonce)


def _shown(provider: Provider, claims: Mapping[str, Any], nonce: str) -> Shown:
    given, audience, subject = claims.get("nonce"), claims["aud"], claims.get("sub")
    if not isinstance(given, str) or not secrets.compare_digest(given.encode(), nonce.encode()):
        raise _not_believed("nonce")
    several = isinstance(audience, list) and len(audience) > 1
    party = claims.get("azp", None if several else provider.client_id)
    if party != provider.client_id:
        raise _not_believed("authorized-party")
    if not isinstance(subject, str) or not 0 < len(subject) <= _SUBJECT_LENGTH:
        raise _not_believed("subject")
    at = claims.get("auth_time")
    known = isinstance(at, int | float) and not isinstance(at, bool) and 0 < at < time.time() + LEEWAY
    return Shown(provider.issuer, subject, datetime.fromtimestamp(at, UTC) if at and known else None)


async def _redeemed(provider: Provider, metadata: Metadata, url: str, code: str, verifier: str) -> str:
    try:
        async with asyncio.timeout(WITHIN), _client(provider, metadata, url) as client:
            answer = await client.fetch_token(
                metadata.token_endpoint,
                grant_type="authorization_code",
                code=code,
                code_verifier=verifier,
            )
    except OAuthError as fault:  # its text is the provider's
        if fault.error in _OUR_FAULTS:
            log.warning("client-not-accepted", reason=fault.error)
            raise problem("client-not-accepted") from None
        raise _not_believed("code") from None
    except _FAULTS:
        log.warning("provider-unreachable", exc_info=True)
        raise problem("provider-unreachable") from None
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise _not_believed("no-token")
    return token


def _client(provider: Provider, metadata: Metadata, url: str) -> Any:
    method = "client_secret_post" if metadata.posts_secret else _in_header
    return AsyncOAuth2Client(
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        token_endpoint_auth_method="none" if provider.client_secret is None else method,
        scope=_SCOPE,
        redirect_uri=f"{url}{CALLBACK}",
        code_challenge_method="S256",
        timeout=WITHIN,
    )


def _in_header(client: Any, _method: str, uri: str, headers: dict[str, str], body: str) -> Any:
    """`client_secret_basic` with id and secret encoded (RFC 6749, section 2.3.1): Authlib leaves that out."""
    shown = ":".join(quote_plus(each) for each in (client.client_id, client.client_secret))
    return uri, headers | {"Authorization": f"Basic {b64encode(shown.encode()).decode()}"}, body


def _read(issuer: str, text: str) -> Metadata:
    """Raises ValueError: it is another issuer's, or leads where nothing may be sent."""
    told = json.loads(text)
    if not isinstance(told, dict) or told.get("issuer") != issuer:
        raise ValueError("of another issuer")
    authorization, token, keys = (
        _place(told.get(name)) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
    )
    methods = told.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Metadata(
        authorization_endpoint=authorization,
        token_endpoint=token,
        jwks_uri=keys,
        says_issuer=told.get("authorization_response_iss_parameter_supported") is True,
        posts_secret="client_secret_basic" not in methods,
    )


def _place(url: object) -> str:
    if not isinstance(url, str) or not may_fetch(url):
        raise ValueError("not over TLS")
    return url


def _not_believed(why: str) -> Exception:
    log.warning("sign-in-not-believed", reason=why)
    return problem("sign-in-not-believed")
