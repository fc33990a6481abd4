"""What `iehe support` shows and changes, over HTTP: the same answers, within the same sight."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from gateway.documents.openapi import openapi
from gateway.rooms import DOORS, FILE_LIMIT
from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401 - fixtures
from tests.support.office import Case, Office
from tests.support.test_report import referred
from tests.support.test_sight import PEOPLE, SITUATIONS, Sights, sights  # noqa: F401 - the fixture
from workflows.kernel.sight import Field

pytestmark = pytest.mark.situations()
BOARDS = {"queue": "cases", "load": "owners", "breaches": "breaches", "crises": "crises"}
READ = "SELECT count(*) FROM iehe.case_reads WHERE case_id = $1 AND staff_id = $2 AND what = $3"
IN_THE_MATRIX = {
    *("/support/queue", "/support/load", "/support/breaches", "/support/crises", "/support/referrals"),
    *("/support/incidents", "/support/incidents/{incident}"),
    *("/support/records/{case_id}", "/support/extracts/{case_id}", "/support/letters/{case_id}"),
}
OF_NO_CASE = {
    *("/support/members", "/support/rota", "/support/rota/gaps", "/support/closures"),
    "/support/reports/{year}",
}
NOT_THERE = "support/NOSUCHCASENOSUCHCASE"


async def ask(
    at: Sights,
    method: str,
    path: str,
    by: str,
    body: Any = None,
    **headers: str,
) -> httpx2.Response:
    """A request with the token of a member of staff."""
    sent = {"Authorization": f"Bearer {at.desk.token(by)}"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return await at.desk.http.request(method, path, json=body, headers=sent)


async def told(
    at: Sights,
    method: str,
    path: str,
    by: str,
    body: Any = None,
    **headers: str,
) -> Any:
    """The answer of one that is taken."""
    answer = await ask(at, method, path, by, body, **headers)
    assert answer.status_code in (200, 202), answer.text
    return answer.json()


async def refusal(at: Sights, method: str, path: str, by: str, body: Any = None) -> tuple[int, str]:
    """Status and code of one that is not."""
    answer = await ask(at, method, path, by, body)
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


async def send_file(at: Sights, name: str, by: str, content: bytes, query: str = "") -> httpx2.Response:
    """A file, as it is."""
    headers = {
        "Authorization": f"Bearer {at.desk.token(by)}",
        "Content-Type": "application/octet-stream",
    }
    return await at.desk.http.post(f"/support/{name}/file{query}", content=content, headers=headers)


def test_every_door_of_a_room_is_under_its_name_and_described() -> None:
    """So that no room takes a path of another one or of the host."""
    described = {(method.upper(), path) for path, methods in openapi()["paths"].items() for method in methods}
    doors = [door.operation for door in DOORS["support-case"]]
    assert len(doors) == len({(each.method, each.path) for each in doors})
    for each in doors:
        assert each.path.startswith("/support/")
        assert (each.method, each.path) in described


def test_p02_each_door_that_shows_cases_is_in_the_matrix() -> None:
    """A new one is put among those of the matrix below, or of those that tell of no case."""
    shown = {door.operation.path for door in DOORS["support-case"] if door.operation.method == "GET"}
    assert shown == IN_THE_MATRIX | OF_NO_CASE


@pytest.mark.situations("owned")
async def test_p02_no_door_of_the_room_is_open_to_who_is_not_proven(sights: Sights) -> None:  # noqa: F811
    """Without a token nothing is told, whatever is asked for."""
    for door in DOORS["support-case"]:
        path = door.operation.path.replace("{case_id}", sights.cases["owned"].handle.id)
        answer = await sights.desk.http.request(door.operation.method, path)
        assert answer.status_code == 401, door.operation.path


@pytest.mark.situations(*SITUATIONS)
async def test_the_boards_tell_over_http_what_the_command_line_tells(
    sights: Sights,  # noqa: F811
    iehe: CommandLine,  # noqa: F811
) -> None:
    """Row by row, to each within their sight."""
    seen: dict[str, list[Any]] = {board: [] for board in BOARDS}
    for who in ("head-1", "triage-1", "counsellor-1", "nurse-1", "office-1"):
        for board, rows in BOARDS.items():
            over_http = (await told(sights, "GET", f"/support/{board}", who))[rows]
            typed = await iehe.ok("support", board, by=who)
            assert [plain(row) for row in over_http] == [plain(row) for row in typed], (board, who)
            seen[board] += over_http
    assert all(seen[board] for board in ("queue", "load", "crises"))


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its moments as moments; a counting, which ends with the minute of the look, up to that."""
    told = dict(row)
    for name, value in row.items():
        if value and name.endswith(("_at", "since", "until")):
            told[name] = datetime.fromisoformat(value)
    counting = told.pop("calculation", None)
    return told | (
        {"calculation": {name: lines[:-1] for name, lines in counting.items()}} if counting else {}
    )


