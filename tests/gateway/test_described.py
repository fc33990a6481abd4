"""Whatever a generated request says: answered as the document promises, and a refusal changes nothing."""

import asyncio
import base64
import os
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import requests
import schemathesis
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from standardwebhooks.webhooks import Webhook

from activities.kernel.database import open_pool
from activities.kernel.queries import queries
from encryption.source_secrets import seal
from gateway.app import create_app
from gateway.cloudevents import EVENT_TYPES
from gateway.context import Gateway, StaffTokens
from gateway.documents.openapi import openapi
from gateway.event_modes import attributes_id
from gateway.http_server import Server, listen
from tests.gateway.stand import SOURCE
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool

__all__ = ["institute", "notices", "pool", "vacant", "worker_pool"]

REQUESTS = 10_000 if os.environ.get("IEHE_TESTS") == "full" else 1_000
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
CONTENT = """
SELECT (SELECT count(*) FROM iehe.events), (SELECT count(*) FROM iehe.applications),
       (SELECT count(*) FROM iehe.people), (SELECT count(*) FROM iehe.import_rows),
       (SELECT count(*) FROM iehe.texts),
       (SELECT count(*) FROM iehe.case_log WHERE actor_kind = 'person'),
       (SELECT count(*) FROM iehe.tasks JOIN iehe.case_log l USING (case_id)
        WHERE l.version = opened_version AND l.actor_kind = 'person'),
       (SELECT count(*) FROM iehe.notices JOIN iehe.case_log l USING (case_id, version)
        WHERE l.actor_kind = 'person')
"""
"""What requests change. The case goes on by itself meanwhile: with events accepted before, with its clock."""
PRIVATE = Ed25519PrivateKey.generate()
PEM = PRIVATE.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


def token(staff_id: str) -> str:
    now = datetime.now(UTC)
    claims = {"iss": "urn:test", "aud": "iehe", "sub": staff_id, "iat": now, "exp": now + timedelta(hours=2)}
    return jwt.encode(claims, PRIVATE, algorithm="EdDSA")


@pytest.fixture
async def secret(pool, ring) -> str:
    """The portal may send everything; its secret."""
    sql, value = queries("kernel/sources"), secrets.token_bytes(32)
    types = [name for name, (_, kind) in EVENT_TYPES.items() if not kind.between_cases]
    await pool.execute(sql["add"], "portal", SOURCE, types, 10_000_000, None, None, None, None, [])
    await pool.execute(
        sql["add_key"], "portal-1", "portal", "v1", seal(ring, "portal-1", "portal", value), None
    )
    return "whsec_" + base64.b64encode(value).decode()


@pytest.fixture
async def door(database, client, ring, monkeypatch) -> AsyncIterator[str]:
    """The real server; what one address may send in a minute is another test's matter."""
    monkeypatch.setattr("gateway.events.PEER_PER_MINUTE", 10_000_000)
    monkeypatch.setattr("gateway.events.REFUSED_PER_MINUTE", 10_000_000)
    office = await open_pool(database.url("office"), size=5)
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    staff = StaffTokens(issuer="urn:test", audience="iehe", public_key=PEM)
    gateway = Gateway(
        pool=office, client=client, ring=ring, staff=staff, url=url, ui_origin="http://127.0.0.1:8233"
    )
    server = Server(create_app(gateway))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield url
    server.should_exit = True
    await serving
    await office.close()


@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")  # within schemathesis
async def test_generated_requests(institute, door, secret, pool):
    """Not one 5xx, every answer as described, and a refused request changes nothing."""
    case = await institute.apply()
    async with asyncio.timeout(15):
        while await case.version() == 0:
            await asyncio.sleep(0.02)
    loop = asyncio.get_running_loop()
    schema = schemathesis.openapi.from_dict(openapi())
    operations = [each.ok() for each in schema.get_all_operations()]
    events = next(each for each in operations if (each.method, each.path) == ("post", "/events"))
    # every third request is an event
    strategy = st.sampled_from(operations + [events] * (len(operations) // 2)).flatmap(
        lambda operation: operation.as_strategy()
    )
    session = requests.Session()
    seen: dict[int, int] = {}

    def content() -> tuple[Any, ...]:
        row = asyncio.run_coroutine_threadsafe(pool.fetchrow(CONTENT), loop).result(30)
        return tuple(row)

    @settings(
        max_examples=REQUESTS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(generated=strategy, data=st.data())
    def ask(generated: schemathesis.Case, data: st.DataObject) -> None:
        _make_likely(generated, data, case)
        asked = generated.as_transport_kwargs(base_url=door)
        request = requests.Request(
            **{
                key: asked.get(key)
                for key in ("method", "url", "headers", "params", "data", "json", "cookies")
            }
        )
        try:
            prepared = session.prepare_request(request)
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader, ValueError):
            return
        _show_who(prepared, data, secret)
        before = content()
        try:
            response = session.send(prepared, timeout=30, allow_redirects=False)
        except (requests.exceptions.InvalidHeader, UnicodeEncodeError, ValueError):
            return
        seen[response.status_code] = seen.get(response.status_code, 0) + 1
        if response.status_code >= 400:
            assert content() == before, (prepared.method, prepared.url, response.text)
        generated.validate_response(response, checks=CHECKS)

    await asyncio.to_thread(ask)
    print(dict(sorted(seen.items())))  # noqa: T201 - with -s: how the answers are spread
    assert {200, 202, 400, 401, 404} <= seen.keys()
    assert not any(status >= 500 for status in seen)


def _make_likely(generated: schemathesis.Case, data: st.DataObject, case: Any) -> None:
    """Half of the time what would nearly always be refused names something that exists."""
    number = case.row.application_no
    if "case_id" in generated.path_parameters and data.draw(st.booleans()):
        generated.path_parameters["case_id"] = case.case_id
    if "If-Match" in generated.headers and data.draw(st.booleans()):
        generated.headers["If-Match"] = "*"
    if "Idempotency-Key" in generated.headers and data.draw(st.booleans()):
        generated.headers["Idempotency-Key"] = f"key-{data.draw(st.integers(0, 10_000))}"
    events = generated.body if isinstance(generated.body, list) else [generated.body]
    if generated.path == "/events" and data.draw(st.booleans()):
        for each in events:
            if isinstance(each, dict):
                each |= {"source": SOURCE, "subject": number}
                each["id"] = f"e-{data.draw(st.integers(0, 1_000_000))}"
                for name in ("time", "dataschema", "datacontenttype"):
                    each.pop(name, None)


def _show_who(prepared: requests.PreparedRequest, data: st.DataObject, secret: str) -> None:
    for name in ("authorization", "webhook-id", "webhook-timestamp", "webhook-signature"):
        prepared.headers.pop(name, None)
    who = data.draw(
        st.sampled_from(["office-1", "head-1", "reviewer-1", "member-1", "office-1", "nobody-1", None])
    )
    if who is None:
        return
    if "/events" in str(prepared.url) and prepared.method == "POST":
        body = prepared.body or b""
        raw = body.encode() if isinstance(body, str) else body
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            return
        now, message = datetime.now(UTC), "m-1"
        if prepared.headers.get("content-type") == "application/json":
            named = {k.lower(): v for k, v in prepared.headers.items()}
            message = attributes_id({k[3:]: v for k, v in named.items() if k.startswith("ce-")})
        prepared.headers.update(
            {
                "webhook-id": message,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": Webhook(secret).sign(message, now, text),
            }
        )
    else:
        prepared.headers["authorization"] = f"Bearer {token(who)}"
