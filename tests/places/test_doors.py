"""The ledger at the command line and over HTTP: who sees what, what is set, and why somebody got nothing."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from schemas.kernel.places import PlaceLine
from tests.cli.program import Program, elsewhere, employ, proven
from tests.gateway.office import Desk as Http
from tests.gateway.office import open_desk
from tests.outreach.conftest import desk, owner, worker_pool  # noqa: F401
from tests.outreach.desk import Desk
from workers.diagnostics import database as diagnostics
from workflows.kernel.places import PlaceChanges

# ruff: noqa: F811 - fixtures are imported and asked for by name

NOW = datetime(2027, 4, 1, tzinfo=UTC)
HALL = "outreach/hall"
FIRST, SECOND, THIRD = (f"outreach/S26-000{number}" for number in (1, 2, 3))


class Ledger:
    """What the cases of a process do with the ledger."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.now = NOW

    async def act(self, case_id: str, method: str, *given: Any, **named: Any) -> None:
        """One change by a case, an hour after the one before."""
        self.now += timedelta(hours=1)
        changes = PlaceChanges(case_id, self.now, self.now)
        getattr(changes, method)(*given, **named)
        made = json.dumps([each.model_dump(mode="json") for each in changes.made])
        await self.desk.pool.execute("SELECT iehe.change_places($1, 1, $2, 'a', $3)", case_id, self.now, made)


@pytest.fixture
async def ledger(desk: Desk, iehe: Program) -> Ledger:
    """One of two seats is taken, one is offered; a third case waits, passed over once."""
    assert (await iehe("places", "set", HALL, "--places", "2")).code == 0
    made = Ledger(desk)
    for case_id in (FIRST, SECOND, THIRD):
        await desk.store(case_id.partition("/")[2])
    await made.act(FIRST, "claim", f"{FIRST}#seat", [PlaceLine(frame=HALL)], state="taken")
    await made.act(THIRD, "queue", HALL, [1])
    await made.act(THIRD, "pass_over", HALL, THIRD, "unapproved")
    end = made.now + timedelta(days=2)
    await made.act(SECOND, "claim", f"{SECOND}#seat", [PlaceLine(frame=HALL)], state="offered", ends_at=end)
    return made


@pytest.fixture
async def iehe(database, temporal, client, tmp_path, owner) -> Program:
    await employ(database, "stranger-1", "reviewer")
    return await proven(database, elsewhere(database, temporal, tmp_path / "home"))


@pytest.fixture
async def http(database, client, tmp_path, iehe: Program) -> AsyncIterator[Http]:
    async for each in open_desk(database, client, tmp_path / "home"):
        yield each


async def test_a_frame_is_set_and_the_log_of_the_administration_says_so(
    iehe: Program, owner: asyncpg.Connection
) -> None:
    """Made, raised, measured in months of a programme; each with who and what, and nothing without a role."""
    told = (
        await iehe("places", "set", "outreach/p", "--places", "22.5", "--measure", "months", "--json")
    ).json
    assert (told["limit"], told["measure"], told["free"]) == ("22.5", "months", "22.5")
    more = ("--places", "9", "--limit", "10.5", "--parent", "outreach/p", "--measure", "months")
    told = (await iehe("places", "set", "outreach/a", *more, "--json")).json
    assert (told["places"], told["limit"], told["free"], told["parent"]) == (
        "9",
        "10.5",
        "10.5",
        "outreach/p",
    )
    rows = await owner.fetch("SELECT subject, details FROM iehe.administration_log WHERE act = 'set-places'")
    assert [row["subject"] for row in rows] == ["outreach/p", "outreach/a"]
    assert json.loads(rows[1]["details"])["limit"] == "10.5"
    assert (await iehe.by("office-1")("places", "set", HALL, "--places", "3")).code == 6
    for words in (("nobody/x", "--places", "1"), ("outreach/new",)):
        assert (await iehe("places", "set", *words)).code == 4
    for amount in ("-1", "NaN", "x", "1e12", "0.0001"):
        assert (await iehe("places", "set", HALL, f"--places={amount}")).code == 2
    assert await owner.fetchval("SELECT count(*) FROM iehe.administration_log WHERE act = 'set-places'") == 2


