"""The office starts a request by its form, at the command line and over HTTP."""

import json
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from temporalio.client import Client

from cases.starting import restart_case
from gateway.app import create_app
from gateway.context import Gateway
from schemas.outreach.stages import Stage
from tests.cli.command_line import CommandLine, environment, iehe
from tests.gateway.office import Desk, settings_for
from tests.outreach.schools import Request
from tests.workflows.outreach.builder import TOKYO
from tests.workflows.outreach.test_requests import FORM
from workers.staff_tokens import staff_tokens

__all__ = ["environment", "iehe"]

TODAY = datetime.now(TOKYO).replace(hour=13, minute=0, second=0, microsecond=0)
DATES = [TODAY + timedelta(days=days) for days in (60, 67, 74)]
ASKED = FORM | {"dates": [at.isoformat() for at in DATES]}
OPTIONS = (
    *("--school", "D104", "--school-name", "見本高等学校", "--contact-name", "見本 花子"),
    *("--contact-email", "sample@school.example.jp", "--kind", "lecture", "--topic", "sea-level"),
    *("--purpose", "探究学習の導入", "--grade", "2", "--persons", "40", "--place", "体育館"),
    *("--equipment", "プロジェクター", "--travel-cost", "school"),
    *(word for at in DATES for word in ("--dates", f"{at:%Y-%m-%d %H:%M}")),
)


def door_of(schools, client: Client, ring, home) -> Desk:
    settings = settings_for(home)
    gateway = Gateway(schools.door, client, ring, staff_tokens(settings), "http://gateway", "http://ui")
    door = httpx2.ASGITransport(create_app(gateway))
    return Desk(httpx2.AsyncClient(transport=door, base_url="http://gateway"), settings)


@pytest.fixture
async def desk(schools, client, ring, tmp_path) -> AsyncIterator[Desk]:
    desk = door_of(schools, client, ring, tmp_path)
    yield desk
    await desk.http.aclose()


def body(**more: Any) -> dict[str, Any]:
    return {"process": "school-outreach", "form": ASKED} | more


def request_of(schools, case_id: str) -> Request:
    handle = schools.skipper.client.get_workflow_handle(case_id)
    return Request(schools, case_id.partition("/")[2], handle, tuple(DATES))


async def test_over_http_a_form_becomes_a_case(schools, desk, mail) -> None:
    """Stored, started, opened and answered to the school; the same key is the same case, once."""
    first = await desk.post("/cases", body(), Idempotency_Key="telephone-1")
    again = await desk.post("/cases", body(), Idempotency_Key="telephone-1")
    assert [first.status_code, again.status_code] == [201, 200]
    told = first.json()
    assert again.json() == told | {"repeated": True}
    request = request_of(schools, told["case_id"])
    await request.until_stage(Stage.REQUESTED)
    await request.to_offering()
    assert (await request.letters())[0] == "request-received>school"
    stored = await schools.owner.fetch("SELECT case_id FROM iehe.outreach_requests")
    assert [row[0] for row in stored] == [told["case_id"]]
    fate = await schools.owner.fetchrow("SELECT source, type FROM iehe.events")
    assert tuple(fate) == ("office:office-1", "jp.ac.iehe.school-outreach.request-received")


async def test_a_number_of_ones_own_is_the_cases(schools, desk) -> None:
    """The school's number names the case; another form under it is refused, and nothing is stored."""
    first = await desk.post("/cases", body(number="TEL-2026-1"), Idempotency_Key="one")
    other = ASKED | {"school": "D105"}
    second = await desk.post("/cases", body(number="TEL-2026-1", form=other), Idempotency_Key="two")
    assert first.json()["case_id"] == "outreach/TEL-2026-1"
    assert (second.status_code, second.json()["code"]) == (409, "request-known")
    assert await schools.owner.fetchval("SELECT count(*) FROM iehe.events") == 1


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"form": ASKED | {"persons": 0}}, 400, "invalid-request"),
        ({"form": ASKED | {"topic": "volcanoes"}}, 404, "unknown-topic"),
        ({"number": "no"}, 400, "invalid-request"),
        ({"process": "school-outreach", "more": 1}, 400, "invalid-request"),
        ({"process": "nothing"}, 400, "invalid-request"),
    ],
)
async def test_a_form_that_cannot_be_is_refused(schools, desk, given, status, code) -> None:
    """Each fault is told, and nothing is stored."""
    refused = await desk.post("/cases", body(**given), Idempotency_Key="one")
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert await schools.owner.fetchval("SELECT count(*) FROM iehe.events") == 0


async def test_a_key_is_needed_and_stands_for_one_form(schools, desk) -> None:
    """Without a key nobody could tell a repeat from a second request."""
    without = await desk.post("/cases", body())
    await desk.post("/cases", body(), Idempotency_Key="one")
    other = await desk.post("/cases", body(form=ASKED | {"persons": 41}), Idempotency_Key="one")
    assert (without.status_code, other.status_code) == (400, 422)
    assert await schools.owner.fetchval("SELECT count(*) FROM iehe.outreach_requests") == 1


