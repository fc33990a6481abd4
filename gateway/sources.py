"""The systems that may send events, or read: which types and what, how many, by which key."""

import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import asyncpg
import structlog

from activities.kernel.queries import queries
from cases.time_limits import within
from encryption.ring import KeyRing, KeyRingError
from encryption.signatures import SignatureFault, VerifyingKey, verify
from encryption.source_secrets import Unsealable, unseal
from gateway.problems import Problem, problem
from gateway.tokens import TokenFault, TokenVerifier, claims_unverified
from schemas.kernel.patience import CONNECT_WITHIN

SQL = queries("kernel/sources")
CACHED_FOR: Final = 1.0
"""Seconds until a revocation is noticed."""
URI: Final = re.compile(r"[A-Za-z0-9._:/-]{1,128}")
"""What a source's URI is made of; a request that names anything else comes from nobody."""
_CACHE_LIMIT: Final = 1000
_NOBODY: Final = VerifyingKey("v1", secrets.token_bytes(32))
"""What an unknown source is checked against, so that it takes as long as a wrong key."""
_CREDENTIALS: Final = frozenset({"authorization", "webhook-id", "webhook-timestamp", "webhook-signature"})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Oidc:
    """Whose bearer tokens a source sends."""

    issuer: str
    audience: str
    subject: str
    jwks_url: str


@dataclass(frozen=True, slots=True)
class Source:
    """A system that may send events; `keys` are the ones in use, with the time at which each ends.

    `skipped`: it has keys besides that cannot be opened here.
    """

    name: str
    uri: str
    types: frozenset[str]
    per_minute: int
    keys: tuple[tuple[VerifyingKey, datetime | None], ...]
    oidc: Oidc | None
    skipped: bool = False
    reads: frozenset[str] = frozenset()
    """What it may read; nothing unless it was allowed."""

    def is_named_by(self, token: str) -> bool:
        """Whether a bearer token says to be this source's. Nothing of it is believed yet."""
        if self.oidc is None:
            return False
        claims = claims_unverified(token)
        return (claims.get("iss"), claims.get("sub")) == (self.oidc.issuer, self.oidc.subject)


class Sources:
    """Sources by their URI, remembered for a second; `clock` counts seconds."""

    def __init__(
        self, pool: asyncpg.Pool, ring: KeyRing, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool, self._ring, self._clock = pool, ring, clock
        self._tokens = TokenVerifier(clock)
        self._cache: dict[str, tuple[float, Source | None]] = {}

    async def find(self, uri: str) -> Source | None:
        """The source with a URI; None when there is none or it was revoked."""
        if not URI.fullmatch(uri):
            return None
        cached = self._cache.get(uri)
        asked_at = self._clock()
        if cached is not None and asked_at - cached[0] < CACHED_FOR:
            return cached[1]
        source = await self._load(uri)
        if len(self._cache) >= _CACHE_LIMIT:
            self._cache.clear()
        self._cache[uri] = (asked_at, source)
        return source

    async def authenticate(
        self, source: Source | None, headers: Mapping[str, str], body: bytes, now: datetime | None = None
    ) -> Source:
        """The source, once the request has shown to be its own; an unknown one is answered as a wrong key is.

        Raises:
            Problem: 401 with the reason, as far as the request alone tells it; 503 without the issuer's
                keys, or when the key may be one that cannot be opened here.
        """
        shown = _credentials(headers)
        scheme, _, token = shown.get("authorization", "").partition(" ")
        if "webhook-signature" not in shown and scheme.lower() == "bearer":
            return await self._check_token(source, token.strip())
        at = now or datetime.now(UTC)
        keys = [key for key, ends in source.keys if ends is None or ends > at] if source else []
        try:
            verify(shown, body, keys or [_NOBODY], at)
        except SignatureFault as fault:
            if fault.code == "signature-wrong" and source is not None and source.skipped:
                raise problem("keys-unavailable", retry_after=30) from None
            raise _refused(fault.code) from None
        if source is None or not keys:
            raise _refused("signature-wrong")
        return source

    async def _check_token(self, source: Source | None, token: str) -> Source:
        if source is None or source.oidc is None:
            raise _refused("token-wrong")
        oidc = source.oidc
        try:
            claims = await self._tokens.verify(
                token, issuer=oidc.issuer, audience=oidc.audience, jwks_url=oidc.jwks_url
            )
        except TokenFault:
            raise _refused("token-wrong") from None
        if claims.get("sub") != oidc.subject:
            raise _refused("token-wrong")
        return source

    async def _load(self, uri: str) -> Source | None:
        row = await within(CONNECT_WITHIN, self._pool.fetchrow(SQL["find"], uri))
        if row is None:
            return None
        rows = await self._pool.fetch(SQL["keys"], row["name"])
        keys = tuple(
            (key, each["expires_at"]) for each in rows if (key := self._opened(row["name"], each)) is not None
        )
        parts = ("issuer", "audience", "subject", "jwks_url")
        oidc = Oidc(*(row[part] for part in parts)) if row["issuer"] else None
        return Source(
            row["name"],
            row["uri"],
            frozenset(row["types"]),
            row["per_minute"],
            keys,
            oidc,
            len(keys) < len(rows),
            frozenset(row["reads"]),
        )

    def _opened(self, name: str, row: asyncpg.Record) -> VerifyingKey | None:
        """A key as it verifies; None when it cannot be opened here, which only it suffers from."""
        if row["public"] is not None:
            return VerifyingKey(row["kind"], row["public"])
        try:
            return VerifyingKey(row["kind"], unseal(self._ring, row["key_id"], name, row["sealed"]))
        except Unsealable:
            log.warning("source-key-skipped", source=name, reason="unsealable")
        except KeyRingError:
            log.warning("source-key-skipped", source=name, reason="key-ring")
        return None


def _credentials(headers: Mapping[str, str]) -> dict[str, str]:
    """What shows who sends. One that is given twice counts as empty: others might look at the other one."""
    shown: dict[str, str] = {}
    for name, value in headers.items():
        if (lower := name.lower()) in _CREDENTIALS:
            shown[lower] = "" if lower in shown else value
    return shown


def _refused(code: str) -> Problem:
    return problem(code, words="source-not-shown", headers={"WWW-Authenticate": "Bearer"})
