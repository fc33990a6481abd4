"""Documents at the command line: one case, or all that miss something, by a command that may be run again."""

import asyncio
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from gateway import chasing
from tests.cli import zygote
from tests.cli.program import Ended, elsewhere, token_file
from tests.documents.desk import LETTER, PLAN, pdf, png
from tests.gateway.office import Desk as Door
from tests.outreach.schools import Request, Schools

PROGRAM = "tests.documents.program"


class Shell:
    """`iehe` of that installation, as a user runs it."""

    def __init__(self, environment: dict[str, str], home: Path) -> None:
        self.environment, self.home = environment, home

    async def __call__(self, *words: str, by: str = "office-1") -> Ended:
        shown = {"IEHE_TOKEN_FILE": str(token_file(self.home, by)), "IEHE_ENVIRONMENT": "embedded"}
        environment = dict(os.environ) | self.environment | shown
        code, *printed = await asyncio.to_thread(zygote.run, words, environment, PROGRAM)
        return Ended(code, *(each.decode() for each in printed))


@pytest.fixture
def iehe(database: Any, temporal: Any, tmp_path: Path, folder: Path, ring: Any) -> Shell:
    home = tmp_path / "home"
    settings = elsewhere(database, temporal, home) | {
        "IEHE_DOCUMENTS": folder.as_uri(),
        "IEHE_LANGUAGE": "en",
    }
    return Shell(settings, home)


async def chasers(schools: Schools) -> list[tuple[str, str]]:
    rows = await schools.owner.fetch(
        "SELECT case_id, state FROM iehe.notices WHERE message = 'documents-missing' "
        "ORDER BY case_id, version"
    )
    return [(row["case_id"], row["state"]) for row in rows]


async def test_a_document_is_put_listed_and_got(schools: Schools, iehe: Shell, tmp_path: Path) -> None:
    """The file that is written is its owner's alone, and is never written over."""
    request = await schools.ask()
    case_id = request.handle.id
    (tmp_path / "in.txt").write_bytes(png())
    put = await iehe("document", "put", case_id, LETTER, str(tmp_path / "in.txt"), "--json")
    assert (put.code, put.json["version"], put.json["media_type"]) == (0, 1, "image/png"), put
    await request.until(f"state #>> '{{documents,{LETTER},state}}' = 'received'")
    again = await iehe("document", "put", case_id, LETTER, str(tmp_path / "in.txt"))
    assert (again.code, again.out) == (0, f"{case_id}: this file is version 1 of letter already.\n")
    listed = await iehe("document", "list", case_id, "--json")
    assert [(each["name"], each["state"]) for each in listed.json["documents"]] == [
        (LETTER, "received"),
        (PLAN, "wanted"),
    ]
    assert "Letter of request" in (await iehe("document", "list", case_id)).out
    out = tmp_path / "out.png"
    got = await iehe("document", "get", case_id, LETTER, "--to", str(out))
    assert (got.code, out.read_bytes(), stat.S_IMODE(out.stat().st_mode)) == (0, png(), 0o600)
    assert (await iehe("document", "get", case_id, LETTER, "--to", str(out))).code == 8
    reads = (await iehe("document", "reads", case_id, "--json")).json["reads"]
    assert [(each["staff_id"], each["by_right"]) for each in reads] == [("office-1", "connection_office")] * 2
    (tmp_path / "program").write_bytes(b"MZ" + b"\0" * 99)
    refused = await iehe("document", "put", case_id, PLAN, str(tmp_path / "program"))
    assert (refused.code, "by its content" in refused.err) == (3, True)
    assert (await iehe("document", "put", case_id, PLAN, str(tmp_path / "none"))).code == 8
    assert (
        await iehe("document", "get", case_id, LETTER, "--to", str(tmp_path / "x"), by="lecturer-1")
    ).code == 4


async def test_all_that_miss_something_are_asked_once(schools: Schools, iehe: Shell, tmp_path: Path) -> None:
    """One answer a case; run again on that day nobody hears it twice, and whoever came since is asked."""
    requests: list[Request] = [await schools.ask() for _ in range(3)]
    ids = sorted(each.handle.id for each in requests)
    first = await iehe("document", "chase", "--json")
    assert first.code == 0, first
    assert [(each["case_id"], each["result"]) for each in first.json["cases"]] == [
        (each, "asked") for each in ids
    ]
    for each in requests:
        await each.sent()
    assert await chasers(schools) == [(each, "accepted") for each in ids]
    late = await schools.ask()
    second = await iehe("document", "chase", "--json")
    assert second.json["counts"] == {"asked": 1, "repeated": 3, "refused": 0}
    await late.sent()
    assert len(await chasers(schools)) == 4
    third = await iehe("document", "chase", by="head-1")
    assert third.out == "Asked in 4 cases, in 0 before today, refused in 0.\n"
    assert sorted({state for _, state in await chasers(schools)}) == ["accepted", "suppressed"]
    assert sum(state == "accepted" for _, state in await chasers(schools)) == 4