async def test_who_does_not_see_requests_starts_none(schools, desk) -> None:
    """A lecturer sees what concerns them, and fills in no form for a school."""
    refused = await desk.post("/cases", body(), by="lecturer-1", Idempotency_Key="one")
    assert (refused.status_code, refused.json()["code"]) == (403, "role-missing")


async def test_while_temporal_is_away_the_relay_starts_it(schools, client, ring, tmp_path) -> None:
    """202: it is stored, and nobody has to send it again."""
    away = await Client.connect("127.0.0.1:1", lazy=True, data_converter=client.data_converter)
    desk = door_of(schools, away, ring, tmp_path)
    told = await desk.post("/cases", body(), Idempotency_Key="one")
    await desk.http.aclose()
    assert (told.status_code, told.json()["state"]) == (202, "stored")
    await request_of(schools, told.json()["case_id"]).until_stage(Stage.REQUESTED)


async def test_at_the_command_line_by_options_or_by_a_file(schools, iehe: CommandLine, tmp_path) -> None:
    """The same form either way; the same command id is the same case."""
    told = await iehe.ok("outreach", "start", *OPTIONS, "--command-id", "tel-1")
    again = await iehe.ok("outreach", "start", *OPTIONS, "--command-id", "tel-1")
    assert (told["state"], again) == ("started", told | {"repeated": True})
    assert re.fullmatch(r"outreach/[0-9A-F]{12}", told["case_id"])
    file = tmp_path / "form.json"
    file.write_text(json.dumps(ASKED, ensure_ascii=False), encoding="utf-8")
    by_file = await iehe.ok("outreach", "start", "--file", file, "--number", "TEL-2")
    assert by_file["case_id"] == "outreach/TEL-2"
    forms = await schools.owner.fetch(
        "SELECT r.school, r.contact_email, r.dates, r.minutes, r.language FROM iehe.outreach_requests r"
    )
    assert len(forms) == 2
    assert {tuple(map(str, row)) for row in forms} == {tuple(map(str, forms[0]))}
    await request_of(schools, by_file["case_id"]).until_stage(Stage.REQUESTED)


async def test_at_the_command_line_faults_are_named(schools, iehe: CommandLine, tmp_path) -> None:
    """What is missing, both ways at once, what is no JSON, an unknown topic, another role."""
    file = tmp_path / "form.json"
    file.write_text("{", encoding="utf-8")
    ended = await iehe("outreach", "start", *OPTIONS[2:], "--json")
    assert (ended.code, ended.error["faults"][0]["at"]) == (2, "form/school")
    assert await iehe.refused("outreach", "start", "--file", file) == (2, "not-json")
    file.write_text(json.dumps(ASKED), encoding="utf-8")
    assert await iehe.refused("outreach", "start", "--file", file, *OPTIONS) == (2, "file-and-options")
    file.write_text(json.dumps(ASKED | {"topic": "volcanoes"}), encoding="utf-8")
    assert (await iehe.refused("outreach", "start", "--file", file))[1] == "unknown-topic"
    refused = await iehe.refused("outreach", "start", *OPTIONS, by="lecturer-1")
    assert refused[1] == "role-missing"
    assert await schools.owner.fetchval("SELECT count(*) FROM iehe.outreach_requests") == 0


async def test_a_request_whose_workflow_was_lost_goes_on(schools) -> None:
    """Started again from the database it knows its stage, as every process's case does."""
    request = await schools.ask()
    await request.to_offering()
    await request.handle.terminate("by mistake")
    version = await restart_case(schools.door, schools.skipper.client, request.handle.id)
    assert version == (await request.until_stage(Stage.OFFERING))["version"]
    fresh = schools.skipper.client.get_workflow_handle(request.handle.id)
    again = Request(schools, request.reference, fresh, request.dates)
    await again.event("school-cancelled")
    await again.until_stage(Stage.CANCELLED)


async def test_what_was_stored_and_lost_before_it_opened_is_started_from_the_form(schools, client) -> None:
    """No case yet, and no workflow: the stored form is enough; of what is not stored there is no case."""
    await schools.owner.execute("INSERT INTO iehe.case_starts (case_id) VALUES ('outreach/S26-LOST')")
    await schools.owner.execute("SELECT iehe.outreach_store('S26-LOST', $1)", json.dumps(ASKED))
    assert await restart_case(schools.door, client, "outreach/S26-LOST") == 0
    await request_of(schools, "outreach/S26-LOST").until_stage(Stage.REQUESTED)
    with pytest.raises(LookupError):
        await restart_case(schools.door, client, "outreach/S26-NONE")
