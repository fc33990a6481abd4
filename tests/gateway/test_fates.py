"""What became of an event: told to its source by its own key and to the office, and to nobody else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from gateway.app import create_app
from gateway.fates import question_id
from tests.gateway.conftest import TYPE, URI, SigningPortal
from tests.gateway.issuer import AUDIENCE, ISSUER, SUBJECT, Issuer, token
from tests.gateway.office import settings_for
from tests.office import DEFAULT_STAFF, Institute
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401
from workers.staff_tokens import issue_token, staff_tokens

# ruff: noqa: F811 - fixtures are imported and asked for by name

TESTS = "urn:example:tests"
IDS = ("..", ".", "a/b", "a//b", "/", "../..", "a/../b", "/events", "x" * 128)


def event(
    event_id: str, fact: str = "document-received", subject: str = "A27-0001", **data: Any
) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": URI,
        "type": TYPE + fact,
        "subject": subject,
        "data": data or {"item": "transcript", "reference": "canary-1"},
    }


@pytest.fixture
async def office(gateway, client, portal, tmp_path) -> AsyncIterator[httpx2.AsyncClient]:
    """The door where staff are known."""
    await Institute(client, portal.rows).employ(*DEFAULT_STAFF)
    known = replace(gateway, staff=staff_tokens(settings_for(tmp_path)))
    transport = httpx2.ASGITransport(create_app(known))
    async with httpx2.AsyncClient(transport=transport, base_url="http://door") as http:
        yield http


async def test_a_source_sees_what_its_case_made_of_an_event(institute, portal, eventually):
    """Applied, refused with the code of its case, and waiting for a case that does not exist."""
    case = await institute.apply()
    await case.until_stage("completeness")
    number = case.row.application_no
    for sent in (
        event("paper", subject=number, item="transcript"),
        event("too-early", "offer-answered", number, answer="accepted"),
        event("nobody", subject="A2027-999999", item="transcript"),
    ):
        answer = await portal.send(sent)
        assert answer.status_code == 202, answer.text

    async def told() -> dict[str, tuple[str, str | None]]:
        answers = [(await portal.fate(each)).json() for each in ("paper", "too-early", "nobody")]
        return {each["id"]: (each["state"], each["code"]) for each in answers}

    async def all_have_ended() -> bool:
        return [state for state, _ in (await told()).values()] == ["applied", "refused", "waiting"]

    await eventually(all_have_ended)
    fates = await told()
    logged = await portal.rows.fetchval(
        "SELECT details ->> 'code' FROM iehe.case_log WHERE cause = $1", f"{URI}#too-early"
    )
    assert logged
    assert fates == {
        "paper": ("applied", None),
        "too-early": ("refused", logged),
        "nobody": ("waiting", "waiting-for-case"),
    }
    ended = [(await portal.fate(each)).json()["ended_at"] for each in fates]
    assert [moment is not None for moment in ended] == [True, True, False]


@pytest.mark.parametrize(
    ("state", "reason", "told"),
    [
        ("stored", None, ("stored", None)),
        ("stored", "temporal-away", ("waiting", "temporal-away")),
        ("delivered", None, ("waiting", None)),
        ("dead", "case-closed", ("dead", "case-closed")),
        ("dropped", None, ("dropped", None)),
    ],
)
async def test_what_the_log_does_not_tell_the_inbox_tells(portal, state, reason, told):
    """Delivered is not applied: until the case's log has it, the event waits."""
    await portal.send(event("e-1"))
    await portal.rows.execute(
        "UPDATE iehe.events SET state = $1, reason = $2, ended_at = now()", state, reason
    )
    found = (await portal.fate("e-1")).json()
    assert (found["state"], found["code"]) == told


@pytest.mark.parametrize("event_id", IDS)
async def test_an_id_makes_no_path(portal, event_id):
    """Where an event is to be seen names it and no other, as any client reads the address."""
    answer = await portal.send(event(event_id))
    assert answer.status_code == 202, answer.text
    url = portal.http.base_url.join(answer.headers["location"])
    assert (url.path, dict(url.params)) == ("/events", {"source": URI, "id": event_id})
    signing = portal.sign(b"", question_id(URI, event_id))
    found = await portal.http.get(answer.headers["location"], headers=signing)
    assert (found.status_code, found.json()["id"]) == (200, event_id), found.text


