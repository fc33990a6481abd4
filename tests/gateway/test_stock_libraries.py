"""The stock libraries of CloudEvents and Standard Webhooks, used as their own pages show it."""

import base64
from datetime import UTC, datetime
from urllib.parse import unquote

import httpx2
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from standardwebhooks.webhooks import Webhook

from gateway.event_modes import attributes_id
from tests.gateway.conftest import SECRET, TYPE, URI, SigningPortal


def built(**more: str) -> CloudEvent:
    """The same fact, as a sender's program makes an event of it at each try."""
    attributes = {"id": "fee-1", "source": URI, "type": TYPE + "fee-paid", "subject": "A2027-000001"}
    return CloudEvent(attributes | more, {})


async def send(portal: SigningPortal, message: HTTPMessage, message_id: str) -> httpx2.Response:
    now = datetime.now(UTC)
    signature = Webhook(base64.b64encode(SECRET).decode()).sign(message_id, now, message.body.decode())
    shown = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    return await portal.http.post("/events", content=message.body, headers={**message.headers, **shown})


async def test_an_event_that_is_built_again_is_the_same(portal):
    """The library sets another time at each try; the fact is stored once, and no 409 sends it anew."""
    first, second = built(), built()
    assert first.get_time() != second.get_time()
    answers = [
        await send(portal, to_structured_event(each, JSONFormat()), f"msg_{number}")
        for number, each in enumerate((first, second))
    ]
    assert [answer.status_code for answer in answers] == [202, 200], [answer.text for answer in answers]
    assert answers[1].json()["differs"] == ["time"]
    assert await portal.stored() == 1


async def test_binary_mode_needs_an_id_of_the_attributes(portal):
    """With an id of the sender's choice it is refused; with that of its headers it is taken."""
    untyped = await send(portal, to_binary_event(built(), JSONFormat()), "msg_1")
    assert untyped.status_code == 415  # the library sends no media type that its user has not set
    message = to_binary_event(built(datacontenttype="application/json"), JSONFormat())
    refused = await send(portal, message, "msg_1")
    assert (refused.status_code, refused.json()["code"]) == (401, "attributes-not-signed")
    assert "structured mode unless you must" in refused.json()["message"]["en"]
    headers = {name: unquote(value) for name, value in message.headers.items()}
    said = {name.removeprefix("ce-"): value for name, value in headers.items() if name.startswith("ce-")}
    taken = await send(portal, message, attributes_id(said))
    assert taken.status_code == 202, taken.text
