"""Bearer tokens (JWT): who the issuer says it is, checked by keys that the issuer publishes."""

import asyncio
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import jwt
import structlog

from gateway.problems import problem

ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")
"""Never `none` and never a shared secret: a public key must not be usable as one."""
LEEWAY: Final = 60
FETCH_EVERY: Final = 30.0
KEPT_FOR: Final = 600.0
"""Seconds until keys are fetched again without a reason: an issuer may have withdrawn one."""
FETCH_LIMIT: Final = 5.0
KEYS_BYTES: Final = 256 * 1024
KEYS_LIMIT: Final = 100
TOKEN_LENGTH: Final = 16 * 1024
_LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}

log = structlog.get_logger()


class TokenFault(Exception):  # noqa: N818 - an answer about a request, not an error of the program
    """The token is not believed; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class _Published:
    keys: Mapping[str | None, jwt.PyJWK] = field(default_factory=dict)
    tried_at: float | None = None
    fetched_at: float | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class TokenVerifier:
    """Verifies tokens; the issuers' keys are kept, and fetched again at most every 30 seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._published: dict[str, _Published] = {}

    async def verify(
        self,
        token: str,
        *,
        issuer: str,
        audience: str,
        jwks_url: str | None = None,
        public_key: bytes | None = None,
    ) -> dict[str, Any]:
        """The claims of a token.

        Raises:
            TokenFault: it is not believed.
            Problem: 503, its key is not known, and the issuer does not answer or was asked just now.
        """
        if len(token) > TOKEN_LENGTH:
            raise TokenFault("token-malformed")
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.InvalidTokenError, ValueError, TypeError, RecursionError):
            raise TokenFault("token-malformed") from None
        if header.get("alg") not in ALGORITHMS:
            raise TokenFault("token-algorithm")
        key: Any = public_key
        if key is None:
            # what could not be believed with any key is not worth asking the issuer for one
            _claims(token, None, issuer, audience)
            key = await self._key(jwks_url, header)
        return _claims(token, key, issuer, audience)

    async def _key(self, url: str | None, header: Mapping[str, Any]) -> jwt.PyJWK:
        kid = header.get("kid")
        if url is None or not may_fetch(url) or not (kid is None or isinstance(kid, str)):
            raise TokenFault("token-invalid")
        published = self._published.setdefault(url, _Published())
        fresh = published.fetched_at is not None and self._clock() - published.fetched_at < KEPT_FOR
        key = _chosen(published.keys, kid)
        fetched = False
        if key is None or not fresh:
            async with published.lock:
                fetched = await self._refresh(url, published)
            key = _chosen(published.keys, kid)
        if key is not None:
            return key
        if fetched:
            raise TokenFault("token-key-unknown")
        # it may have been published since the last fetch, whatever that was made for
        now = self._clock()
        wait = (now if published.tried_at is None else published.tried_at) + FETCH_EVERY - now
        raise problem("keys-unavailable", retry_after=max(1, math.ceil(wait)))

    async def _refresh(self, url: str, published: _Published) -> bool:
        """Fetch the keys if it is time to; whether they have come."""
        now = self._clock()
        if published.tried_at is not None and now - published.tried_at < FETCH_EVERY:
            return False
        published.tried_at = now
        try:
            async with asyncio.timeout(FETCH_LIMIT):
                keys = _usable(await fetch(url))
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, RecursionError):
            log.warning("keys-not-fetched", exc_info=True)
            return False  # what is known stays in use
        published.keys, published.fetched_at = keys, now
        return True


def _claims(token: str, key: Any, issuer: str, audience: str) -> dict[str, Any]:
    """The claims of a token that is of this issuer, for us and in its time; signed, when there is a key."""
    options: Any = {
        "require": ["exp", "iat", "iss", "aud"],
        "verify_signature": key is not None,
        **{f"verify_{name}": True for name in ("exp", "nbf", "iat", "iss", "aud")},
    }
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=list(ALGORITHMS),
            issuer=issuer,
            audience=audience,
            leeway=LEEWAY,
            options=options,
        )
    except jwt.ExpiredSignatureError:
        raise TokenFault("token-expired") from None
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise TokenFault("token-invalid") from None
    return claims


def claims_unverified(token: str) -> dict[str, Any]:
    """What a token says, to know whose verification it is for; empty when it cannot be read."""
    if len(token) > TOKEN_LENGTH:
        return {}
    try:
        return dict(jwt.decode(token, options={"verify_signature": False}))
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return {}


def may_fetch(url: str) -> bool:
    """Whether keys may come from there: over TLS, or from this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))


def _chosen(keys: Mapping[str | None, jwt.PyJWK], kid: str | None) -> jwt.PyJWK | None:
    if kid is None and len(keys) == 1:
        return next(iter(keys.values()))
    return keys.get(kid)


def _usable(text: str) -> dict[str | None, jwt.PyJWK]:
    """The keys for signatures that we take; one that we cannot use does not spoil the others.

    Raises:
        ValueError: it is no key set, or has none that can be used.
    """
    content = json.loads(text)
    listed = content.get("keys") if isinstance(content, dict) else None
    keys: dict[str | None, jwt.PyJWK] = {}
    for each in listed[:KEYS_LIMIT] if isinstance(listed, list) else ():
        key = _parsed(each)
        if key is not None and (key.key_id is None or isinstance(key.key_id, str)):
            keys[key.key_id] = key
    if not keys:
        raise ValueError("no usable key")
    return keys


def _parsed(jwk: Any) -> jwt.PyJWK | None:
    try:
        key = jwt.PyJWK(jwk)
    except Exception:
        log.warning("issuer-key-skipped", exc_info=True)
        return None
    return key if key.algorithm_name in ALGORITHMS and key.public_key_use in (None, "sig") else None


async def fetch(url: str) -> str:
    """What an issuer publishes at an address, as far as it is short and comes in time.

    Raises:
        httpx2.HTTPError, OSError: it does not answer.
        ValueError: the answer is too long, or no text.
    """
    # as it is sent: what is compressed could grow past any limit while it is unpacked
    plain = {"Accept-Encoding": "identity"}
    async with (
        httpx2.AsyncClient(timeout=FETCH_LIMIT, headers=plain) as client,
        client.stream("GET", url) as answer,
    ):
        answer.raise_for_status()
        content = b""
        async for part in answer.aiter_raw():
            content += part
            if len(content) > KEYS_BYTES:
                raise ValueError("too large")
    return content.decode("utf-8")
