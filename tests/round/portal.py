"""The applicants' portal before the gateway: it reads what it was allowed to, and signs each question."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import httpx2
from standardwebhooks.webhooks import Webhook

from cases.round.rounds import READABLE
from encryption.ring import KeyRing
from encryption.source_secrets import seal
from gateway.rooms import reading_id

TYPES: Final = ("jp.ac.iehe.admission-review.document-received",)


def uri_of(name: str) -> str:
    """Of a system of tests."""
    return f"urn:example:{name}"


async def register(
    owner: asyncpg.Connection,
    ring: KeyRing,
    name: str,
    *,
    reads: Sequence[str] = (READABLE,),
    types: Sequence[str] = TYPES,
    per_minute: int = 1_000_000,
) -> bytes:
    """A system with its shared secret, which is returned."""
    secret = name.encode().ljust(32, b".")
    await owner.execute(
        "INSERT INTO iehe.sources (name, uri, types, reads, per_minute) VALUES ($1, $2, $3, $4, $5)",
        *(name, uri_of(name), list(types), list(reads), per_minute),
    )
    await owner.execute(
        "INSERT INTO iehe.source_keys (key_id, source, kind, sealed) VALUES ($1, $2, 'v1', $3)",
        *(f"{name}-key", name, seal(ring, f"{name}-key", name, secret)),
    )
    return secret


@dataclass
class Reader:
    """A system that reads.

    Args:
        http: the gateway.
        name: as it is registered.
        secret: by which it signs.
    """

    http: httpx2.AsyncClient
    name: str
    secret: bytes

    def signed(self, path: str, source: str | None = None) -> dict[str, str]:
        """The headers of a question for a path."""
        return signature(self.secret, reading_id(path, source or uri_of(self.name)))

    async def get(self, path: str, **more: Any) -> httpx2.Response:
        """Ask, signed for this path unless other headers are given."""
        headers = more.pop("headers", None)
        given = self.signed(path) if headers is None else headers
        return await self.http.get(path, params={"source": uri_of(self.name)} | more, headers=given)

    async def result(self, number: str) -> httpx2.Response:
        """What is out of an application."""
        return await self.get(f"/round/results/{number}")


def signature(secret: bytes, message: str, body: str = "") -> dict[str, str]:
    """As the public library signs."""
    now = datetime.now(UTC)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(base64.b64encode(secret).decode()).sign(message, now, body),
    }
