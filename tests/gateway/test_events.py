"""The event door: what is stored, what is refused, and that a refusal changes nothing."""

import asyncio
import json
from dataclasses import replace
from urllib.parse import quote

import httpx2
import pytest

from activities.kernel.database import open_pool
from activities.kernel.queries import queries
from gateway.app import create_app
from gateway.event_modes import attributes_id
from tests.gateway.conftest import TYPE, URI, SigningPortal


def event(event_id: str = "e-1", **changes: object) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": URI,
        "type": TYPE + "document-received",
        "subject": "A27-0001",
        "data": {"item": "transcript"},
    } | changes


async def test_an_event_is_stored_once_whatever_its_mode(portal):
    """Structured, batch and binary mode give one row; the first answer is 202, the others 200."""
    first = await portal.send(event())
    assert first.status_code == 202, first.text
    assert first.headers["location"] == f"/events?source={URI}&id=e-1"
    again = await portal.send([event()], "cloudevents-batch+json")
    assert (again.status_code, again.json()[0]["status"]) == (200, "duplicate")
    attributes = {name: str(value) for name, value in event().items() if name != "data"}
    headers = in_headers(attributes)
    binary = await portal.send(
        {"item": "transcript"}, "json", webhook_id=attributes_id(attributes), **headers
    )
    assert binary.status_code == 200, binary.text
    moved = headers | {"ce-subject": "A27-0002"}
    unsigned = await portal.send(
        {"item": "transcript"}, "json", webhook_id=attributes_id(attributes), **moved
    )
    assert (unsigned.status_code, unsigned.json()["code"]) == (401, "attributes-not-signed")
    assert await portal.stored() == 1


def in_headers(attributes: dict[str, str]) -> dict[str, str]:
    return {f"ce-{name}": quote(value) for name, value in attributes.items()}


async def test_no_attribute_of_a_signed_binary_message_swallows_the_next(portal):
    """An encoded newline, or a quotation mark, in a value does not stand for the attribute behind it."""
    said = {name: str(value) for name, value in event(tag="1", time="2027-01-15T00:30:00Z").items()}
    del said["data"]
    signed = attributes_id(said)
    for swallowed in (f"1\ntime:{said['time']}", f'1","time":"{said["time"]}'):
        altered = in_headers({name: said[name] for name in said if name != "time"} | {"tag": swallowed})
        answer = await portal.send({"item": "transcript"}, "json", webhook_id=signed, **altered)
        assert answer.status_code in {400, 401}, answer.text
    assert await portal.stored() == 0
    taken = await portal.send({"item": "transcript"}, "json", webhook_id=signed, **in_headers(said))
    assert taken.status_code == 202, taken.text


async def test_a_signature_of_one_mode_is_none_for_another(portal):
    """What was signed as the data of binary mode is no whole event, and two media types are none."""
    answer = await portal.send(event(), webhook_id=f"ce_{'0' * 64}")
    assert (answer.status_code, answer.json()["code"]) == (401, "attributes-not-signed")
    assert (await portal.send(event(), "cloudevents+json, application/json")).status_code == 415
    assert await portal.stored() == 0
    assert (await portal.send(event(), webhook_id="ce_1")).status_code == 202


async def test_what_authenticates_stands_in_its_headers_and_nowhere_else(portal):
    """Not in the query, in the body, in headers of other names or in a second header of the right name."""
    signing = portal.sign(json.dumps(event()).encode(), "msg-1")
    shown = {f"svix-{name.removeprefix('webhook-')}": value for name, value in signing.items()}
    media = {"content-type": "application/cloudevents+json"}
    twice = [*media.items(), *signing.items(), ("webhook-id", "msg-1")]
    for query, headers, body in (
        (signing, media, event()),
        ({}, media | shown, event()),
        ({}, media | {name.replace("-", "_"): value for name, value in signing.items()}, event()),
        ({}, media, event() | {name.replace("-", ""): value for name, value in signing.items()}),
        ({}, twice, event()),
    ):
        answer = await portal.http.post("/events", params=query, headers=headers, content=json.dumps(body))
        assert (answer.status_code, answer.json()["code"]) == (401, "signature-missing"), headers
    assert await portal.stored() == 0


async def test_100_at_once_are_one(portal):
    """Of 100 concurrent posts of one event exactly one is told 202."""
    answers = await asyncio.gather(*(portal.send(event()) for _ in range(100)))
    assert sorted(answer.status_code for answer in answers) == [200] * 99 + [202]
    assert await portal.stored() == 1


@pytest.mark.parametrize(
    ("changes", "status", "at"),
    [
        ({"id": None}, 400, "/id"),
        ({"type": "canary"}, 400, "/type"),
        ({"type": TYPE + "sibling-accepted", "data": {"by_case": "canary"}}, 403, None),
        ({"type": TYPE + "post-arrived", "data": {}}, 403, None),
        ({"subject": "canary"}, 400, "/subject"),
        ({"time": "2027-01-01T00:00:00"}, 400, "/time"),
        ({"data": {"item": "transcript", "canary": 1}}, 422, "/data/canary"),
        ({"data": {"item": "canary\0"}}, 400, "/data/item"),
        ({"source": "urn:canary"}, 401, None),
    ],
)
async def test_a_refusal_names_the_place_and_changes_nothing(portal, changes, status, at):
    """Each fault is a problem with its pointer; nothing is stored."""
    answer = await portal.send(event(**changes))
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    if at is not None:
        assert at in [fault["at"] for fault in answer.json()["faults"]]
    if at != "/data/canary":
        assert "canary" not in answer.text
    assert await portal.stored() == 0


