"""What a sender may cost: long and slow bodies, headers, requests a minute; all before any cryptography."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx2
import pytest
from starlette.requests import Request

from encryption.source_secrets import seal
from gateway import events, outermost, sources
from gateway.limits import BODY_LIMIT, READING_AT_ONCE, REFUSED_PER_MINUTE, read_body
from gateway.problems import Problem
from tests.gateway.conftest import SECRET, TYPE, URI, SigningPortal

MEDIA = {"content-type": "application/cloudevents+json"}


def event(source: str = URI) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": uuid4().hex,
        "source": source,
        "type": TYPE + "document-received",
        "subject": "A27-0001",
        "data": {"item": "transcript"},
    }


@pytest.fixture
def verified(monkeypatch) -> list[int]:
    """One entry for each signature that was computed."""
    calls: list[int] = []

    def counted(*given):
        calls.append(1)
        return sources_verify(*given)

    sources_verify = sources.verify
    monkeypatch.setattr(sources, "verify", counted)
    return calls


@pytest.fixture
async def slow_source(portal, ring) -> str:
    """A source that may send three events a minute."""
    uri = "urn:example:slow"
    await portal.rows.execute(
        "INSERT INTO iehe.sources (name, uri, types, per_minute) VALUES ('slow', $1, $2, 3)",
        uri,
        [TYPE + "document-received"],
    )
    await portal.rows.execute(
        "INSERT INTO iehe.source_keys (key_id, source, kind, sealed) VALUES ('slow-1', 'slow', 'v1', $1)",
        seal(ring, "slow-1", "slow", SECRET),
    )
    return uri


async def in_pieces(size: int, piece: int = 16_384) -> AsyncIterator[bytes]:
    for _ in range(0, size, piece):
        yield b" " * piece


@pytest.mark.parametrize("declared", [None, "10", str(BODY_LIMIT + 1)])
async def test_a_long_body_is_refused_whatever_its_length_is_said_to_be(portal, verified, declared):
    """Counted as it comes: without a length, with a short one that lies, and with a true one."""
    headers = MEDIA | ({"content-length": declared} if declared else {})
    answer = await portal.http.post("/events", content=in_pieces(BODY_LIMIT + 1), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
    assert answer.headers["connection"] == "close"
    assert verified == []


async def test_a_body_of_the_very_limit_is_read(portal):
    """The limit is what is still taken."""
    answer = await portal.http.post("/events", content=in_pieces(BODY_LIMIT), headers=MEDIA)
    assert answer.status_code == 400


async def test_a_body_that_does_not_come_ends_its_request():
    """408 when the time is over, however little was to come."""

    async def never() -> dict[str, object]:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(Problem) as refused:
        await read_body(Request({"type": "http", "method": "POST", "headers": []}, never), seconds=0.05)
    assert (refused.value.status, refused.value.headers) == (408, {"Connection": "close"})


async def test_one_source_too_many_a_minute(portal, slow_source):
    """429 with Retry-After; what was taken before stays."""
    answers = [await portal.send(event(slow_source)) for _ in range(12)]
    codes = [answer.status_code for answer in answers]
    # the window slides: if a minute ends just now, a few more than three are taken
    assert codes[:3] == [202, 202, 202]
    assert set(codes[3:]) <= {202, 429}
    assert codes.count(429) >= 6
    for answer in answers:
        if answer.status_code == 429:
            assert 1 <= int(answer.headers["retry-after"]) <= 60
            assert answer.json()["code"] == "too-many-requests"
    assert codes.count(202) == await portal.stored()


async def test_unsigned_batches_do_not_use_a_source_up(portal, slow_source):
    """Before its signature a request counts once, however many events it says to hold."""
    batch = json.dumps([event(slow_source) for _ in range(100)]).encode()
    media = {"content-type": "application/cloudevents-batch+json"}
    assert (await portal.http.post("/events", content=batch, headers=media)).status_code == 401
    assert (await portal.send(event(slow_source))).status_code == 202


async def test_more_events_than_a_source_may_send(portal, slow_source):
    """After its signature a batch counts as the events that it holds."""
    batch = [event(slow_source) for _ in range(3)]
    first, second = [await portal.send(batch, "cloudevents-batch+json") for _ in range(2)]
    assert (first.status_code, second.json().get("code")) == (202, "too-many-requests"), second.text


async def test_the_flood_of_one_source_does_not_hold_up_another(portal, slow_source):
    """Beside 200 refused posts of one source every event of another is taken."""

    async def flood() -> list[int]:
        sent = (portal.send(event(slow_source)) for _ in range(200))
        return [answer.status_code for answer in await asyncio.gather(*sent)]

    flooding = asyncio.create_task(flood())
    others = [await portal.send(event()) for _ in range(20)]
    assert [answer.status_code for answer in others] == [202] * 20
    assert (await flooding).count(429) >= 190


async def test_the_429_does_not_tell_which_sources_exist(portal, slow_source):
    """Unsigned requests in the name of two sources and of nobody: the same answers, and as many of them."""
    told = []
    for number, named in enumerate((URI, slow_source, "urn:nobody", "x" * 500)):
        transport = httpx2.ASGITransport(portal.http._transport.app, client=(f"192.0.2.{number}", 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://door") as http:
            body = json.dumps(event(named)).encode()
            answers = [
                await http.post("/events", content=body, headers=MEDIA) for _ in range(2 * REFUSED_PER_MINUTE)
            ]
        codes = [answer.status_code for answer in answers]
        assert codes[:REFUSED_PER_MINUTE] == [401] * REFUSED_PER_MINUTE
        # the window slides: when a minute ends just now, a few more are let through to their 401
        assert codes.count(429) >= REFUSED_PER_MINUTE // 2
        assert 1 <= int(answers[codes.index(429)].headers["retry-after"]) <= 60
        told.append({(answer.status_code, answer.json()["code"]) for answer in answers})
    assert all(each == told[0] for each in told)


async def test_what_is_not_a_sources_does_not_use_it_up(portal, slow_source):
    """Beside a flood of badly signed requests in its name, from its own address, it sends all it may."""
    body = json.dumps(event(slow_source)).encode()
    signature = {"webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,AAAA"}
    bad = MEDIA | {"webhook-id": "m"} | signature
    for headers in (MEDIA, bad) * REFUSED_PER_MINUTE:
        answer = await portal.http.post("/events", content=body, headers=headers)
        assert answer.status_code in {401, 429}
    assert answer.status_code == 429
    assert [(await portal.send(event(slow_source))).status_code for _ in range(3)] == [202] * 3


async def test_a_name_that_nobody_can_have_is_not_remembered(portal, door):
    """A source of 100 000 letters is a stranger and takes no memory after its answer."""
    assert (await portal.send(event("u" * 100_000))).status_code == 401
    state = door._transport.app.state
    assert all(len(uri) <= 128 for uri in state.event_door.sources._cache)


async def test_only_the_two_probes_pass_a_full_house(door, monkeypatch):
    """Another path that ends as they do is asked to come again."""
    monkeypatch.setattr(outermost, "AT_ONCE", 0)
    assert (await door.get("/livez")).status_code == 200
    assert (await door.get("/readyz")).status_code == 200
    for path in ("/xyz", "/events", "/cases"):
        answer = await door.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "too-many-at-once")


async def test_one_address_holds_so_many_trickling_bodies(portal, eventually):
    """One more is asked to come again; from another address and after the bodies have come all are taken."""
    come, waiting = asyncio.Event(), []

    async def trickling() -> AsyncIterator[bytes]:
        waiting.append(1)
        await come.wait()
        yield b"{}"

    async def all_wait() -> bool:
        return len(waiting) == READING_AT_ONCE

    slow = [
        asyncio.create_task(portal.http.post("/events", content=trickling(), headers=MEDIA))
        for _ in range(READING_AT_ONCE)
    ]
    await eventually(all_wait)
    refused = await portal.send(event())
    assert (refused.status_code, refused.json()["code"]) == (503, "too-many-at-once")
    assert (refused.headers["retry-after"], refused.headers["connection"]) == ("1", "close")
    transport = httpx2.ASGITransport(portal.http._transport.app, client=("192.0.2.1", 1))
    async with httpx2.AsyncClient(transport=transport, base_url="http://door") as http:
        assert (await SigningPortal(http, portal.rows).send(event())).status_code == 202
    come.set()
    assert {answer.status_code for answer in await asyncio.gather(*slow)} == {400}
    assert (await portal.send(event())).status_code == 202


async def test_an_address_is_counted_before_its_body_is_read(portal, monkeypatch):
    """429 while the body is still to come."""
    monkeypatch.setattr(events, "PEER_PER_MINUTE", 1)

    async def never() -> AsyncIterator[bytes]:
        await asyncio.Event().wait()
        yield b""

    assert (await portal.send(event())).status_code == 202
    async with asyncio.timeout(5):
        answer = await portal.http.post("/events", content=never(), headers=MEDIA)
    assert answer.status_code == 429
