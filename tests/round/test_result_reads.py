"""What is out of a round, read by another system: at the hour everybody's own line, and nothing before it."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from activities.kernel.database import open_pool
from encryption.ring import KeyRing
from gateway.context import Gateway
from schemas.round import commands
from tests.conftest import Database
from tests.gateway.office import Desk, open_desk
from tests.gateway.served import served
from tests.round import crowd
from tests.round.bureau import HEAD, RELEASE, Bureau
from tests.round.portal import Reader, register, signature

MARKS = {"A0001": ("90", "90"), "A0002": ("80", "70"), "A0003": ("60", "50"), "A0004": ("absent", "40")}
NOTHING: dict[str, Any] = {"results": []}


@pytest.fixture
async def desk(database: Database, client: Any, tmp_path: Path) -> AsyncIterator[Desk]:
    async for each in open_desk(database, client, tmp_path):
        yield each


@pytest.fixture
async def portal(desk: Desk, bureau: Bureau, ring: KeyRing) -> Reader:
    return Reader(desk.http, "portal", await register(bureau.owner, ring, "portal"))


async def scheduled(bureau: Bureau) -> None:
    """Confirmed, and a second before the hour."""
    await bureau.judging(MARKS)
    await bureau.confirmed()
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=RELEASE)
    await bureau.goes_on(RELEASE - timedelta(seconds=1))


async def at_the_hour(bureau: Bureau) -> None:
    """The server's clock has come to it; no process has done anything."""
    await bureau.owner.execute("UPDATE iehe.clock_shift SET shift = shift + interval '1 second'")


async def test_r5_nothing_before_the_hour_and_everybodys_own_line_from_it_on(
    portal: Reader, bureau: Bureau
) -> None:
    """Before it all numbers are alike, those of nobody too; then the rejected read theirs, too."""
    await scheduled(bureau)
    for number in (*MARKS, "A9999"):
        answer = await portal.result(number)
        assert (answer.status_code, answer.json()) == (200, NOTHING), number
        assert answer.headers["cache-control"] == "no-store"
    ahead = portal.signed("/round/results/A0001") | {"date": "Tue, 01 Jun 2027 00:00:00 GMT"}
    assert (await portal.get("/round/results/A0001", headers=ahead)).json() == NOTHING
    await at_the_hour(bureau)
    verdicts = {}
    for number in MARKS:
        answer = await portal.result(number)
        (line,) = answer.json()["results"]
        verdicts[line["number"], number] = line["verdict"]
        assert line["hash"] == await bureau.hash("law")
        assert answer.headers["cache-control"] == "no-store"
        assert not {"rank", "total", "place"} & set(line)
    assert Counter(verdicts.values()) == {"admitted": 2, "not-admitted": 1, "not-ranked": 1}
    assert (await portal.result("A9999")).json() == NOTHING


async def test_who_may_not_read_gets_no_result(
    portal: Reader, desk: Desk, bureau: Bureau, ring: KeyRing
) -> None:
    """One that was not allowed to, the key of another, a signature for something else, none at all."""
    await scheduled(bureau)
    await at_the_hour(bureau)
    payments = Reader(desk.http, "payments", await register(bureau.owner, ring, "payments", reads=()))
    path = "/round/results/A0001"
    told = {
        "not allowed": await payments.result("A0001"),
        "another's key": await Reader(desk.http, "portal", payments.secret).result("A0001"),
        "unknown": await Reader(desk.http, "nobody", portal.secret).result("A0001"),
        "for another path": await portal.get(path, headers=portal.signed("/round/results/A0002")),
        "for another source": await portal.get(path, headers=portal.signed(path, "urn:example:payments")),
        "any id": await portal.get(path, headers=signature(portal.secret, "msg-1")),
        "wrong": await portal.get(path, headers=portal.signed(path) | {"webhook-signature": "v1,AAAA"}),
        "unsigned": await portal.get(path, headers={}),
        "twice": await desk.http.get(f"{path}?source=urn:example:portal&source=urn:example:payments"),
        "no source": await desk.http.get(path, headers=portal.signed(path)),
    }
    assert {name: (each.status_code, each.json()["code"]) for name, each in told.items()} == {
        "not allowed": (403, "reading-not-allowed"),
        "another's key": (401, "signature-wrong"),
        "unknown": (401, "signature-wrong"),
        "for another path": (401, "attributes-not-signed"),
        "for another source": (401, "attributes-not-signed"),
        "any id": (401, "attributes-not-signed"),
        "wrong": (401, "signature-wrong"),
        "unsigned": (401, "signature-missing"),
        "twice": (400, "invalid-request"),
        "no source": (401, "token-missing"),
    }
    assert not [name for name, each in told.items() if "admitted" in each.text]
    assert (await portal.result("A0001")).status_code == 200


async def test_the_right_is_taken_away_again(portal: Reader, bureau: Bureau) -> None:
    """It holds as long as it is registered, and a system's right to read is no right of staff."""
    await scheduled(bureau)
    await at_the_hour(bureau)
    assert (await portal.get("/round/board", round="round/2027-GENERAL")).status_code == 401
    await bureau.owner.execute("UPDATE iehe.sources SET reads = '{}' WHERE name = 'portal'")
    assert (await portal.result("A0001")).json()["code"] == "reading-not-allowed"


async def test_a_crowd_at_the_hour_gets_what_the_lists_say(
    database: Database, client: Any, ring: KeyRing, owner: asyncpg.Connection
) -> None:
    """Over real connections, asked from before the hour on: nothing before it, then no wrong answer."""
    count = 400
    await crowd.fill(owner, count)
    secret = await register(owner, ring, "portal")
    pools = [await open_pool(database.url("office"), size=4, for_people=people) for people in (True, False)]
    gateway = Gateway(pools[0], client, ring, None, "http://gateway", "http://ui", inbox_pool=pools[1])
    async with served(gateway) as url, httpx2.AsyncClient(base_url=url) as http:
        portal, port = Reader(http, "portal", secret), int(url.rpartition(":")[2])
        early = await crowd.ask(portal, "127.0.0.1", port, range(20), connections=4)
        assert [each.empty for each in early] == [True] * 20
        hour = await crowd.release(owner, 1.0)
        around = await crowd.ask(
            *(portal, "127.0.0.1", port, cycle(range(count))),
            connections=4,
            until=hour + 0.2,
        )
        before = [each for each in around if each.told_at < hour]
        after = [each for each in around if each.asked_at >= hour]
        assert before
        assert after
        assert [each for each in before if not each.empty] == []
        assert [each for each in after if not each.right] == []
        assert [each for each in around if not each.empty and not each.right] == []
        all_ = await crowd.ask(portal, "127.0.0.1", port, range(count), connections=16)
    assert sorted(each.place for each in all_ if each.right) == list(range(count))
    assert time.time() >= hour
    for pool in pools:
        pool.terminate()
