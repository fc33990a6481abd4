"""`iehe events send` against a gateway on a real port: signed, repeated, and nothing told of a secret."""

import asyncio
import base64
import json
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.client import Client

from activities.kernel.database import open_pool
from cli.session import Exit
from encryption.source_secrets import seal
from gateway.cloudevents import EVENT_TYPES
from gateway.context import Gateway
from tests.cli.program import Ended, Program, clean_environment
from tests.gateway.served import served

PAYMENTS, PORTAL = "urn:example:payments", "urn:example:portal"
FEE_PAID = "jp.ac.iehe.admission-review.fee-paid"
CASE = "A2027-000001"
ADD_SOURCE = "INSERT INTO iehe.sources (name, uri, types, per_minute) VALUES ($1, $2, $3, 6000)"
ADD_KEY = "INSERT INTO iehe.source_keys (key_id, source, kind, sealed, public) VALUES ($1, $2, $3, $4, $5)"


@pytest.fixture
async def rows(database) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database.url("owner"), size=2)
    yield pool
    await pool.close()


@pytest.fixture
async def gateway(database, ring) -> AsyncIterator[Gateway]:
    """A gateway whose Temporal is away: events are stored all the same."""
    pool = await open_pool(database.url("office"), size=4)
    away = await Client.connect("127.0.0.1:1", lazy=True)
    yield Gateway(pool, away, ring, None, "http://gateway", "http://ui")
    await pool.close()


@pytest.fixture
async def keys(rows, ring, tmp_path) -> dict[str, Path]:
    """Two registered sources; the files with their keys."""
    shared, private = secrets.token_bytes(32), Ed25519PrivateKey.generate()
    everything = [name for name, (_, kind) in EVENT_TYPES.items() if not kind.between_cases]
    sealed, public = seal(ring, "k1", "payments", shared), private.public_key().public_bytes_raw()
    await rows.execute(ADD_SOURCE, "payments", PAYMENTS, everything)
    await rows.execute(ADD_SOURCE, "portal", PORTAL, [FEE_PAID])
    await rows.execute(ADD_KEY, "k1", "payments", "v1", sealed, None)
    await rows.execute(ADD_KEY, "k2", "portal", "v1a", None, public)
    files = {"v1": tmp_path / "shared.key", "v1a": tmp_path / "private.key"}
    files["v1"].write_text(_text("whsec_", shared) + "\n")
    files["v1a"].write_text(_text("whsk_", private.private_bytes_raw()) + "\n")
    return files


@pytest.fixture
def iehe(tmp_path) -> Program:
    return Program(clean_environment(IEHE_HOME=tmp_path / "home", IEHE_LANGUAGE="en"))


def _text(prefix: str, material: bytes) -> str:
    return prefix + base64.b64encode(material).decode("ascii")


async def _stored(rows: asyncpg.Pool) -> list[tuple[Any, ...]]:
    found = await rows.fetch("SELECT id, case_id FROM iehe.events ORDER BY id")
    return [tuple(each) for each in found]


async def test_every_way_of_sending(gateway, keys, iehe, rows, tmp_path) -> None:
    """Structured, binary, a batch and a key pair: all are stored, with where to look for each."""
    lines = [{"id": f"b-{n:03}", "type": FEE_PAID, "subject": f"A2027-1{n:05}"} for n in range(130)]
    batch = tmp_path / "events.jsonl"
    batch.write_text("\n".join(map(json.dumps, lines)))
    async with served(gateway) as url:
        shared = ("--source", PAYMENTS, "--url", url, "--secret-file", keys["v1"])
        pair = ("--source", PORTAL, "--url", url, "--secret-file", keys["v1a"])
        send = ("events", "send")
        item = ("document-received", CASE, "item=transcript")
        ends = await asyncio.gather(
            iehe(*send, *item, *shared, "--id", "s-1", "--at", "2026-11-24 02:00"),
            iehe(*send, *item, *shared, "--id", "s-2.1:", "--mode", "binary", "--json"),
            iehe(*send, FEE_PAID, CASE, *pair, "--id", "p-1", "--json"),
            iehe(*send, *shared, "--batch", batch, "--json"),
        )
    human, binary, signed, many = ends

    assert [ended.code for ended in ends] == [Exit.OK] * 4, ends
    assert human.out == f"202 stored: {url}/events?source={PAYMENTS}&id=s-1\n"
    assert [each["location"] for each in binary.json["requests"][0]["events"]] == [
        f"{url}/events?source={PAYMENTS}&id=s-2.1:"
    ]
    assert signed.json["requests"][0]["status"] == 202
    assert [len(each["events"]) for each in many.json["requests"]] == [100, 30]
    assert len(await _stored(rows)) == 133
    envelope = json.loads(await rows.fetchval("SELECT envelope FROM iehe.events WHERE id = 's-1'"))
    assert (envelope["occurred_at"], envelope["data"]) == ("2026-11-23T17:00:00Z", {"item": "transcript"})