@pytest.mark.situations(*SITUATIONS)
async def test_p02_each_door_shows_each_person_the_cases_of_their_own(sights: Sights) -> None:  # noqa: F811
    """The matrix once more: boards, crises, incidents, records and words; what is not seen is not there."""
    opened = await told(sights, "POST", "/support/incidents", "head-1", {"label": "flood-1"})
    incident = f"/support/incidents/{opened['incident']}"
    await sights.office.owner.execute(
        "INSERT INTO iehe.support_incident_cases (case_id, incident, added_by) "
        "SELECT c, $2, 'test' FROM unnest($1::text[]) c",
        *([case.handle.id for case in sights.cases.values()], opened["incident"]),
    )
    for name in PEOPLE:
        seen, work = sights.expected(name), sights.expected(name, Field.WORK)
        personal = sights.expected(name, Field.PERSONAL)
        queue = (await told(sights, "GET", "/support/queue", name))["cases"]
        assert sights.situations({row["case_id"] for row in queue}) == work, name
        crises = (await told(sights, "GET", "/support/crises", name))["crises"]
        assert sights.situations({row["case_id"] for row in crises}) == work & {"paged"}, name
        missed = (await told(sights, "GET", "/support/breaches", name))["breaches"]
        assert sights.situations({row["case_id"] for row in missed}) <= work, name
        owners = (await told(sights, "GET", "/support/load", name))["owners"]
        assert sum(row["open"] for row in owners) == len(work), name
        rows = (await told(sights, "GET", incident, name))["cases"]
        assert sights.situations({row["case_id"] for row in rows}) == seen, name
        (listed,) = (await told(sights, "GET", "/support/incidents", name))["incidents"]
        assert listed["cases"] == len(seen), name
        assert (await told(sights, "GET", "/support/referrals", name))["referrals"] == []
        for situation, case in sights.cases.items():
            path = f"/support/records/{case.handle.id}"
            answer = await ask(sights, "GET", path, name)
            assert answer.status_code == (200 if situation in seen else 404), (name, situation)
            if situation in seen - work:
                assert not answer.json()["record"].get("scores"), (name, situation)
            words = await ask(sights, "GET", f"{path}?personal=true", name)
            expected = 200 if situation in personal else 403 if situation in seen else 404
            assert words.status_code == expected, (name, situation)
            letter = await ask(sights, "GET", f"/support/letters/{case.handle.id}?key=k", name)
            assert (letter.status_code, "no-such-letter" in letter.text) == (
                (404, True) if situation in personal else (expected, False)
            ), (name, situation)
            extract = await ask(sights, "GET", f"/support/extracts/{case.handle.id}", name)
            assert extract.status_code == (404 if name == "access-1" else 403), (name, situation)


@pytest.mark.situations("against")
async def test_p02_no_door_of_the_room_tells_whether_there_is_a_case(sights: Sights) -> None:  # noqa: F811
    """Who sees none gets one answer, whether or not it is there; nor is there a case of another room."""
    there = sights.cases["against"].handle.id
    opened = await told(sights, "POST", "/support/incidents", "triage-1", {"label": "flood-2"})
    doors = [
        ("GET", "/support/records/{}"),
        ("GET", "/support/records/{}?personal=true"),
        ("GET", "/support/letters/{}?key=k"),
        ("PUT", f"/support/incidents/{opened['incident']}/cases/{{}}"),
    ]
    for method, path in doors:
        for each in (there, NOT_THERE, "admission/A2027-000001"):
            assert await refusal(sights, method, path.format(each), "triage-1") == (404, "no-such-case")
    for each in (there, NOT_THERE):
        assert await refusal(sights, "GET", f"/support/extracts/{each}", "access-1") == (404, "no-such-case")


