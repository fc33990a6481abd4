"""The codec server: readable for who may read it, noted before it is told, for one origin's browsers."""

import asyncio
import base64
import io
import json
import logging
import random
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx2
import jwt
import pytest
import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.json_format import MessageToDict
from temporalio.api.common.v1 import Payload

from activities.kernel.database import open_pool
from embedded.binaries import temporal_program
from encryption.codec import seal
from encryption.ring import CLASSES
from gateway import codec_session
from gateway.app import create_app
from gateway.codec_server import BODY_LIMIT, PAYLOADS_LIMIT
from gateway.context import Gateway, StaffTokens
from gateway.http_server import Server, listen
from schemas.admission.roles import Role
from tests.office import Institute, staff
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401
from workers import logs

# ruff: noqa: F811 - fixtures are imported and asked for by name

UI = "http://127.0.0.1:8233"
PATH = "/codec/decode"
DOOR = "http://door"
PRIVATE = Ed25519PrivateKey.generate()
PEM = PRIVATE.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data='{"stage": "offered", "名": "見本"}'.encode())
READABLE = MessageToDict(PLAIN)
MAY_READ = {
    *(
        (name, role)
        for name in ("admission", "round")
        for role in (Role.ADMISSIONS_OFFICE, Role.HEAD_OF_ADMISSIONS)
    ),
    ("round", Role.CHECKER),
}


def bearer(staff_id: str) -> dict[str, str]:
    now = datetime.now(UTC)
    claims = {"iss": "urn:test", "aud": "iehe", "sub": staff_id, "iat": now, "exp": now + timedelta(hours=1)}
    return {"authorization": f"Bearer {jwt.encode(claims, PRIVATE, algorithm='EdDSA')}"}


def staff_id_of(role: Role) -> str:
    return f"{role.value.replace('_', '-')}-1"


OFFICE = staff_id_of(Role.ADMISSIONS_OFFICE)


@dataclass
class Codec:
    """Whoever asks the codec server."""

    http: httpx2.AsyncClient
    gateway: Gateway
    rows: asyncpg.Pool

    def sealed(self, data_class: str = "admission", namespace: str = "default") -> dict[str, Any]:
        return MessageToDict(seal(self.gateway.ring, namespace, data_class, PLAIN))

    async def ask(self, body: Any, path: str = PATH, **headers: str | None) -> httpx2.Response:
        given = {"x-namespace": "default"} | {k.replace("_", "-"): v for k, v in headers.items()}
        content = body if isinstance(body, bytes) else json.dumps({"payloads": body}).encode()
        return await self.http.post(
            f"{path}?preserveStorageRefs=true",
            content=content,
            headers={name: value for name, value in given.items() if value is not None},
        )

    async def sign_in(self, staff_id: str, origin: str | None = DOOR) -> httpx2.Response:
        token = bearer(staff_id)["authorization"].removeprefix("Bearer ")
        headers = {} if origin is None else {"origin": origin}
        return await self.http.post("/codec/sign-in", data={"token": token}, headers=headers)

    async def noted(self) -> list[tuple[Any, ...]]:
        rows = await self.rows.fetch("SELECT reader, data_class, payloads, refused FROM iehe.decodings")
        return sorted(tuple(row) for row in rows)


@pytest.fixture
async def codec(database, pool, client, ring) -> AsyncIterator[Codec]:
    """The gateway, one member of staff for each role, and a browser in which the office has signed in."""
    await Institute(client, pool).employ(*(staff(staff_id_of(role), role) for role in Role))
    office = await open_pool(database.url("office"), size=4)
    trusted = StaffTokens(issuer="urn:test", audience="iehe", public_key=PEM)
    gateway = Gateway(office, client, ring, trusted, DOOR, UI)
    async with asked(gateway) as http:
        codec = Codec(http, gateway, pool)
        assert (await codec.sign_in(OFFICE)).status_code == 303
        yield codec
    office.terminate()


def asked(gateway: Gateway) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(create_app(gateway)), base_url="http://door")


async def test_signed_in_browser_reads_what_its_person_may(codec):
    """What the office may read is readable in its browser, whatever else is in the request, and noted."""
    other_namespace, broken = codec.sealed(namespace="elsewhere"), codec.sealed()
    broken["data"] = base64.b64encode(b"x" * 64).decode()
    made_up = codec.sealed()
    made_up["metadata"]["key-id"] = base64.b64encode("見本太郎-1".encode()).decode()
    reference = {
        "metadata": {"encoding": "anNvbi9leHRlcm5hbA==", "later": "eA=="},
        "data": "e30=",
        "externalPayloads": [{"sizeBytes": "12"}],
        "notKnownYet": {"x": [1]},
    }
    kept = [READABLE, reference, {}, other_namespace, broken, made_up, codec.sealed("sources")]
    answer = await codec.ask([codec.sealed(), *kept, codec.sealed()])

    assert answer.status_code == 200, answer.text
    assert answer.json() == {"payloads": [READABLE, *kept, READABLE]}
    assert answer.headers["cache-control"] == "no-store"
    assert await codec.noted() == [
        (OFFICE, "admission", 2, False),
        (OFFICE, "admission", 2, True),
        (OFFICE, "sources", 1, True),
        (OFFICE, "unknown", 1, True),
    ]


