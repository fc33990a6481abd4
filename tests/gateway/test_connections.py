"""Connections to the door: each state of each ends in time, and no address keeps others from being served."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx2
import pytest

from gateway import connections
from gateway.app import create_app
from gateway.connections import HEADER_BYTES
from gateway.http_server import Server, listen
from gateway.limits import BODY_LIMIT, address
from tests.gateway.test_limits import MEDIA, in_pieces

GET = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
UNREAD = b"POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
"""Answered before its body has come."""


@pytest.fixture
async def door(gateway) -> AsyncIterator[tuple[Server, int]]:
    """The server and its port."""
    listener = listen("127.0.0.1", 0)
    started = asyncio.Event()
    server = Server(create_app(gateway), on_started=started.set, finish_within=0.5)
    serving = asyncio.create_task(server.serve([listener]))
    await started.wait()
    yield server, listener.getsockname()[1]
    server.should_exit = True
    await serving


@pytest.fixture
def server(door) -> int:
    """The port of the door."""
    return door[1]


async def conversation(port: int, *pieces: bytes) -> bytes:
    """All that the server says until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        async with asyncio.timeout(5):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_headers_that_come_too_slowly_are_cut(monkeypatch, server):
    """A connection that says nothing or half a request is closed when its time is over; others go on."""
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.2)
    half = b"POST /events HTTP/1.1\r\nHost: x\r\nX-Slow: "
    silent, slow, served = await asyncio.gather(
        conversation(server),
        conversation(server, half),
        conversation(server, b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
    )
    assert (silent, slow) == (b"", b"")
    assert served.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("many", [False, True])
async def test_headers_have_a_limit(server, many):
    """431 for one long header and for many short ones, without a word of them."""
    lines = [f"X-{n}: canary\r\n".encode() for n in range(4000)] if many else [b"X: canary" * 5000 + b"\r\n"]
    answer = await conversation(server, b"GET /livez HTTP/1.1\r\n" + b"".join(lines) + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 431"), answer
    assert sum(map(len, lines)) > HEADER_BYTES
    assert b"canary" not in answer


async def test_what_is_not_http_gets_a_problem(server):
    """400 as a problem, without a word of what came."""
    answer = await conversation(server, b"CANARY \x16\x03\x01 hello\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert json.loads(body)["code"] == "not-http"
    assert b"CANARY" not in answer


async def test_a_long_body_in_chunks_is_refused_over_a_connection(server):
    """413 arrives at a sender that is still sending."""
    async with httpx2.AsyncClient() as http:
        answer = await http.post(
            f"http://127.0.0.1:{server}/events", content=in_pieces(2 * BODY_LIMIT), headers=MEDIA
        )
    assert answer.status_code == 413


def test_a_port_is_listened_on_once():
    """The second one is told at once, and leaves nothing open."""
    with listen("127.0.0.1", 0) as first, pytest.raises(OSError, match="in use"):
        listen(*first.getsockname())
    with socket.socket() as again:
        again.bind(("127.0.0.1", 0))


async def dialogue(port: int, *pieces: bytes) -> list[bytes]:
    """The answer to each piece, and what the connection ends with."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = []
    try:
        async with asyncio.timeout(5):
            for piece in pieces:
                writer.write(piece)
                answers.append(await answer_from(reader))
            return [*answers, await reader.read()]
    except ConnectionError:
        return answers
    finally:
        writer.close()


async def answer_from(reader: asyncio.StreamReader) -> bytes:
    """One answer, head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    return head + await reader.readexactly(int(length.partition(b":")[2]))


def problem_in(answer: bytes) -> str:
    """The code of a problem; whatever else comes fails."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower(), answer
    return json.loads(body)["code"]


async def test_a_request_answered_before_its_body_is_closed(monkeypatch, server):
    """Nothing and a trickle of the body end alike; a body that comes in time leaves the connection open."""
    monkeypatch.setattr(connections, "REST_SECONDS", 0.3)
    monkeypatch.setattr(connections, "KEEP_ALIVE_SECONDS", 0.5)
    silent, more = await asyncio.gather(dialogue(server, UNREAD), dialogue(server, UNREAD, b"x" * 100 + GET))
    assert (problem_in(silent[0]), silent[1]) == ("not-found", b"")
    assert more[1].startswith(b"HTTP/1.1 200")

    reader, writer = await asyncio.open_connection("127.0.0.1", server)
    writer.write(UNREAD)
    await answer_from(reader)

    reading = asyncio.create_task(reader.read())
    async with asyncio.timeout(1.5):
        while not reading.done():
            writer.write(b"x")
            await asyncio.wait([reading], timeout=0.02)
    await asyncio.gather(reading, return_exceptions=True)
    writer.close()


@pytest.mark.parametrize("between", [b"", b"\r\n", b"GET /livez HTTP"])
async def test_a_kept_connection_ends_when_no_request_comes(monkeypatch, server, between):
    """Whatever comes between two requests, an empty line or half a head, is no reason to wait for ever."""
    monkeypatch.setattr(connections, "KEEP_ALIVE_SECONDS", 0.2)
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", server)
    writer.write(GET)
    assert (await answer_from(reader)).startswith(b"HTTP/1.1 200")
    writer.write(between)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()


async def test_an_answer_that_nobody_takes_ends(monkeypatch, door, eventually):
    """A peer that asks on and on and never reads is cut, although there is something left to be sent."""
    monkeypatch.setattr(connections, "ANSWER_SECONDS", 0.5)
    server, port = door
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
    reader._transport.pause_reading()  # type: ignore[attr-defined]
    many = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 400
    writer.write(many)
    await eventually(lambda: len(server.server_state.connections) == 1)
    await eventually(lambda: not server.server_state.connections)
    writer.transport.abort()


async def test_small_answers_are_sent_at_once(door, eventually):
    """TCP_NODELAY is set on what is accepted: an answer does not wait 40 ms for the peer's receipt."""
    server, port = door
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    await eventually(lambda: server.server_state.connections)
    (connection,) = server.server_state.connections
    accepted = connection.transport.get_extra_info("socket")
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    writer.close()


async def test_one_address_does_not_shut_the_door(monkeypatch, door, eventually):
    """It has all its connections and the spare ones too: probes are answered, the rest gets a problem."""
    monkeypatch.setattr(connections, "PER_ADDRESS", 5)
    monkeypatch.setattr(connections, "SPARE", 3)
    server, port = door
    async with AsyncExitStack() as stack:
        for _ in range(20):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            stack.callback(writer.close)
        await eventually(lambda: len(server.server_state.connections) == 8)
        for path in (b"/livez", b"/readyz?x"):
            answered, end = await dialogue(port, GET.replace(b"/livez", path))
            assert answered.startswith(b"HTTP/1.1 200"), answered
            assert b"connection: close" in answered.lower()
            assert end == b""
        refused, end = await dialogue(port, GET.replace(b"/livez", b"/openapi.json"))
        assert refused.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 5" in refused.lower()
        assert (problem_in(refused), end) == ("too-many-connections", b"")
    await eventually(lambda: not server.server_state.connections)
    assert (await conversation(port, GET.replace(b"Host", b"Connection: close\r\nHost"))).startswith(
        b"HTTP/1.1 200"
    )


async def test_a_full_house_answers_its_probes(monkeypatch, server):
    """The same when all addresses together have all connections."""
    monkeypatch.setattr(connections, "CONNECTIONS", 0)
    assert (await dialogue(server, GET))[0].startswith(b"HTTP/1.1 200")
    assert problem_in((await dialogue(server, UNREAD))[0]) == "too-many-connections"


def test_what_one_address_is():
    """An IPv6 network counts as one, and an IPv4 address as itself however it is written."""
    assert address("2001:db8::1") == address("2001:db8::ffff:1") != address("2001:db8:0:1::1")
    assert address("::ffff:192.0.2.1") == address("192.0.2.1") != address("192.0.2.2")
    assert address("testclient") == "testclient"


async def test_what_is_under_way_at_the_end_gets_a_problem(gateway):
    """A request that takes longer than the gateway may: 503 and not a bare 500."""
    app = create_app(gateway)
    waits = asyncio.Event()

    async def endless(_: object) -> None:
        waits.set()
        await asyncio.Event().wait()

    app.add_route("/endless", endless)
    listener = listen("127.0.0.1", 0)
    server = Server(app, finish_within=0.2)
    serving = asyncio.create_task(server.serve([listener]))
    answering = asyncio.create_task(dialogue(listener.getsockname()[1], GET.replace(b"/livez", b"/endless")))
    await waits.wait()
    server.should_exit = True
    assert problem_in((await answering)[0]) == "stopping"
    await serving