async def test_the_same_id_counts_once(gateway, keys, iehe, rows) -> None:
    """Sent again in another mode it is known; with another content it is refused."""
    async with served(gateway) as url:
        fixed = ("--source", PAYMENTS, "--url", url, "--secret-file", keys["v1"], "--id", "once", "--json")
        first = await iehe("events", "send", "fee-paid", CASE, *fixed)
        again = await iehe("events", "send", "fee-paid", CASE, *fixed, "--mode", "binary")
        other = await iehe("events", "send", "fee-paid", "A2027-000002", *fixed)

    assert (first.code, first.json["requests"][0]["status"]) == (Exit.OK, 202)
    assert (again.code, again.json["requests"][0]["status"]) == (Exit.OK, 200)
    assert (other.code, other.json["error"]["status"]) == (Exit.REFUSED, 409)
    assert await _stored(rows) == [("once", f"admission/{CASE}")]


async def test_refusals_are_told_without_secrets(gateway, keys, iehe, rows, tmp_path) -> None:
    """A wrong key, a type that may not be sent, a faulty event and faulty words each end with their code."""
    wrong = _text("whsec_", secrets.token_bytes(32))
    faulty = tmp_path / "faulty.jsonl"
    faulty.write_text(
        json.dumps({"id": "f-1", "type": FEE_PAID, "subject": CASE, "data": {"secret-name": "標印"}})
    )
    async with served(gateway) as url:
        send = ("events", "send", "fee-paid", CASE, "--url", url)
        ends = await asyncio.gather(
            iehe(*send, "--source", PAYMENTS, IEHE_SOURCE_SECRET=wrong),
            iehe(*send, "--source", PAYMENTS, IEHE_SOURCE_SECRET="whsec_not-a-key"),
            iehe("events", "send", "fee-refunded", CASE, "--url", url, *_by(PORTAL, keys["v1a"])),
            iehe("events", "send", "--batch", faulty, "--url", url, *_by(PAYMENTS, keys["v1"])),
            iehe(*send, *_by(PAYMENTS, keys["v1"]), "amount=35000"),
            iehe(*send, "--source", PAYMENTS),
            iehe(*send, *_by(PAYMENTS, keys["v1"]), IEHE_LANGUAGE="ja", IEHE_SOURCE_SECRET=wrong),
        )
    unsigned, malformed, not_allowed, invalid, words, nothing, _japanese = ends

    told = "".join(ended.out + ended.err for ended in ends)
    assert (unsigned.code, malformed.code) == (Exit.NOT_ALLOWED, Exit.USAGE)
    assert (not_allowed.code, "may not send" in not_allowed.err) == (Exit.NOT_ALLOWED, True)
    assert (invalid.code, "/0/data" in invalid.err) == (Exit.REFUSED, True)
    assert (words.code, nothing.code) == (Exit.USAGE, Exit.USAGE)
    assert not [each for each in (wrong, wrong[6:], "not-a-key", "標印") if each in told]
    assert [each[1] for each in await _stored(rows)] == [f"admission/{CASE}"]


async def test_a_gateway_that_comes_late(gateway, keys, iehe, rows) -> None:
    """A broken connection and a 503 are waited out, the latter as long as it asks; it is stored once."""
    came: list[float] = []
    both = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(time.monotonic())
        if len(came) > 1:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 503 Away\r\nretry-after: 2\r\ncontent-length: 0\r\n")
            writer.write(b"connection: close\r\n\r\n")
            await writer.drain()
            both.set()
        writer.close()

    early = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = early.sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    sending = asyncio.create_task(
        iehe("events", "send", "fee-paid", CASE, "--url", url, *_by(PAYMENTS, keys["v1"]), "--json")
    )
    await asyncio.wait_for(both.wait(), 20)
    early.close()
    async with served(gateway, port):
        ended: Ended = await sending
        waited = time.monotonic() - came[1]

    assert ended.code == Exit.OK, ended
    assert ended.json["requests"][0] | {"events": []} == {"status": 202, "tries": 3, "events": []}
    assert waited >= 2
    assert len(await _stored(rows)) == 1


async def test_no_gateway_at_all(keys, iehe) -> None:
    """It gives up after as many tries as told, and says under which id to send it again."""
    url = "http://127.0.0.1:1"
    send = ("events", "send", "fee-paid", CASE, "--url", url, *_by(PAYMENTS, keys["v1"]))
    ended, in_japanese = await asyncio.gather(
        iehe(*send, "--tries", 2, "--id", "late-1", "--json"),
        iehe(*send, "--tries", 1, "--id", "late-2", IEHE_LANGUAGE="ja"),
    )

    assert ended.code == in_japanese.code == Exit.UNAVAILABLE
    assert (ended.json["error"]["ids"], ended.json["error"]["tries"]) == (["late-1"], 2)
    assert "再送" in in_japanese.err
    assert "late-2" in in_japanese.err


def _by(source: str, key: Path) -> tuple[object, ...]:
    return ("--source", source, "--secret-file", key)