async def test_staff_read_by_their_roles(codec):
    """Each role and each class: readable only by the table, as it came otherwise, and noted either way."""
    sealed = {name: codec.sealed(name) for name in CLASSES}
    for role in Role:
        answer = await codec.ask(list(sealed.values()), **bearer(staff_id_of(role)))
        assert answer.status_code == 200, answer.text
        assert answer.json()["payloads"] == [
            READABLE if (name, role) in MAY_READ else payload for name, payload in sealed.items()
        ]
    assert await codec.noted() == sorted(
        (staff_id_of(role), name, 1, (name, role) not in MAY_READ) for role in Role for name in CLASSES
    )


@pytest.mark.parametrize("given", ["nothing", "garbage", "altered", "ended", "path", "nobody", "dismissed"])
async def test_who_is_unknown_reads_nothing(codec, given, monkeypatch):
    """No token or session, an altered or ended one, one in the path, or nobody's: nothing readable."""
    path, headers, cookie = PATH, {}, codec.http.cookies["iehe-codec"]
    if given == "garbage":
        cookie = "00ff"
    elif given == "altered":
        cookie = cookie[:-1] + ("0" if cookie[-1] != "0" else "1")
    elif given == "ended":
        later = time.time() + codec_session.SECONDS + 1
        monkeypatch.setattr(codec_session.time, "time", lambda: later)
    elif given == "nobody":
        headers = bearer("nobody-1")
    elif given == "path":
        path, cookie = f"/codec/{cookie}/decode", ""
    elif given == "dismissed":
        await codec.rows.execute("UPDATE iehe.staff SET active = false WHERE staff_id = $1", OFFICE)
    async with asked(codec.gateway) as http:
        if given != "nothing":
            http.cookies["iehe-codec"] = cookie
        answer = await replace(codec, http=http).ask([codec.sealed()], path, **headers)

    expected = {"nobody": 403, "dismissed": 403, "path": 404}
    assert answer.status_code == expected.get(given, 401)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "payloads" not in answer.json()
    assert await codec.noted() == []


async def test_session_is_for_the_codec_alone(codec):
    """The cookie is the browser's only, opens no other door, and is gone when its person has signed out."""
    kept = (await codec.sign_in(OFFICE)).headers["set-cookie"].lower()
    assert {"httponly", "path=/codec", "samesite=strict"} <= {each.strip() for each in kept.split(";")}
    cookie = codec.http.cookies["iehe-codec"]
    for headers in ({"cookie": f"iehe-codec={cookie}"}, {"authorization": f"Bearer {cookie}"}):
        assert (await codec.http.get("/tasks", headers=headers)).status_code == 401
    assert "You are signed in" in (await codec.http.get("/codec/sign-in")).text

    await codec.http.post("/codec/sign-out", headers={"origin": DOOR})
    assert (await codec.ask([codec.sealed()])).status_code == 401
    assert "Nobody is signed in" in (await codec.http.get("/codec/sign-in")).text


@pytest.mark.parametrize("origin", [None, "null", UI, "http://evil.example", f"{DOOR}:80"])
async def test_only_the_own_page_signs_in(codec, origin):
    """No other page lets a browser read under a name that its person did not give."""
    codec.http.cookies.clear()
    answer = await codec.sign_in(OFFICE, origin)
    assert (answer.status_code, answer.json()["code"]) == (403, "origin-not-allowed")
    assert "set-cookie" not in answer.headers


async def test_a_wrong_token_signs_nobody_in(codec):
    """A token that is none, or somebody's who is no staff, makes no session."""
    codec.http.cookies.clear()
    for token, status in (("", 401), ("x.y.z", 401), (bearer("nobody-1")["authorization"][7:], 403)):
        answer = await codec.http.post("/codec/sign-in", data={"token": token}, headers={"origin": DOOR})
        assert (answer.status_code, "set-cookie" in answer.headers) == (status, False)


async def test_the_ui_sends_no_decision(codec):
    """Encoding for the UI is refused in words that its origin may read, whoever asks."""
    answer = await codec.ask([READABLE], "/codec/encode", origin=UI, **bearer(OFFICE))
    assert (answer.status_code, answer.json()["code"]) == (403, "encoding-not-offered")
    assert answer.headers["access-control-allow-origin"] == UI
    assert (await codec.http.options("/codec/encode", headers={"origin": UI})).status_code == 204