async def test_only_those_that_miss_one_document_are_asked_for_it(
    schools: Schools, iehe: Shell, tmp_path: Path
) -> None:
    """What waits for the office is not asked for."""
    one, other = await schools.ask(), await schools.ask()
    (tmp_path / "letter.pdf").write_bytes(pdf())
    await iehe("document", "put", one.handle.id, LETTER, str(tmp_path / "letter.pdf"))
    await one.until(f"state #>> '{{documents,{LETTER},state}}' = 'received'")
    told = await iehe("document", "chase", "--document", LETTER, "--process", "school-outreach", "--json")
    assert [each["case_id"] for each in told.json["cases"]] == [other.handle.id]
    strange = await iehe("document", "chase", "--document", "no-such", "--json")
    assert (strange.code, "unknown-value" in strange.out + strange.err) == (2, True)


async def test_a_case_that_cannot_be_asked_holds_up_no_other(schools: Schools, iehe: Shell) -> None:
    """Its answer says why, and the command ends with a code of its own."""
    lost, other = sorted([await schools.ask(), await schools.ask()], key=lambda each: each.handle.id)
    await lost.handle.terminate("lost")
    told = await iehe("document", "chase", "--json")
    assert told.code == 12
    assert [each["result"] for each in told.json["cases"]] == ["refused", "asked"]
    assert told.json["cases"][0]["code"] == "workflow-lost"
    await other.sent()


async def test_who_may_not_chase_asks_nobody(schools: Schools, iehe: Shell) -> None:
    """It is the office's decision in every case, and so in all together."""
    await schools.ask()
    told = await iehe("document", "chase", by="lecturer-1")
    assert (told.code, "connection_office" in told.err) == (6, True)
    assert await chasers(schools) == []


async def test_a_system_of_the_office_asks_over_http_some_at_a_time(schools: Schools, door: Door) -> None:
    """Each answer says from where to go on; sent again on that day nobody hears it twice."""
    ids = sorted([(await schools.ask()).handle.id for _ in range(3)])
    asked = {"process": "school-outreach", "limit": 2}
    first = (await door.post("/documents/chases", asked)).json()
    assert [(each["case_id"], each["result"]) for each in first["cases"]] == [
        (each, "asked") for each in ids[:2]
    ]
    rest = (await door.post("/documents/chases", asked | {"after": first["next"]})).json()
    assert [(each["case_id"], each["result"]) for each in rest["cases"]] == [(ids[2], "asked")]
    assert rest["next"] is None
    again = (await door.post("/documents/chases", {"process": "school-outreach"})).json()
    assert again["counts"] == {"asked": 0, "repeated": 3, "refused": 0}
    assert [case_id for case_id, _ in await chasers(schools)] == ids


async def test_over_http_no_case_is_begun_when_time_is_up(schools: Schools, door: Door, monkeypatch) -> None:
    """Servers that answer late: what was done is told, and from where to go on."""
    ids = sorted([(await schools.ask()).handle.id for _ in range(2)])
    monkeypatch.setattr(chasing, "SECONDS", 0)
    asked = {"process": "school-outreach"}
    first = (await door.post("/documents/chases", asked)).json()
    assert ([each["case_id"] for each in first["cases"]], first["next"]) == (ids[:1], ids[0])
    rest = (await door.post("/documents/chases", asked | {"after": first["next"]})).json()
    assert [each["case_id"] for each in rest["cases"]] == ids[1:]


async def test_over_http_a_lost_case_is_named_and_holds_up_no_other(schools: Schools, door: Door) -> None:
    """With why, in both languages."""
    lost, other = sorted([await schools.ask(), await schools.ask()], key=lambda each: each.handle.id)
    await lost.handle.terminate("lost")
    told = (await door.post("/documents/chases", {"process": "school-outreach", "document": LETTER})).json()
    assert [(each["case_id"], each["result"]) for each in told["cases"]] == [
        (lost.handle.id, "refused"),
        (other.handle.id, "asked"),
    ]
    assert told["cases"][0]["code"]
    assert all(told["cases"][0]["message"].values())


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"process": "admission-review"}, 404, "no-documents-there"),
        ({"process": "school-outreach", "document": "no-such"}, 404, "unknown-document"),
        ({"process": "school-outreach", "limit": 51}, 400, "invalid-request"),
        ({}, 400, "invalid-request"),
    ],
)
async def test_what_is_asked_wrongly_over_http_asks_nobody(schools, door: Door, body, status, code) -> None:
    """A misspelled document is not taken for all of them."""
    await schools.ask()
    answer = await door.post("/documents/chases", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await chasers(schools) == []


async def test_who_may_not_chase_asks_nobody_over_http(schools: Schools, door: Door) -> None:
    """Neither without a token nor without the role."""
    await schools.ask()
    asked = {"process": "school-outreach"}
    assert (await door.http.post("/documents/chases", json=asked)).status_code == 401
    assert (await door.post("/documents/chases", asked, by="lecturer-1")).status_code == 403
    assert await chasers(schools) == []