@pytest.mark.situations("owned")
async def test_p03_each_look_over_http_is_one_read(sights: Sights) -> None:  # noqa: F811
    """A board, a record, its words; before anything is shown, and under what it was."""
    case_id = sights.cases["owned"].handle.id
    path = f"/support/records/{case_id}"
    words = (await told(sights, "GET", f"{path}?personal=true", "counsellor-1"))["words"]
    assert any("花子" in each["body"] for each in words)
    assert (await told(sights, "GET", path, "counsellor-1"))["words"] is None
    await told(sights, "GET", "/support/queue", "counsellor-1")
    for what in ("words", "page", "list"):
        assert await sights.office.owner.fetchval(READ, case_id, "counsellor-1", what) == 1, what


async def test_p05_who_has_referred_is_told_over_http_that_contact_was_made(
    sights: Sights,  # noqa: F811
) -> None:
    """And nothing further; nobody else is told of it."""
    form = {"way": "desk", "person": "S2026-0099", "words": "講義で泣いていました（見本）"}
    body = {"process": "support-case", "form": form}
    case_id = (await sights.desk.post("/cases", body, "office-1", Idempotency_Key=uuid4().hex)).json()[
        "case_id"
    ]
    (row,) = (await told(sights, "GET", "/support/referrals", "office-1"))["referrals"]
    assert row.keys() == {"case_id", "referred_at", "contact", "contact_at"}
    assert (row["case_id"], row["contact"]) == (case_id, "not-yet")
    assert (await told(sights, "GET", "/support/referrals", "head-1"))["referrals"] == []
    shut_out = "INSERT INTO iehe.case_shut_out VALUES ($1, 'office-1', now())"
    await sights.office.owner.execute(shut_out, case_id)
    assert (await told(sights, "GET", "/support/referrals", "office-1"))["referrals"] == [], "against them"


async def test_p09_the_report_is_the_published_one_for_who_may_read_it(
    sights: Sights,  # noqa: F811
    iehe: CommandLine,  # noqa: F811
) -> None:
    """Counted once for all doors; other roles, a running year and no year get none."""
    await referred(sights.office, 2024, {"desk": 12, "form": 8, "helpdesk": 3})
    report = await told(sights, "GET", "/support/reports/2024", "vice-1")
    assert (report["referrals"], report["tables"]["way"]["desk"]) == (23, 12)
    assert report["tables"]["way"]["helpdesk"] is None
    assert (await iehe.ok("support", "report", "2024", by="head-1"))["tables"] == report["tables"]
    for who in ("counsellor-1", "triage-1", "office-1"):
        assert await refusal(sights, "GET", "/support/reports/2024", who) == (403, "role-missing")
    assert await refusal(sights, "GET", "/support/reports/2199", "head-1") == (409, "year-not-over")
    for year in ("12", "9999", "last", "9" * 30):
        assert (await refusal(sights, "GET", f"/support/reports/{year}", "head-1"))[0] == 404


async def test_the_head_changes_who_works_in_a_unit(sights: Sights) -> None:  # noqa: F811
    """Twice the same is once; it is logged; who does not work there cannot be taken away."""
    path = "/support/members/health/counsellor-2"
    assert await refusal(sights, "PUT", path, "counsellor-1", {}) == (403, "role-missing")
    for lead in (False, True):
        await told(sights, "PUT", path, "head-1", {"lead": lead})
    rows = (await told(sights, "GET", "/support/members?unit=health", "office-1"))["members"]
    assert [(row["staff_id"], row["lead"]) for row in rows] == [("counsellor-2", True), ("nurse-1", False)]
    await told(sights, "DELETE", path, "head-1")
    gone = [path, "/support/members/nowhere/nurse-1", "/support/members/health/%00"]
    for each in gone:
        assert await refusal(sights, "DELETE", each, "head-1") == (404, "no-such-member")
    logged = "SELECT act FROM iehe.administration_log WHERE subject = 'health/counsellor-2' ORDER BY entry"
    acts = [row["act"] for row in await sights.office.owner.fetch(logged)]
    assert acts == ["add-member", "add-member", "remove-member"]