@pytest.mark.parametrize("fault", ["away", "refusing"])
async def test_nothing_is_readable_that_is_not_noted(codec, database, fault):
    """While the database is away or takes no note, the answer is 503 and holds no payload."""
    gateway = codec.gateway
    if fault == "refusing":
        await codec.rows.execute("REVOKE INSERT ON iehe.decodings FROM iehe_office")
    else:
        away = await asyncpg.create_pool("postgresql://office@127.0.0.1:1/iehe", min_size=0)
        gateway = replace(gateway, pool=away)
    async with asked(gateway) as http:
        asker = replace(codec, http=http)
        http.cookies.update(codec.http.cookies)
        answer = await asker.ask([codec.sealed()], origin=UI)
        untouched = await asker.ask([READABLE])

    assert (answer.status_code, answer.json()["code"]) == (503, "database-unreachable")
    assert "payloads" not in answer.json()
    assert answer.headers["access-control-allow-origin"] == UI
    assert "retry-after" in answer.headers
    # with the database away nobody knows any more who is on the staff
    assert (untouched.status_code, untouched.json().get("payloads")) == (
        (200, [READABLE]) if fault == "refusing" else (503, None)
    )
    assert await codec.noted() == []


async def test_browsers_of_one_origin(codec):
    """The UI's origin gets its headers, on refusals too; every other is refused without any; none is fine."""
    for path in (PATH, "/codec/encode"):
        asked = {
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type,x-namespace",
        }
        answer = await codec.http.options(path, headers={"origin": UI} | asked)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == UI
        assert answer.headers["access-control-allow-methods"] == "POST"
        allowed = answer.headers["access-control-allow-headers"].replace(" ", "").split(",")
        assert {"authorization", "authorization-extras", "content-type", "x-namespace"} == set(allowed)
        assert answer.headers["vary"] == "Origin"
    for origin in (f"{UI}0", f"{UI}/", UI.upper(), "null", "", "*", "http://evil.example", "http://door"):
        for answer in (
            await codec.http.options(PATH, headers={"origin": origin}),
            await codec.ask([codec.sealed()], origin=origin),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "origin-not-allowed"), origin
            assert not [name for name in answer.headers if name.startswith("access-control")]
            assert answer.headers["vary"] == "Origin"
    assert await codec.noted() == []

    shown = await codec.ask([codec.sealed()], origin=UI)
    plain = await codec.ask([codec.sealed()])
    codec.http.cookies.clear()
    refused = await codec.ask([codec.sealed()], origin=UI)
    assert [each.status_code for each in (shown, refused, plain)] == [200, 401, 200]
    assert {each.headers["access-control-allow-origin"] for each in (shown, refused)} == {UI}
    assert "access-control-allow-origin" not in plain.headers
    assert {each.headers["vary"] for each in (shown, refused, plain)} == {"Origin"}
    assert [each.headers.get("access-control-allow-credentials") for each in (shown, refused, plain)] == [
        "true",
        "true",
        None,
    ]


@pytest.mark.parametrize("namespace", [None, "", "elsewhere", "Default"])
async def test_one_namespace(codec, namespace):
    """A request for another Temporal namespace, or for none, is refused."""
    answer = await codec.ask([codec.sealed()], x_namespace=namespace)
    assert (answer.status_code, answer.json()["code"]) == (403, "namespace-not-served")
    assert await codec.noted() == []


MALFORMED = (
    *(b"", b"\xff", b"[", b"null", b"[]", b'"x"', b"1", b'{"payloads"', b"[" * 5000, b'{"a":' * 5000),
    *(
        b'{"payloads": %s}' % each
        for each in (b"null", b"1", b'"x"', b"{}", b"[1]", b"[null]", b"[[]]", b'[""]')
    ),
    *(
        b'{"payloads": [{%s}]}' % each
        for each in (
            *(b'"metadata": 1', b'"metadata": []', b'"metadata": {"encoding": 1}', b'"metadata": "x"'),
            *(b'"metadata": {"encoding": null}', b'"metadata": {"encoding": []}', b'"data": NaN'),
            *(
                b'"data": 1',
                b'"data": {}',
                b'"data": ["x"]',
                b'"data": "x"',
                b'"data": 1e999',
                b'"data": "\\ud800"',
            ),
            *(b'"data": "eA==", "data": "eA=="', b'"externalPayloads": 1', b'"externalPayloads": [1]'),
            *(b'"externalPayloads": [{"sizeBytes": "x"}]', b'"metadata": {"a": true}', b'"data": true'),
        )
    ),
    b'{"payloads": [%s]}' % b",".join([b"{}"] * (PAYLOADS_LIMIT + 1)),
)