async def test_a_question_is_for_one_event_of_the_one_who_asks(portal):
    """Another id, another source, no id, a stale signature or one for an event opens nothing."""
    await portal.send(event("e-1"))
    await portal.send(event("e-2"))
    other = question_id(URI, "e-2")
    for asked, status, code in (
        (portal.fate("e-1", webhook_id=other), 401, "attributes-not-signed"),
        (portal.fate("e-1", webhook_id="msg-1"), 401, "attributes-not-signed"),
        (portal.fate("e-1", source="urn:example:other"), 401, "signature-wrong"),
        (portal.http.get("/events", params={"source": URI, "id": "e-1"}), 401, "signature-missing"),
        (portal.fate("e-1", **{"webhook-timestamp": "1"}), 401, "timestamp-out-of-tolerance"),
        (portal.fate("none"), 404, "event-not-found"),
        (portal.fate(""), 400, "invalid-request"),
        (portal.fate("%2F"), 400, "invalid-request"),
        (portal.fate("a\0b"), 400, "invalid-request"),
        (portal.http.get("/events", params={"source": URI}), 400, "invalid-request"),
        (portal.http.get(f"/events?source={URI}&id=e-1&id=e-2"), 400, "invalid-request"),
        (portal.http.get("/events/portal/e-1"), 404, "not-found"),
    ):
        answer = await asked
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_a_source_with_tokens_sees_its_own_by_its_token(office, portal):
    """Its own token opens its own events; another's subject, and another source's events, it does not."""
    issuer = Issuer()
    try:
        issuer.publish(a="RS256")
        await portal.rows.execute(
            "INSERT INTO iehe.sources (name, uri, types, per_minute, issuer, audience, subject, jwks_url) "
            "VALUES ('tests', $1, $2, 100, $3, $4, $5, $6)",
            *(TESTS, [TYPE + "document-received"], ISSUER, AUDIENCE, SUBJECT, issuer.url),
        )
        shown = {"authorization": f"Bearer {token()}"}
        media = {"content-type": "application/cloudevents+json"}
        sent = await office.post("/events", json=event("e-1") | {"source": TESTS}, headers=shown | media)
        assert sent.status_code == 202, sent.text
        found = await office.get(sent.headers["location"], headers=shown)
        assert (found.status_code, found.json()["state"]) == (200, "stored"), found.text
        await SigningPortal(office, portal.rows).send(event("e-1"))
        asked = {"source": URI, "id": "e-1"}
        assert (await office.get("/events", params=asked, headers=shown)).status_code == 401
        for changes in ({"sub": "other"}, {"aud": "other"}):
            wrong = {"authorization": f"Bearer {token(**changes)}"}
            assert (await office.get(sent.headers["location"], headers=wrong)).status_code == 401
    finally:
        issuer.close()


async def test_where_an_event_stands(office, portal, tmp_path):
    """For the office, without what it says; others get 403, an unknown id 404."""
    stored = await SigningPortal(office, portal.rows).send(event("doc/2027:1"))
    assert stored.status_code == 202, stored.text

    async def look(path: str, by: str) -> httpx2.Response:
        bearer = issue_token(settings_for(tmp_path), by, 1)[0]
        return await office.get(path, headers={"Authorization": f"Bearer {bearer}"})

    path = stored.headers["location"]
    told = await look(path, "office-1")
    assert told.status_code == 200, told.text
    assert told.json() == {
        "source": URI,
        "id": "doc/2027:1",
        "type": TYPE + "document-received",
        "process": "admission-review",
        "case_id": "admission/A27-0001",
        "state": "stored",
        "code": None,
        "attempts": 0,
        "time": None,
        "stored_at": stored.json()["stored_at"].replace("+00:00", "Z"),
        "ended_at": None,
    }
    assert "canary" not in told.text
    assert (await look(path, "reviewer-1")).status_code == 403
    for other in (f"/events?source={URI}&id=none", "/events?source=urn:example:nobody&id=doc/2027:1"):
        assert (await look(other, "office-1")).status_code == 404