async def test_a_limit_below_what_is_given_out_changes_nothing_at_any_door(
    ledger: Ledger, iehe: Program, http: Http, owner: asyncpg.Connection
) -> None:
    """O14: refused, told how many there are, and no act stands in the log."""
    before = await owner.fetchval("SELECT count(*) FROM iehe.administration_log")
    refused = await iehe("places", "set", HALL, "--places", "1")
    assert refused.code == 3
    assert "2 are given out" in refused.err
    headers = {"Authorization": f"Bearer {http.token('chief-1')}"}
    answer = await http.http.put(f"/places/{HALL}", json={"places": "1"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "frame-below")
    assert await owner.fetchval("SELECT count(*) FROM iehe.administration_log") == before
    answer = await http.http.put(f"/places/{HALL}", json={"places": 2, "limit": 3}, headers=headers)
    assert (answer.status_code, answer.json()["free"]) == (200, "1")
    faulty = await http.http.put(f"/places/{HALL}", json={"place": 2}, headers=headers)
    assert faulty.status_code == 400


async def test_the_office_sees_the_frames_of_its_processes_and_nobody_elses(
    ledger: Ledger, iehe: Program, http: Http
) -> None:
    """Counts, who has something, who waits and was passed over; a stranger sees no frame and no count."""
    office = iehe.by("office-1")
    (row,) = (await office("places", "list", "outreach", "--json")).json["frames"]
    assert (row["frame"], row["taken"], row["offered"], row["free"]) == (HALL, "1", "1", "0")
    shown = (await office("places", "show", HALL, "--json")).json
    assert [(each["holder"], each["state"]) for each in shown["holders"]] == [
        (FIRST, "taken"),
        (SECOND, "offered"),
    ]
    assert [(each["holder"], each["passed_over"]["reason"]) for each in shown["queue"]] == [
        (THIRD, "unapproved")
    ]
    text = (await office("places", "show", HALL)).out
    assert all(word in text for word in (FIRST, SECOND, THIRD, "unapproved"))
    assert (await http.get("/places", "office-1")).json()["frames"] == [row]
    over_http = (await http.get(f"/places/{HALL}", "office-1")).json()
    for part in ("holders", "queue"):
        assert [each["holder"] for each in over_http[part]] == [each["holder"] for each in shown[part]]
    for by in ("stranger-1", "lecturer-1"):
        assert (await http.get("/places", by)).json() == {"frames": []}
        for frame in (HALL, "outreach/none"):
            answer = await http.get(f"/places/{frame}", by)
            assert (answer.status_code, answer.json()["code"]) == (404, "frame-unknown")
        assert (await http.get(f"/cases/{THIRD}/places", by)).status_code == 404
        assert (await iehe.by(by)("places", "show", HALL)).code == 4
        assert (await iehe.by(by)("places", "explain", THIRD)).code == 4
    assert (await http.get("/places?prefix=outreach/ha", "office-1")).json() == {"frames": []}


async def test_explain_says_in_order_why_somebody_got_nothing(
    ledger: Ledger, iehe: Program, http: Http
) -> None:
    """Waited, passed over and why, offered, lapsed, waiting no more: in both languages, with evidence."""
    office = iehe.by("office-1")
    told = (await office("places", "explain", THIRD)).out.splitlines()
    assert told[0] == "has nothing now"
    assert told[1] == f"waits for 1 of {HALL} since 2027-04-01 11:00: 0 before them, 0 free"
    assert told[2].startswith(
        f"was passed over for {HALL} on 2027-04-01 12:00, and keeps the rank: unapproved"
    )

    await ledger.act(SECOND, "release", f"{SECOND}#seat", "declined")
    end = ledger.now + timedelta(days=2)
    line = [PlaceLine(frame=HALL)]
    await ledger.act(THIRD, "claim", f"{THIRD}#seat", line, state="offered", ends_at=end)
    ledger.now = end
    await ledger.act(THIRD, "lapse", f"{THIRD}#seat")
    found = (await http.get(f"/cases/{THIRD}/places", "office-1")).json()
    assert found["told"]["en"] == [
        "has nothing now",
        f"2027-04-01 11:00: began to wait for {HALL}, or waits by another rank",
        f"2027-04-01 12:00: passed over for {HALL}, and kept the rank: unapproved",
        f"2027-04-01 15:00: {HALL} was offered, until 2027-04-03 14:00",
        f"2027-04-01 15:00: was the next for {HALL}",
        f"2027-04-03 15:00: {HALL} was not taken in time and went back",
        f"2027-04-03 15:00: waits no more for {HALL} (lapsed)",
    ]
    assert found["told"]["ja"][5] == f"2027-04-03 15:00: 期限内に回答がなく {HALL} は失効"
    assert [(each["from"], each["to"]) for each in found["log"]][-2:] == [
        ("offered", "lapsed"),
        ("offered", "ended"),
    ]
    assert found["log"][0]["step"] == "open"
    declined = (await office("places", "explain", SECOND, "--json")).json["told"]["en"]
    assert declined[-1].endswith("was declined")
    (state,) = (await office("places", "explain", FIRST)).out.splitlines()[:1]
    assert state == f"has now: {HALL}, theirs"


async def test_a_case_that_asked_for_nothing_is_told_so(desk: Desk, iehe: Program) -> None:
    """No evidence is an answer too."""
    await desk.store("S26-0009")
    told = await iehe.by("office-1")("places", "explain", "outreach/S26-0009")
    assert told.out == "nothing was asked for, given or waited for\n"


async def test_doctor_finds_miscounted_frames_and_what_closed_cases_keep(
    ledger: Ledger, owner: asyncpg.Connection
) -> None:
    """Whatever somebody did to the database by hand; an offer to a case that has ended."""
    assert (await diagnostics.places(owner)).state == "ok"
    await owner.execute("UPDATE iehe.cases SET closed_at = now()")
    found = await diagnostics.places(owner)
    assert (found.state, list(found.named)) == ("warn", [f"{SECOND}#seat: offered"])
    await owner.execute("UPDATE iehe.frames SET taken = 0 WHERE frame = $1", HALL)
    found = await diagnostics.places(owner)
    assert (found.state, list(found.named)) == ("problem", [HALL])


async def test_what_a_case_had_goes_with_the_case(ledger: Ledger, owner: asyncpg.Connection) -> None:
    """Its places, its entries, its evidence; the counts follow, and nobody else's rows go."""
    gone = await owner.fetchval(
        "SELECT iehe.erase_rows($1, ARRAY['place_queue', 'places', 'place_log'])", SECOND
    )
    assert json.loads(gone) == {"place_queue": 0, "places": 1, "place_log": 1}
    assert await owner.fetchval("SELECT offered FROM iehe.frames WHERE frame = $1", HALL) == 0
    assert (await diagnostics.places(owner)).state == "ok"
    for table, left in (("places", 1), ("place_queue", 1), ("place_log", 4), ("place_lines", 1)):
        assert await owner.fetchval(f"SELECT count(*) FROM iehe.{table}") == left  # noqa: S608 - our own names