async def test_a_batch_is_stored_whole_or_not_at_all(portal):
    """One id of another content refuses the batch, and its new event is not stored."""
    first = await portal.send(event())
    batch = [event("e-2"), event(subject="A27-0009")]
    answer = await portal.send(batch, "cloudevents-batch+json")
    assert (answer.status_code, answer.json()["faults"][0]["at"]) == (409, "/1/id")
    assert answer.json()["params"]["events"] == [
        {"index": 1, "id": "e-1", "differs": ["subject"], "stored_at": first.json()["stored_at"]}
    ]
    assert await portal.stored() == 1


@pytest.mark.parametrize(
    ("changes", "status", "at"),
    [
        ({"subject": "x"}, 400, "/1/subject"),
        ({"type": TYPE + "post-arrived", "data": {}}, 403, "/1/type"),
        ({"data": {}}, 422, "/1/data/item"),
    ],
)
async def test_which_event_of_a_batch_was_refused(portal, changes, status, at):
    """By its index and its id, whatever it is refused for; an id that is none is not repeated."""
    forbidden = status == 403
    for own, named, expected, fault in (
        ("e-2", {"index": 1, "id": "e-2"}, status, at),
        ("canary 2", {"index": 1}, status if forbidden else 400, at if forbidden else "/1/id"),
    ):
        batch = [event(), event(own, **changes), event("e-3")]
        answer = await portal.send(batch, "cloudevents-batch+json")
        assert answer.status_code == expected, answer.text
        assert fault in [each["at"] for each in answer.json()["faults"]]
        assert answer.json()["params"]["events"] == [named]
        assert "canary" not in answer.text
    assert await portal.stored() == 0


async def test_a_resend_that_a_library_built_again_is_the_same_event(portal):
    """Another time, no time or tracing of its own: 200, the first time stays, and the answer says so."""
    then = "2027-01-15T00:30:00Z"
    first = await portal.send(event(time=then))
    assert first.status_code == 202, first.text
    for changes, differs in (
        ({"time": "2027-01-15T00:31:07.123456+00:00"}, ["time"]),
        ({"time": "2027-01-15T09:30:00+09:00"}, None),
        ({}, None),
        ({"time": then, "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}, None),
    ):
        again = await portal.send(event(**changes))
        told = again.json()
        assert (again.status_code, told["status"], told.get("differs")) == (200, "duplicate", differs), (
            changes
        )
        assert told["stored_at"] == first.json()["stored_at"]
    assert await portal.stored() == 1
    assert (await portal.fate("e-1")).json()["time"] == then


async def test_a_conflict_says_that_the_first_one_is_stored(portal):
    """Since when, in what the other one differs, and never to send the same fact under a new id."""
    first = (await portal.send(event())).json()["stored_at"]
    answer = await portal.send(event(data={"item": "portfolio"}))
    told = answer.json()
    assert (answer.status_code, told["code"]) == (409, "id-used-for-another-event")
    assert told["params"]["events"] == [{"differs": ["data"], "stored_at": first}]
    for text in told["message"].values():
        assert first[:19] in text
    assert "first one is stored" in told["message"]["en"]
    assert "new id" not in told["message"]["en"]
    assert "新しい ID" not in told["message"]["ja"]

    twice = [event("e-2"), event("e-2", data={"item": "essay"})]
    answer = await portal.send(twice, "cloudevents-batch+json")
    told = answer.json()
    assert (answer.status_code, told["params"]["events"][0]["stored_at"]) == (409, None)
    assert "Nothing of it is stored" in told["detail"]
    assert await portal.stored() == 1


async def test_an_id_entered_by_hand_is_for_the_same_fact_only(portal):
    """As one that was sent: the same type, case and data are a duplicate, others are a conflict."""
    said = event()
    await portal.rows.execute(
        queries("kernel/events")["enter"],
        *(URI, said["id"], said["type"], "admission-review", "admission/A27-0001", json.dumps(said)),
    )
    assert (await portal.send(event(time="2027-01-01T00:00:00Z"))).status_code == 200
    for changes in (
        {"data": {"item": "portfolio"}},
        {"subject": "A27-0002"},
        {"type": TYPE + "fee-paid", "data": {}},
    ):
        answer = await portal.send(event(**changes))
        assert (answer.status_code, answer.json()["code"]) == (409, "id-used-for-another-event"), changes
    assert await portal.stored() == 1


async def test_events_are_stored_while_staff_use_up_their_connections(gateway, portal, database):
    """The inbox has connections of its own, so that a wait for the office's holds up no event."""
    inbox_pool = await open_pool(database.url("office"), size=1)
    staff_pool = await open_pool(database.url("office"), size=1)
    own = create_app(replace(gateway, pool=staff_pool, inbox_pool=inbox_pool))
    transport = httpx2.ASGITransport(own)
    async with staff_pool.acquire(), httpx2.AsyncClient(transport=transport, base_url="http://door") as http:
        answer = await SigningPortal(http, portal.rows).send(event())
        assert answer.status_code == 202, answer.text
        assert (await http.get("/readyz")).json()["database"] == "ok"
    inbox_pool.terminate()
    staff_pool.terminate()


async def test_what_is_no_event_is_refused_before_it_is_read(portal):
    """Another media type is 415, more than 256 KiB 413, another method 405, no JSON 400."""
    assert (await portal.send(event(), "xml")).status_code == 415
    assert (await portal.send(b" " * 262_145)).status_code == 413
    assert (await portal.http.options("/events")).status_code == 405
    assert (await portal.send(b"[[")).status_code == 400