async def reachable(office: Office, *names: str) -> None:
    """Two tested channels for each."""
    await office.owner.execute(
        "INSERT INTO iehe.webhooks (name, url) VALUES ('pager', 'https://pager.example.ac.jp/')"
    )
    for name in names:
        for channel in ("mail", "webhook:pager"):
            await office.owner.execute(
                "INSERT INTO iehe.staff_channels (staff_id, channel, address, tested_at) "
                "VALUES ($1, $2, $1 || '@example.ac.jp', now())",
                *(name, channel),
            )


async def test_e11_a_shift_is_planned_moved_and_changes_hands_over_http(sights: Sights) -> None:  # noqa: F811
    """The same shift again is the same one; taken away, it is a gap."""
    await reachable(sights.office, "duty-1", "duty-2")
    await sights.office.owner.execute("DELETE FROM iehe.support_rota")
    begins = datetime.fromisoformat("2099-04-01T09:00:00+09:00")
    times = {"begins_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=8)).isoformat()}
    body = {"place": "first", "staff_id": "duty-1", **times}
    assert await refusal(sights, "POST", "/support/rota", "counsellor-1", body) == (403, "role-missing")
    shift = (await told(sights, "POST", "/support/rota", "head-1", body))["shift"]
    assert (await told(sights, "POST", "/support/rota", "head-1", body))["shift"] == shift
    other = body | {"staff_id": "duty-2"}
    assert await refusal(sights, "POST", "/support/rota", "head-1", other) == (409, "shift-overlaps")
    backwards = {"begins_at": times["ends_at"], "ends_at": times["begins_at"]}
    path = f"/support/rota/{shift}"
    long_ago = {"begins_at": "0001-01-01T00:00:00+14:00", "ends_at": "9999-12-31T23:59:59-14:00"}
    assert (await refusal(sights, "PUT", path, "duty-1", long_ago))[0] == 400
    assert await refusal(sights, "PUT", path, "duty-1", backwards) == (400, "shift-ends-first")
    await told(sights, "PUT", path, "duty-1", times)
    mine = {"staff_id": "duty-1"}
    assert await refusal(sights, "POST", f"{path}/offer", "duty-1", mine) == (400, "swap-with-oneself")
    offer = {"staff_id": "duty-2"}
    assert await refusal(sights, "POST", f"{path}/offer", "duty-2", {"staff_id": "duty-1"}) == (
        *(403, "shift-not-yours"),
    )
    await told(sights, "POST", f"{path}/offer", "duty-1", offer)
    accepted = await told(sights, "POST", f"{path}/answer", "duty-2", {"said": "accepted"})
    assert accepted == {"shift": shift, "state": "accepted", "other": "duty-1"}
    whose = await told(sights, "DELETE", path, "head-1")
    assert whose == {"shift": shift, "staff_id": "duty-2"}
    assert await refusal(sights, "DELETE", path, "head-1") == (404, "no-such-shift")
    assert (await refusal(sights, "DELETE", "/support/rota/first", "head-1"))[0] == 404
    gaps = (await told(sights, "GET", "/support/rota/gaps?days=1", "office-1"))["gaps"]
    assert {gap["place"] for gap in gaps} == {"first", "second"}
    assert (await told(sights, "GET", "/support/rota", "office-1"))["shifts"] == []


@pytest.mark.situations("referred")
async def test_s16_an_incident_is_opened_filled_and_closed_over_http(sights: Sights) -> None:  # noqa: F811
    """A label that is open is the same incident; closing it closes no case."""
    body = {"label": "bus-2026-11"}
    assert await refusal(sights, "POST", "/support/incidents", "counsellor-1", body) == (403, "role-missing")
    numbers = {
        (await told(sights, "POST", "/support/incidents", "triage-1", body))["incident"] for _ in range(2)
    }
    (number,) = numbers
    case_id = sights.cases["referred"].handle.id
    add = f"/support/incidents/{number}/cases/{case_id}"
    for _ in range(2):
        await told(sights, "PUT", add, "triage-1")
    rows = (await told(sights, "GET", f"/support/incidents/{number}", "triage-1"))["cases"]
    assert [row["case_id"] for row in rows] == [case_id]
    await told(sights, "POST", f"/support/incidents/{number}/close", "head-1")
    assert await refusal(sights, "PUT", add, "triage-1") == (404, "no-such-incident")
    assert await refusal(sights, "GET", "/support/incidents/999", "triage-1") == (404, "no-such-incident")
    words = {"label": "バス事故"}
    assert await refusal(sights, "POST", "/support/incidents", "head-1", words) == (400, "invalid-request")


@pytest.mark.situations("owned")
async def test_p07_a_letter_is_decided_and_then_read_over_http(sights: Sights) -> None:  # noqa: F811
    """By the key of its decision, by who has decided it; on record before it is on paper."""
    case_id = sights.cases["owned"].handle.id
    path = f"/support/letters/{case_id}?key=letter-1"
    assert await refusal(sights, "GET", path, "counsellor-1") == (404, "no-such-letter")
    body = {
        "unit": "hospital",
        "parts": ["person"],
        "ground": "danger",
        "reason": "受診のため（見本）",
        "remark": "眠れないとのことです（見本）。",
    }
    made = await sights.desk.decide(case_id, "write-letter", body, by="counsellor-1", key="letter-1")
    assert made.status_code == 200, made.text
    text = (await told(sights, "GET", path, "counsellor-1"))["text"]
    for there in ("紹介状 / Letter of referral", "hospital", "S2026-0042", "眠れないとのことです"):
        assert there in text
    assert "受診のため" not in text
    assert await refusal(sights, "GET", path, "lead-1") == (404, "no-such-letter")
    assert await refusal(sights, "GET", path, "head-1") == (403, "role-missing")
    assert await sights.office.owner.fetchval(READ, case_id, "counsellor-1", "letter") == 2


@pytest.mark.situations("owned")
async def test_p08_the_extract_is_read_over_http_by_the_disclosure_office_alone(
    sights: Sights,  # noqa: F811
) -> None:
    """What the answer discloses and no more; logged by its hash."""
    case, case_id = sights.cases["owned"], sights.cases["owned"].handle.id
    path = f"/support/extracts/{case_id}"
    asked = await sights.desk.decide(case_id, "request-access", {"identified": True}, by="triage-1")
    assert asked.status_code == 200, asked.text
    assert await refusal(sights, "GET", path, "access-1") == (409, "access-unanswered")
    answer = {"ground": "all", "parts": ["case"]}
    answered = await sights.desk.decide(case_id, "answer-access", answer, by="access-1")
    assert answered.status_code == 200, answered.text
    assert await refusal(sights, "GET", path, "counsellor-1") == (403, "role-missing")
    paper = await told(sights, "GET", path, "access-1")
    assert paper["parts"] == ["case"]
    assert "個人情報の開示" in paper["text"]
    assert "counsellor-1" not in paper["text"]
    logged = "SELECT details FROM iehe.administration_log WHERE act = 'extract' AND subject = $1"
    assert "sha256" in await case.office.owner.fetchval(logged, case_id)


async def test_a_file_of_alerts_is_taken_over_http_whole_and_once(sights: Sights) -> None:  # noqa: F811
    """The check changes nothing; a fault is told by its place and never by its value."""
    count = "SELECT count(*) FROM iehe.support_referrals WHERE way = 'early-alert'"
    good = "学籍番号,科目,欠席数\nS2026-0099,math-101,6\nS2026-0099,phys-1,5\n".encode("cp932")
    checked = await send_file(sights, "alerts", "triage-1", good, "?check=true")
    assert checked.json() == {"checked_only": True, "counts": {"rows": 2}, "warnings": []}
    assert await sights.office.owner.fetchval(count) == 0
    for told_of in ({"referred": 1, "told": 1, "same": 0}, {"referred": 0, "told": 0, "same": 2}):
        taken = await send_file(sights, "alerts", "triage-1", good)
        assert taken.json()["counts"] == told_of
    bad = good + "見本太郎,math-101,4\n".encode("cp932")
    refused_ = await send_file(sights, "alerts", "triage-1", bad)
    assert (refused_.status_code, refused_.json()["faults"]) == (
        *(400, [{"at": "row:4:A", "code": "code-invalid"}]),
    )
    assert "見本" not in refused_.text
    assert (await send_file(sights, "alerts", "counsellor-1", good)).status_code == 403


async def test_files_of_closures_and_of_the_rota_are_taken_over_http(sights: Sights) -> None:  # noqa: F811
    """Each under its act; what is there already stays; a closure can be taken back."""
    await reachable(sights.office, "duty-1", "duty-2")
    await sights.office.owner.execute("DELETE FROM iehe.support_rota")
    shifts = "日付,時間帯,当番,副当番\n2099-04-01,9:00-17:00,duty-1,duty-2\n".encode()
    for counts in ({"new": 2, "same": 0}, {"new": 0, "same": 2}):
        assert (await send_file(sights, "rota", "head-1", shifts)).json()["counts"] == counts
    closed = "開始日,終了日,開始時刻,終了時刻,暦,理由\n2099-12-28,2100-01-05,,,,年末年始\n".encode()
    assert (await send_file(sights, "closures", "duty-1", closed)).status_code == 403
    taken = await send_file(sights, "closures", "head-1", closed)
    assert taken.json()["counts"] == {"new": 1, "same": 0}, taken.text
    (row,) = (await told(sights, "GET", "/support/closures", "office-1"))["closures"]
    assert (row["first"], row["last"], row["opens"]) == ("2099-12-28", "2100-01-05", None)
    path = f"/support/closures/{row['closure']}"
    await told(sights, "DELETE", path, "head-1")
    assert await refusal(sights, "DELETE", path, "head-1") == (404, "closure-unknown")


async def test_a_file_has_its_limit_and_its_media_type(sights: Sights, tmp_path: Path) -> None:  # noqa: F811
    """Neither a larger one nor what says to be JSON; a workbook that asks for too much is refused."""
    assert (await send_file(sights, "rota", "head-1", b"x" * (FILE_LIMIT + 1))).status_code == 413
    assert await refusal(sights, "POST", "/support/rota/file", "head-1", {}) == (
        *(415, "unsupported-media-type"),
    )
    broken = await send_file(sights, "rota", "head-1", b"PK\x03\x04 no workbook")
    assert broken.status_code == 400
    assert broken.json()["faults"][0]["at"] == ""


async def test_a_refusal_is_said_in_the_language_of_who_asks(sights: Sights) -> None:  # noqa: F811
    """By Accept-Language, as at every other door."""
    path = "/support/incidents/999"
    for language, words in (("ja", "集団事案"), ("en", "no open incident")):
        answer = await ask(sights, "GET", path, "head-1", Accept_Language=language)
        assert words in answer.json()["detail"]
        assert answer.headers["content-language"] == language


async def test_a_query_that_is_none_of_the_door_is_refused(sights: Sights) -> None:  # noqa: F811
    """Unknown names, and numbers beyond what is looked at."""
    for path in ("queue?limit=1000", "queue?page=2", "breaches?days=401", "members?unit=nowhere"):
        assert await refusal(sights, "GET", f"/support/{path}", "head-1") == (400, "invalid-request")


@pytest.mark.situations("owned")
async def test_a_fact_is_entered_over_http_once(sights: Sights) -> None:  # noqa: F811
    """By who may enter facts of a case that they see; its words are kept apart; the case takes it."""
    case: Case = sights.cases["owned"]
    path = f"/cases/{case.handle.id}/facts/message-arrived"
    body = {"data": {"thread": "t-1", "direction": "in", "sender": "student", "words": "相談したい（見本）"}}
    for who, expected in (("office-1", 404), ("auditor-1", 403)):
        answer = await ask(sights, "POST", path, who, body, Idempotency_Key="m-1")
        assert answer.status_code == expected
    for _ in range(2):
        stored = await told(sights, "POST", path, "counsellor-1", body, Idempotency_Key="m-1")
        assert (stored["source"], stored["id"]) == ("iehe-http:counsellor-1", "m-1")
    await case.until_sent("case-news")
    log = "SELECT count(*) FROM iehe.case_log WHERE case_id = $1 AND cause = $2"
    assert await case.office.owner.fetchval(log, case.handle.id, "iehe-http:counsellor-1#m-1") == 1
    kept = await case.office.owner.fetch("SELECT envelope::text FROM iehe.events WHERE id = 'm-1'")
    assert "相談したい" not in str(kept)
    faulty = await ask(sights, "POST", path, "counsellor-1", {"data": {}}, Idempotency_Key="m-2")
    assert faulty.json()["faults"][0]["at"].startswith("/data/")
    none = await ask(sights, "POST", f"{path}x", "counsellor-1", body, Idempotency_Key="m-3")
    assert (none.status_code, none.json()["code"]) == (404, "no-such-fact")
