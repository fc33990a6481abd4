"""The systems that may send events: which types, how many, and how they show who they are."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

import asyncpg

from activities.sql import queries
from gateway.encryption.ring import KeyRing
from gateway.problems import Problem, unavailable
from gateway.sealing import unseal
from gateway.signatures import SignatureFault, VerifyingKey, verify
from gateway.tokens import KeysUnavailable, TokenFault, TokenVerifier

SQL = queries("sources")
CACHED_FOR: Final = 1.0
"""Seconds until a revocation is noticed."""
_CACHE_LIMIT: Final = 1000
_NOBODY: Final = VerifyingKey("v1", secrets.token_bytes(32))
"""What an unknown source is checked against, so that it takes as long as a wrong key."""


@dataclass(frozen=True, slots=True)
class Oidc:
    """Whose bearer tokens a source sends."""

    issuer: str
    audience: str
    subject: str
    jwks_url: str


@dataclass(frozen=True, slots=True)
class Source:
    """A system that may send events; `keys` are the ones in use, with the time at which each ends."""

    name: str
    uri: str
    types: frozenset[str]
    per_minute: int
    keys: tuple[tuple[VerifyingKey, datetime | None], ...]
    oidc: Oidc | None

    def may_send(self, event_type: str) -> bool:
        """Whether it has declared the type."""
        return event_type in self.types


class Sources:
    """Sources by their URI, remembered for a second."""

    def __init__(self, pool: asyncpg.Pool, ring: KeyRing) -> None:
        self._pool, self._ring = pool, ring
        self._tokens = TokenVerifier()
        self._cache: dict[str, tuple[float, Source | None]] = {}

    async def find(self, uri: str) -> Source | None:
        """The source with a URI; None when there is none or it was revoked."""
        cached = self._cache.get(uri)
        if cached is not None and time.monotonic() - cached[0] < CACHED_FOR:
            return cached[1]
        asked_at = time.monotonic()
        source = await self._load(uri)
        if len(self._cache) >= _CACHE_LIMIT:
            self._cache.clear()
        self._cache[uri] = (asked_at, source)
        return source

    async def authenticate(
        self, source: Source | None, headers: Mapping[str, str], body: bytes, now: datetime | None = None
    ) -> None:
        """Make sure that the request is the source's own; an unknown source is answered as a wrong key is.

        Raises:
            Problem: 401 with the reason, as far as the request alone tells it; 503 without the issuer's keys.
        """
        headers = {name.lower(): value for name, value in headers.items()}
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if "webhook-signature" not in headers and scheme.lower() == "bearer":
            await self._check_token(source, token.strip())
            return
        at = now or datetime.now(UTC)
        keys = [key for key, ends in source.keys if ends is None or ends > at] if source else []
        try:
            verify(headers, body, keys or [_NOBODY], at)
        except SignatureFault as fault:
            raise _refused(fault.code) from None

    async def _check_token(self, source: Source | None, token: str) -> None:
        oidc = source.oidc if source else None
        if oidc is None:
            raise _refused("token-wrong")
        try:
            claims = await self._tokens.verify(
                token, issuer=oidc.issuer, audience=oidc.audience, jwks_url=oidc.jwks_url
            )
        except TokenFault:
            raise _refused("token-wrong") from None
        except KeysUnavailable:
            raise unavailable(
                "keys-unavailable",
                "The keys of the token's issuer cannot be had now; send it again later.",
                "トークン発行元の鍵を取得できません。後でもう一度送信してください。",
                retry_after=30,
            ) from None
        if claims.get("sub") != oidc.subject:
            raise _refused("token-wrong")

    async def _load(self, uri: str) -> Source | None:
        row = await self._pool.fetchrow(SQL["find"], uri)
        if row is None:
            return None
        name = row["name"]
        keys = tuple(
            (
                VerifyingKey(
                    key["kind"],
                    key["public"] or unseal(self._ring, key["key_id"], name, key["sealed"]),
                ),
                key["expires_at"],
            )
            for key in await self._pool.fetch(SQL["keys"], name)
        )
        parts = ("issuer", "audience", "subject", "jwks_url")
        oidc = Oidc(*(row[part] for part in parts)) if row["issuer"] else None
        return Source(name, row["uri"], frozenset(row["types"]), row["per_minute"], keys, oidc)


def _refused(code: str) -> Problem:
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        code,
        "The request does not show that it comes from a source that may send: sign it (Standard Webhooks) or "
        "send the token that was agreed on.",
        "送信を許可された送信元であることを確認できません。署名またはトークンを確認してください。",
        headers={"WWW-Authenticate": "Bearer"},
    )
