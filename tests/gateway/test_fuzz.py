"""Whatever is sent: never an error of ours, and never a word of it in a refusal."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import quote

import httpx2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.event_modes import attributes_id
from tests.gateway.conftest import SECRET, TYPE, URI

EXAMPLES = settings(
    max_examples=300,
    deadline=None,
    database=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
MEDIA = ("application/cloudevents+json", "application/cloudevents-batch+json", "application/json")
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e-1",
    "source": URI,
    "type": TYPE + "document-received",
    "subject": "A27-0001",
    "time": "2027-01-15T09:30:00+09:00",
    "data": {"item": "transcript", "reference": "r-1"},
}

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from([*EVENT, "traceparent", "data_base64"]) | st.text(max_size=24)
mutated = st.builds(
    lambda changes, removed: {k: v for k, v in (EVENT | changes).items() if k not in removed},
    st.dictionaries(names, values, max_size=2),
    st.sets(st.sampled_from(list(EVENT)), max_size=1),
)
members = st.sampled_from(["item", "reference", "answer"]) | st.text(max_size=12)
other_data = st.builds(
    lambda kind, data: EVENT | {"type": TYPE + kind, "data": data},
    st.sampled_from(["document-received", "fee-paid", "offer-answered"]),
    st.dictionaries(
        st.sampled_from(["item", "reference", "answer"]) | st.text(max_size=12), values, max_size=3
    ),
)


async def post(
    http: httpx2.AsyncClient,
    body: bytes,
    media: str,
    message_id: str = "msg-1",
    more: list[tuple[bytes, bytes]] | None = None,
) -> httpx2.Response:
    """Any bytes, signed by the portal, so that they are refused for what they are."""
    now = str(int(time.time()))
    mac = hmac.digest(SECRET, b".".join((message_id.encode(), now.encode(), body)), hashlib.sha256)
    return await http.post(
        "/events",
        content=body,
        headers=[
            (b"content-type", media.encode()),
            (b"webhook-id", message_id.encode()),
            (b"webhook-timestamp", now.encode()),
            (b"webhook-signature", b"v1," + base64.b64encode(mac)),
            *(more or []),
        ],
    )


def is_an_answer(answer: httpx2.Response) -> None:
    """Taken, or a problem that says what is wrong; nothing in between."""
    if answer.is_success:
        assert answer.status_code in {200, 202}
        return
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"]


def mutations(whole: bytes) -> st.SearchStrategy[bytes]:
    """The bytes with a piece of them replaced by others."""
    places = st.integers(0, len(whole))
    return st.builds(
        lambda at, length, piece: whole[:at] + piece + whole[at + length :],
        places,
        st.integers(0, 8),
        st.binary(max_size=8),
    )


@EXAMPLES
@given(body=st.binary(max_size=200) | mutations(json.dumps(EVENT).encode()), media=st.sampled_from(MEDIA))
async def test_any_bytes_get_an_answer(portal, body, media):
    """Bytes without sense, and events with a few wrong ones, in every mode."""
    is_an_answer(await post(portal.http, body, media, more=[(b"ce-source", URI.encode())]))


@EXAMPLES
@given(event=mutated | other_data, batch=st.booleans())
async def test_any_value_gets_an_answer(portal, event, batch):
    """Attributes and data of any type and size."""
    body = json.dumps([EVENT | {"id": "first"}, event] if batch else event).encode()
    is_an_answer(await post(portal.http, body, MEDIA[1] if batch else MEDIA[0]))


header_names = st.sampled_from([*EVENT, "traceparent"]) | st.text("abcXYZ019-_", max_size=24)
header_values = st.binary(max_size=30).filter(lambda raw: b"\r" not in raw and b"\n" not in raw)


@EXAMPLES
@given(changes=st.dictionaries(header_names, header_values, max_size=3), body=values)
async def test_any_headers_get_an_answer(portal, changes, body):
    """Headers of binary mode with any bytes that HTTP lets through."""
    attributes = {name: quote(value) for name, value in EVENT.items() if name != "data"}
    sent = {name: value.encode() for name, value in attributes.items()} | changes
    headers = [(f"ce-{name}".encode(), value) for name, value in sent.items()]
    message_id = attributes_id({name: str(value) for name, value in EVENT.items() if name != "data"})
    is_an_answer(await post(portal.http, json.dumps(body).encode(), MEDIA[2], message_id, headers))


canaries = st.text("0123456789abcdef", min_size=12, max_size=24).map(lambda text: f"canary-{text}")
places = st.sampled_from([*EVENT, "traceparent", "item", "reference", "name", "webhook-id"])
shapes = st.sampled_from(["{}", " {}", "山田 {}", "{}\0", "{}\n", '{}"', "%41{}", "<b>{}", "A27-{}/.."])
kinds = st.sampled_from(["text", "list", "object", "member"])


@EXAMPLES
@given(canary=canaries, place=places, shape=shapes, kind=kinds, mode=st.sampled_from(MEDIA))
async def test_a_refusal_repeats_nothing_that_was_sent(portal, canary, place, shape, kind, mode):
    """A value in any place, in every mode, comes back in no refusal: it may be a person's name."""
    text = shape.format(canary)
    content: Any = {"text": text, "list": [text], "object": {"a": text}, "member": {f"の {text}": 1}}[kind]
    event = {**EVENT, "id": "e-canary", "data": dict(EVENT["data"])}
    if place in {"item", "reference", "name"}:
        event["data"][place] = content
    elif place != "webhook-id":
        event[place] = content
    message_id = canary if place == "webhook-id" else "msg-1"
    headers: list[tuple[bytes, bytes]] = []
    body: Any = [event] if mode == MEDIA[1] else event
    if mode == MEDIA[2]:
        body = event.pop("data")
        written = {name: quote(str(value)) for name, value in event.items()}
        headers = [(f"ce-{name}".encode(), value.encode()) for name, value in written.items()]
        if place != "webhook-id":
            message_id = attributes_id({name: str(value) for name, value in event.items()})
    answer = await post(portal.http, json.dumps(body).encode(), mode, message_id, headers)
    is_an_answer(answer)
    if not answer.is_success:
        told = answer.text + repr(answer.headers)
        assert canary not in told
