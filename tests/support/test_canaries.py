"""What is personal is found where it belongs and nowhere else: the real processes, searched through."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx2
import pytest
from google.protobuf.json_format import MessageToDict
from temporalio.client import Client

from cases.homes import home_of
from embedded.mail import MailCatcher
from embedded.ports import free_port
from encryption.ring import KeyRing
from tests.cli.program import Ended, Program, elsewhere, token_file
from tests.gateway.stand import SOURCE, Portal, Stand
from tests.words import words_of
from workers.temporal import encrypted

NAME, NUMBER, ADDRESS = "金糸雀 太郎", "S2099-7777", "kotori-kanaria@student.example.ac.jp"
WORDS, NOTE, REASON = "籠の中の小鳥の話", "小鳥は歌わないと記す", "小鳥を案じた理由"
CANARIES = (NAME, NUMBER, ADDRESS, "kotori-kanaria", WORDS, NOTE, REASON)
REFERRAL = {
    "way": "helpdesk",
    "person": NUMBER,
    "contact": ADDRESS,
    "referrer": {"name": NAME, "email": "hokokusha@example.ac.jp"},
    "words": WORDS,
    "danger": True,
}
pytestmark = pytest.mark.timeout(120)


@dataclass
class Everything:
    """Gateway, relay and worker of their own, and one case that goes through them."""

    stand: Stand
    portal: Portal
    owner: asyncpg.Connection
    home: Path
    ticket: str = field(default_factory=lambda: f"T{uuid4().hex[:8].upper()}")
    case_id: str = ""

    async def event(self, fact: str, **data: Any) -> httpx2.Response:
        event = {
            "specversion": "1.0",
            "id": uuid4().hex,
            "source": SOURCE,
            "type": f"jp.ac.iehe.support-case.{fact}",
            "subject": self.ticket,
            "data": data,
        }
        return await self.portal.client.send(self.portal.request(event))

    def as_(self, staff_id: str) -> dict[str, str]:
        token = token_file(self.home, staff_id).read_text(encoding="ascii")
        return {"authorization": f"Bearer {token}", "idempotency-key": uuid4().hex, "if-match": "*"}

    async def decide(self, by: str, name: str, **body: Any) -> httpx2.Response:
        url = f"{self.portal.url}/cases/{self.case_id}/decisions/{name}"
        return await self.portal.client.post(url, json=body, headers=self.as_(by))

    async def command(self, by: str, *words: object) -> Ended:
        return await Program(self.stand.environment).by(by)(*words)


@pytest.fixture
async def stand(database, temporal, mail: MailCatcher, tmp_path: Path) -> AsyncIterator[Stand]:
    home = tmp_path / "home"
    environment = elsewhere(database, temporal, home) | {
        "IEHE_GATEWAY_PORT": str(free_port()),
        "IEHE_SMTP_PORT": str(mail.port),
        "IEHE_LOG_LEVEL": "debug",
    }
    stand = Stand(environment, tmp_path)
    yield stand
    await stand.close()


@pytest.fixture
async def everything(
    stand: Stand, owner: asyncpg.Connection, tmp_path: Path, eventually
) -> AsyncIterator[Everything]:
    environment, home = stand.environment, tmp_path / "home"
    secret = await stand.source("jp.ac.iehe.support-case.*")
    for name in ("worker", "relay", "gateway"):
        await stand.start(name)
    async with httpx2.AsyncClient(timeout=20) as http:
        portal = Portal(f"http://127.0.0.1:{environment['IEHE_GATEWAY_PORT']}", secret, http)
        everything = Everything(stand, portal, owner, home)
        referred = await everything.event("referral-received", **REFERRAL)
        assert referred.status_code == 202, referred.text
        opened = "SELECT case_id FROM iehe.cases WHERE version > 1"
        everything.case_id = await eventually(lambda: owner.fetchval(opened), 30)
        yield everything


async def live_through(everything: Everything, eventually) -> None:
    """A crisis, contact, judged, owned, resolved: each with words."""
    paged = "SELECT count(*) FROM iehe.notices WHERE message = 'page' AND state = 'accepted'"
    await eventually(lambda: everything.owner.fetchval(paged), 20)
    steps = (
        ("duty-1", "record-contact", {"channel": "phone", "outcome": "reached", "note": NOTE}),
        ("triage-1", "triage", {"distress": 3, "distress_reason": REASON}),
        ("triage-1", "assign", {"unit": "counselling", "owner": "counsellor-1"}),
        ("duty-1", "stand-down", {"reason": REASON}),
    )
    for by, name, body in steps:
        answer = await everything.decide(by, name, **body)
        assert answer.status_code == 200, (name, answer.text)
    message = await everything.event("message-arrived", thread="t1", direction="in", words=WORDS)
    assert message.status_code == 202
    told = "SELECT count(*) FROM iehe.notices WHERE message = 'case-news' AND state = 'accepted'"
    await eventually(lambda: everything.owner.fetchval(told), 20)
    answer = await everything.decide("counsellor-1", "resolve", code="helped", note=NOTE)
    assert answer.status_code == 200, answer.text


async def given_wrongly(everything: Everything) -> dict[str, str]:
    """What each door answers to a canary where none belongs, and to somebody without the right."""
    case_id, url = everything.case_id, everything.portal.url
    wrong = [
        await everything.event("referral-received", **REFERRAL | {"way": NAME}),
        await everything.event("message-arrived", thread=NAME, direction=NUMBER),
        await everything.decide("counsellor-1", "record-contact", channel=NAME, outcome=NUMBER, note=[NOTE]),
        await everything.decide("triage-1", "name-concerned", staff_id=NAME),
        await everything.decide("nurse-1", "reopen", reason=REASON),
    ]
    assert all(answer.status_code >= 400 for answer in wrong), [each.status_code for each in wrong]
    found = {f"answer {number}": each.text + str(each.headers) for number, each in enumerate(wrong)}
    for path in (
        "/cases",
        f"/cases/{case_id}",
        f"/cases?label=person:{NUMBER}",
        "/cases?process=support-case",
    ):
        answer = await everything.portal.client.get(url + path, headers=everything.as_("nurse-1"))
        assert case_id not in answer.text, path
        found[f"nurse {path.replace(NUMBER, '')}"] = answer.text
    for words in (
        ("case", "list", "--json"),
        ("case", "show", case_id),
        ("support", "triage", case_id, "--distress", NAME),
        ("support", "event", case_id, "message-arrived", f"thread={NAME}", f"direction={NUMBER}"),
        ("support", "assign", case_id, "counselling", "--owner", NAME),
    ):
        ended = await everything.command("nurse-1", *words)
        found[f"nurse {words[:2]}"] = ended.out + ended.err
        assert words[:2] != ("case", "list") or case_id not in ended.out
    return found


async def decoded_by(everything: Everything, by: str, payloads: list[Any]) -> Any:
    """What the codec server shows somebody of the case's history."""
    answer = await everything.portal.client.post(
        f"{everything.portal.url}/codec/decode",
        json={"payloads": payloads},
        headers=everything.as_(by) | {"x-namespace": home_of("support").namespace("default")},
    )
    given = answer.json()["payloads"]
    if given == payloads:
        return given
    return " ".join(base64.b64decode(each["data"]).decode() for each in given)


