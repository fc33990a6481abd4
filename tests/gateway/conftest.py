"""A gateway on a real database, its door as an application, and a portal that signs what it sends."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx2
import pytest
from standardwebhooks.webhooks import Webhook

from activities.kernel.database import open_pool
from encryption.source_secrets import seal
from gateway.app import create_app
from gateway.context import Gateway
from gateway.fates import question_id

URI = "urn:example:portal"
TYPE = "jp.ac.iehe.admission-review."
SECRET = b"0123456789abcdef0123456789abcdef"


@pytest.fixture
async def gateway(database, client, ring) -> AsyncIterator[Gateway]:
    pool = await open_pool(database.url("office"), size=8)
    yield Gateway(pool, client, ring, None, "http://door", "http://ui")
    pool.terminate()


@pytest.fixture
async def door(gateway) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(create_app(gateway))
    async with httpx2.AsyncClient(transport=transport, base_url="http://door") as http:
        yield http


@dataclass
class SigningPortal:
    """A source that signs with the public library."""

    http: httpx2.AsyncClient
    rows: asyncpg.Pool

    def sign(self, body: bytes, message: str) -> dict[str, str]:
        now = datetime.now(UTC)
        return {
            "webhook-id": message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(base64.b64encode(SECRET).decode()).sign(message, now, body.decode()),
        }

    async def send(self, content: Any, media: str = "cloudevents+json", **headers: str) -> httpx2.Response:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        signing = self.sign(body, headers.pop("webhook_id", "msg-1"))
        sent = {"content-type": f"application/{media}", **signing, **headers}
        return await self.http.post("/events", content=body, headers=sent)

    async def fate(self, event_id: str, source: str = URI, **headers: str) -> httpx2.Response:
        signing = self.sign(b"", headers.pop("webhook_id", question_id(source, event_id)))
        asked = {"source": source, "id": event_id}
        return await self.http.get("/events", params=asked, headers=signing | headers)

    async def stored(self) -> int:
        return await self.rows.fetchval("SELECT count(*) FROM iehe.events")


@pytest.fixture
async def portal(door, database, ring) -> AsyncIterator[SigningPortal]:
    rows = await open_pool(database.url("owner"), size=2)
    types = [TYPE + fact for fact in ("fee-paid", "document-received", "offer-answered")]
    await rows.execute(
        "INSERT INTO iehe.sources (name, uri, types, per_minute) VALUES ('portal', $1, $2, 100000)",
        URI,
        types,
    )
    key_id = "portal-key-1"
    sealed = seal(ring, key_id, "portal", SECRET)
    await rows.execute(
        "INSERT INTO iehe.source_keys (key_id, source, kind, sealed) VALUES ($1, 'portal', 'v1', $2)",
        key_id,
        sealed,
    )
    yield SigningPortal(door, rows)
    rows.terminate()