async def test_what_is_no_payloads(codec):
    """Bodies of another form are 400 by place and code; larger ones 413; nothing of them is repeated."""
    for body in MALFORMED:
        answer = await codec.ask(body)
        assert answer.status_code == 400, body[:80]
        assert answer.json()["faults"]
    assert (await codec.ask(b" " * (BODY_LIMIT + 1))).status_code == 413
    assert (await codec.ask(b'{"payloads": []' + b" " * (BODY_LIMIT - 16) + b"}")).status_code == 200
    assert (await codec.ask(b"{}")).json() == {"payloads": []}
    assert (await codec.http.get(PATH)).status_code == 405


async def test_bodies_with_changed_bytes(codec):
    """A request with any byte changed is readable, unchanged or refused, and never our fault."""
    chance = random.Random(7)  # noqa: S311 - the same bytes each time
    body = json.dumps({"payloads": [codec.sealed(), READABLE]}).encode()
    for _ in range(100):
        changed = bytearray(body)
        for _ in range(chance.choice((1, 1, 3))):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        answer = await codec.ask(bytes(changed))
        assert answer.status_code in (200, 400), bytes(changed)


async def test_session_is_in_no_log(codec):
    """The session's cookie reaches no log line: neither with success nor with any fault."""
    root, stream = logging.getLogger(), io.StringIO()
    before = (root.handlers[:], root.level, sys.unraisablehook)
    cookie = codec.http.cookies["iehe-codec"]
    logs.configure("json", "debug", stream)
    try:
        await codec.ask([codec.sealed()])
        await codec.ask([codec.sealed()], origin="http://evil.example")
        await codec.ask(b"[")
        await codec.ask([], PATH + "x")
        await codec.http.get(PATH)
        await codec.ask([], f"/codec/{cookie}%2Fdecode")
        await codec.sign_in(OFFICE)
        away = asyncpg.create_pool("postgresql://office@127.0.0.1:1/iehe", min_size=0)
        async with asked(replace(codec.gateway, pool=await away)) as http:
            http.cookies.update(codec.http.cookies)
            await replace(codec, http=http).ask([codec.sealed()])
    finally:
        structlog.reset_defaults()
        logging.captureWarnings(False)
        root.handlers[:], root.level, sys.unraisablehook = before
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    routes = [line["route"] for line in lines if line["event"] == "request"]

    assert routes.count("/codec/decode") >= 4
    assert "decoding-not-noted" in {line["event"] for line in lines}
    assert cookie not in stream.getvalue()
    assert "見本" not in stream.getvalue()


async def test_history_readable_in_the_ui_only(institute, codec, temporal):
    """Temporal's own program shows a case's stage through the codec server, and ciphertext without it."""
    case = await institute.apply()
    await case.until_stage("completeness")
    listener = listen("127.0.0.1", 0)
    endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}/codec"
    server = Server(create_app(codec.gateway))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    show = ("workflow", "show", "--workflow-id", case.case_id, "--output", "json")
    try:
        sealed = await shown(temporal.address, *show)
        office = bearer(staff_id_of(Role.ADMISSIONS_OFFICE))["authorization"]
        by_staff = await shown(temporal.address, *show, endpoint=endpoint, token=office)
        reviewer = bearer(staff_id_of(Role.REVIEWER))["authorization"]
        refused = await shown(temporal.address, *show, endpoint=endpoint, token=reviewer)
    finally:
        server.should_exit = True
        await serving

    for text in (sealed, refused):
        assert "completeness" not in text
        assert base64.b64encode(b"binary/encrypted").decode() in text
    assert "completeness" in by_staff
    assert base64.b64encode(b"binary/encrypted").decode() not in by_staff
    noted = await codec.noted()
    assert {(reader, name, was_refused) for reader, name, _, was_refused in noted} == {
        (staff_id_of(Role.ADMISSIONS_OFFICE), "admission", False),
        (staff_id_of(Role.REVIEWER), "admission", True),
    }


async def shown(address: str, *words: str, **codec: str) -> str:
    """What Temporal's command prints, data decoded, without the search attributes, which are plain.

    The token is in the environment, as docs/api.md says: arguments are readable by every account.
    """
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    if codec:
        environment |= {"TEMPORAL_CODEC_ENDPOINT": codec["endpoint"], "TEMPORAL_CODEC_AUTH": codec["token"]}
    process = await asyncio.create_subprocess_exec(
        *(str(temporal_program()), *words, "--address", address),
        "--disable-config-file",
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()

    def readable(value: Any) -> Any:
        if isinstance(value, dict):
            kept = value.keys() - {"searchAttributes", "indexedFields"}
            found = {key: readable(value[key]) for key in kept}
            if "data" in found and "metadata" in found:
                found["data"] = base64.b64decode(value["data"]).decode("utf-8", "replace")
            return found
        return [readable(each) for each in value] if isinstance(value, list) else value

    return json.dumps(readable(json.loads(out)), ensure_ascii=False)