def processes() -> str:
    """Every process's command line on this machine."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it has ended meanwhile
            continue
    return "\n".join(found)


def letters(mail: MailCatcher) -> str:
    """Headers and words of each caught mail, but for whom it is addressed to."""
    found = []
    for path in mail.folder.rglob("*.eml"):
        letter = message_from_bytes(path.read_bytes(), policy=policy.default)
        heads = [
            f"{name}: {value}" for name, value in letter.items() if name.lower() not in ("to", "x-rcptto")
        ]
        body = letter.get_body(("plain",))
        found += [*heads, body.get_content() if body else ""]
    return "\n".join(found)


async def test_p11_a_canary_is_found_nowhere_but_where_it_belongs(
    everything: Everything, temporal, ring: KeyRing, client: Client, mail: MailCatcher, eventually
) -> None:
    """In no history, attribute, memo, log, process list, metric, mail, error, list of who has no right."""
    await live_through(everything, eventually)
    texts = " ".join(filter(None, await words_of(everything.owner, client, everything.case_id)))
    assert all(each in texts for each in (NAME, NUMBER, ADDRESS, WORDS, NOTE, REASON)), (
        "they are there at all"
    )

    namespace = home_of("support").namespace("default")
    far = await Client.connect(
        temporal.address, namespace=namespace, data_converter=encrypted(ring, namespace)
    )
    handle = far.get_workflow_handle(everything.case_id)
    history, described = await handle.fetch_history(), await handle.describe()
    raw = [
        payload
        for event in history.events
        for _, value in event.ListFields()
        if hasattr(value, "input")
        for payload in value.input.payloads
    ]
    assert raw
    plain = await far.data_converter.decode(raw)
    sealed = [MessageToDict(each) for each in raw]
    places = await given_wrongly(everything)
    places |= {
        "history": b"".join(each.SerializeToString() for each in history.events).decode(errors="replace"),
        "history decoded": json.dumps(plain, default=str, ensure_ascii=False),
        "attributes": str(described.typed_search_attributes),
        "memo": str(await described.memo()) + str(described.raw_description),
        "processes": processes(),
        "metrics": (
            await everything.portal.client.get(f"http://127.0.0.1:{temporal.ports.metrics}/metrics")
        ).text,
        "letters": letters(mail).replace(NAME, "", letters(mail).count(f"{NAME} 様")),
    }
    # who may read it reads it, codes and times; afterwards nobody else does
    seen = await decoded_by(everything, "head-1", sealed)
    assert everything.case_id in seen
    assert await decoded_by(everything, "nurse-1", sealed) == sealed
    places["codec"] = json.dumps(seen, ensure_ascii=False)
    for path in everything.stand.folder.rglob("*.log"):
        places[f"log {path.name}"] = path.read_text(encoding="utf-8", errors="replace")
    assert {"log worker.log", "log relay.log", "log gateway.log"} <= places.keys()
    for place, text in places.items():
        for canary in CANARIES:
            for written in (canary, json.dumps(canary)[1:-1], base64.b64encode(canary.encode()).decode()):
                assert written not in text, f"{canary} in {place}"
