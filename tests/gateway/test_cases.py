"""Cases over HTTP: read by those whom they concern, page by page, and started once."""

import asyncio
import json
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta

import pytest

from cases.starting import start_cases, waiting_to_start
from schemas.admission.commands import DeclineReview
from tests.gateway.office import desk, lonely_desk  # noqa: F401
from tests.office import person
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name


def row_body(**changes) -> dict:
    return person(**changes).model_dump(mode="json")


def one(row: dict) -> dict:
    return {"process": "admission-review", "application": row}


async def test_case_as_it_stands(institute, desk) -> None:
    """Stage in both languages, tasks, counted deadlines, what may be decided now; 304 without change."""
    case = await institute.apply()
    await case.complete()

    answer = await desk.get(f"/cases/{case.case_id}")
    told = answer.json()
    same = await desk.get(f"/cases/{case.case_id}", headers={"If-None-Match": answer.headers["etag"]})

    assert answer.headers["etag"] == f'"{told["version"]}"'
    assert (told["stage"], told["stage_text"]["ja"]) == ("eligibility", "資格審査")
    assert [task["kind"] for task in told["tasks"]] == ["check-eligibility"]
    assert all(
        deadline["calculation"]["ja"] for deadline in told["deadlines"] if deadline["state"] == "running"
    )
    possible = {each["name"] for each in told["possible"]}
    assert {"confirm-eligibility", "withdraw"} <= possible
    assert possible.isdisjoint({"change-policy", "accept-review", "open"})
    assert (same.status_code, same.content) == (304, b"")
    assert (await desk.http.head("/cases")).status_code == 401


async def test_a_given_time_is_told(institute, desk) -> None:
    """What happened when, where somebody said so, and when it was entered."""
    case = await institute.apply()
    await case.until_stage("completeness")
    at = (await case.now() - timedelta(hours=5)).replace(microsecond=0)
    await case.event("fee-paid", at=at)

    (fact,) = (await desk.get(f"/cases/{case.case_id}", "office-1")).json()["facts"]

    assert (fact["step"], datetime.fromisoformat(fact["happened_at"])) == ("item-arrived", at)
    assert datetime.fromisoformat(fact["entered_at"]) > at


async def test_reviewers_see_only_theirs(institute, desk) -> None:
    """A reviewer finds the own case with the own task, nothing of the others; a stranger finds none."""
    case = await institute.apply()
    other = await institute.apply()
    mine, *others = await case.to_review()
    stranger = next(f"reviewer-{n}" for n in range(1, 7) if f"reviewer-{n}" not in (mine, *others))

    listed = (await desk.get("/cases", by=mine)).json()["cases"]
    told = (await desk.get(f"/cases/{case.case_id}", by=mine)).text
    tasks = (await desk.get("/tasks", by=mine)).json()["tasks"]

    assert [each["case_id"] for each in listed] == [case.case_id]
    assert mine in told
    assert not [each for each in others if each in told]
    assert {each["assignee"] for each in tasks} == {mine}
    assert (await desk.get("/tasks", by=mine, params={"assignee": others[0]})).json()["tasks"] == []
    for path in (f"/cases/{case.case_id}", f"/cases/{other.case_id}"):
        assert (await desk.get(path, by=stranger)).status_code == 404
    assert (await desk.get("/cases", by="member-1")).json()["cases"] == []

    await case.decide(DeclineReview, mine, conflict=True)
    assert (await desk.get(f"/cases/{case.case_id}", by=mine)).status_code == 404


async def test_committee_sees_what_is_before_it(institute, desk) -> None:
    """A member of the committee finds the case once it is convened, without points or other votes."""
    case = await institute.apply()
    await case.to_committee()

    listed = (await desk.get("/cases", by="member-1")).json()["cases"]
    told = (await desk.get(f"/cases/{case.case_id}", by="member-1")).json()

    assert [each["case_id"] for each in listed] == [case.case_id]
    assert [each["assignee"] for each in told["tasks"]] == ["member-1"]
    assert "points" not in json.dumps(told)


async def test_nothing_personal_is_told(institute, desk) -> None:
    """Marked data of an applicant is in no answer, whoever asks for whatever."""
    marks = {
        "family_name": "標印",
        "given_name": "花子",
        "family_kana": "ヒョウイン",
        "given_kana": "ハナコ",
        "email": "mark-4711@example.com",
        "address": "見本県標印市4711",
        "guardian_name": "標印太郎",
        "school_name": "標印高等学校",
        "statement": "標印の志望理由",
    }
    case = await institute.apply(person(**marks))
    mine, *_ = await case.to_review()

    told = ""
    for by in ("office-1", "head-1", mine):
        for path in ("/cases", f"/cases/{case.case_id}", "/tasks", "/cases?outcome=none"):
            answer = await desk.get(path, by=by)
            assert answer.status_code == 200
            told += answer.text

    assert case.case_id in told
    assert not [mark for mark in (*marks.values(), "標印") if mark in told]


async def test_pages_are_complete_while_cases_come(institute, desk) -> None:
    """Every case that was there comes once, in order, although others are added between the pages."""
    cases = await asyncio.gather(*(institute.apply() for _ in range(7)))
    for case in cases:
        await case.until_stage("completeness")
    before = {case.case_id for case in cases}

    found, path = [], "/cases?limit=2&state=open&process=admission-review"
    while path:
        answer = await desk.get(path)
        page = answer.json()
        found += [each["case_id"] for each in page["cases"]]
        assert (f'<{page["next"]}>; rel="next"' == answer.headers.get("link")) == bool(page["next"])
        path = page["next"]
        if len(found) == 4:
            await (await institute.apply()).until_stage("completeness")

    assert found == sorted(set(found))
    assert before <= set(found)


async def test_filters(institute, desk) -> None:
    """Cases and tasks by what is asked for; an unknown parameter, stage or cursor is a fault by its name."""
    early, late = await institute.apply(), await institute.apply()
    await early.until_stage("completeness")
    await late.complete()

    async def ids(path: str) -> list[str]:
        return [each["case_id"] for each in next(iter((await desk.get(path)).json().values()))]

    assert await ids("/cases?stage=eligibility") == [late.case_id]
    assert await ids("/cases?waiting_for=admissions_office") == [late.case_id]
    assert len(await ids("/cases?label=round_id:2027-comprehensive&overdue=false")) == 2
    assert await ids("/cases?label=programme:science&label=round_id:other") == []
    first = (
        await desk.get("/cases?label=programme:science&label=round_id:2027-comprehensive&limit=1")
    ).json()
    assert [each["labels"] for each in first["cases"]] == [
        {"round_id": "2027-comprehensive", "programme": "science"}
    ]
    assert await ids(first["next"]) == [max(early.case_id, late.case_id)]
    assert await ids(first["next"].replace("science", "law")) == []
    assert await ids("/cases?state=closed") == []
    assert await ids("/tasks?role=admissions_office") == [late.case_id]
    assert await ids("/tasks?role=reviewer") == []
    for query, at in {
        "colour=red": "query",
        "stage=nowhere": "query:stage",
        "limit=201": "query:limit",
        "overdue=yes": "query:overdue",
        "cursor=abc": "query:cursor",
        "label=round_id:%00": "query:label",
        "label=colour:red": "query:label",
        "label=round_id": "query:label",
        "label=round_id:a&label=round_id:b": "query:label",
        "limit=1&limit=2": "query:limit",
    }.items():
        answer = await desk.get(f"/cases?{query}")
        assert answer.status_code == 400, query
        assert [fault["at"] for fault in answer.json()["faults"]] == [at]


async def test_a_search_finds_what_who_asks_may_see(institute, desk) -> None:
    """By number, and for the office by name, which is not told; nothing stands beside it."""
    case = await institute.apply(person(family_name="標印", given_name="花子", family_kana="ヒョウイン"))
    reviewer, *_ = await case.to_review()

    for text in (case.row.application_no.lower(), "標印", "ﾋｮｳｲﾝ"):
        assert await found_by(desk, "office-1", text) == [case.case_id]
    assert await found_by(desk, reviewer, case.row.application_no) == [case.case_id]
    assert await found_by(desk, reviewer, "標印") == []
    assert await found_by(desk, "member-1", case.row.application_no) == []
    assert "花子" not in (await desk.get("/cases", params={"q": "標印"})).text
    refused = await desk.get("/cases?q=A&stage=review")
    assert (refused.status_code, refused.json()["faults"][0]["at"]) == (400, "query:q")


async def found_by(desk, by: str, text: str) -> list[str]:
    """The cases that a search finds for somebody."""
    answer = (await desk.get("/cases", by=by, params={"q": text})).json()
    assert answer["next"] is None
    return [each["case_id"] for each in answer["cases"]]


async def test_dead_letters_are_tasks_of_the_office(institute, desk) -> None:
    """An event that cannot be delivered is on the office's list, with its reason, and on nobody else's."""
    case = await institute.apply()
    await case.complete()
    for number in (1, 2):
        await institute.pool.execute(
            "INSERT INTO iehe.events "
            "(source, id, type, process, case_id, envelope, state, reason, ended_at) "
            "VALUES ('portal', $1, 't', 'admission-review', 'admission/NONE-1', '{}', 'dead', 'no-case', "
            "now())",
            f"e{number}",
        )

    found, path = [], "/tasks?limit=1"
    while path:
        page = (await desk.get(path)).json()
        found += page["tasks"]
        path = page["next"]

    # due three days after they died, and so before the five working days of a check
    assert [each["kind"] for each in found] == ["dead-letter", "dead-letter", "check-eligibility"]
    assert [each["task"] for each in found[:2]] == ["dead-letter:portal#e1", "dead-letter:portal#e2"]
    assert (found[0]["reason"], found[0]["role"]) == ("no-case", "admissions_office")
    assert (await desk.get("/tasks", by="reviewer-1")).json()["tasks"] == []


async def test_start_once(institute, desk) -> None:
    """201 with its address, then 200 for the same; other content under the same number is a conflict."""
    row = row_body()

    first = await desk.post("/cases", one(row), Idempotency_Key="start-1")
    again = await desk.post("/cases", one(row), Idempotency_Key="start-1")
    unkeyed = await desk.post("/cases", one(row))
    changed = await desk.post("/cases", one(row | {"address": "見本県別市1"}))
    reused = await desk.post("/cases", one(row_body()), Idempotency_Key="start-1")

    case_id = f"admission/{row['application_no']}"
    assert (first.status_code, first.headers["location"]) == (201, f"/cases/{case_id}")
    assert [again.status_code, unkeyed.status_code] == [200, 200]
    assert (changed.status_code, reused.status_code) == (409, 422)
    assert changed.json()["faults"] == [
        {"at": "/application/application_no", "code": "already-imported-differently"}
    ]
    async with asyncio.timeout(10):
        while (await desk.get(f"/cases/{case_id}")).status_code != 200:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("change", "at", "code"),
    [
        ({"birth_date": "2027-13-01"}, "birth_date", "date_parsing"),
        ({"birth_date": "1901-04-02"}, "birth_date", "age-implausible"),
        ({"submitted_on": "2999-01-01"}, "submitted_on", "date-in-future"),
        ({"family_kana": "見本"}, "family_kana", "kana-invalid"),
        ({"programme": "alchemy"}, "programme", "programme-unknown"),
        ({"round_id": "1999-none"}, "round_id", "round-unknown"),
        ({"school_name": "=1+1"}, "school_name", "formula-character"),
        ({"nickname": "ハナ"}, "nickname", "extra_forbidden"),
        ({"email": "a@b"}, "email", "email-invalid"),
    ],
)
async def test_faulty_application(vacant, desk, change, at, code) -> None:
    """What an import would refuse is refused here, by pointer, without the value."""
    answer = await desk.post("/cases", one(row_body() | change))

    assert answer.status_code == 400
    assert {"at": f"/application/{at}", "code": code} in answer.json()["faults"], answer.json()
    assert next(iter(change.values())) not in answer.text
    assert await vacant.pool.fetchval("SELECT count(*) FROM iehe.applications") == 0


async def test_batch_all_or_nothing(vacant, desk, client) -> None:
    """One faulty application keeps all out; a good batch is stored, and started as its address tells."""
    rows = [row_body() for _ in range(5)]
    faulty = [*rows[:3], rows[3] | {"birth_date": "1901-04-02"}, rows[4] | {"application_no": "NODIGIT"}]

    refused = await desk.post("/cases/batch", {"applications": faulty})
    taken = await desk.post("/cases/batch", {"applications": rows})
    again = await desk.post("/cases/batch", {"applications": rows})
    address = taken.headers["location"]
    waiting = (await desk.get(address)).json()

    async def connected(_case_id):
        return client

    await start_cases(vacant.pool, connected, await waiting_to_start(vacant.pool, ["admission"]))

    assert refused.status_code == 400
    assert refused.json()["faults"] == [
        {"at": "/applications/3/birth_date", "code": "age-implausible"},
        {"at": "/applications/4/application_no", "code": "application-no-without-digit"},
    ]
    assert (taken.status_code, taken.json()["stored"]) == (202, 5)
    assert (again.status_code, again.json()["stored"], again.json()["known"]) == (200, 0, 5)
    assert (waiting["stored"], waiting["started"]) == (5, 0)
    assert (await desk.get(address)).json()["started"] == 5
    assert (await desk.get(address, by="reviewer-1")).status_code == 403


async def test_start_while_temporal_is_away(vacant, lonely_desk) -> None:
    """The application is stored and marked to be started by itself; a repeat says so again."""
    row = row_body()

    first = await lonely_desk.post("/cases", one(row))
    again = await lonely_desk.post("/cases", one(row))
    batch = await lonely_desk.post("/cases/batch", {"applications": [row_body(), row_body()]})

    assert [first.status_code, again.status_code, batch.status_code] == [202, 202, 202]
    assert first.json()["state"] == "stored"
    assert await vacant.pool.fetchval("SELECT bool_and(starts_itself) FROM iehe.case_starts")
    assert await vacant.pool.fetchval("SELECT count(*) FROM iehe.case_starts WHERE started_at IS NULL") == 3


@pytest.mark.parametrize("path", ["/cases/%00", "/cases/admission%2FA%00"])
async def test_what_no_case_can_be_called(institute, desk, path):
    """A character that PostgreSQL does not store is no case, whoever asks and whatever for."""
    assert (await desk.get(path)).status_code == 404
    assert (await desk.get(path, by="reviewer-1")).status_code == 404
    decided = await desk.decide(path.removeprefix("/cases/"), "withdraw", {"reason_code": "personal"})
    assert decided.status_code == 404


@pytest.mark.parametrize(
    "moment", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2027-01-01T00:00:00"]
)
async def test_a_made_up_cursor(institute, desk, moment):
    """Moments that no list holds are refused, not looked up."""
    cursor = urlsafe_b64encode(json.dumps([moment, "a", "b"]).encode()).decode().rstrip("=")
    answer = await desk.get(f"/tasks?cursor={cursor}")
    assert answer.status_code == 400
    assert answer.json()["faults"] == [{"at": "query:cursor", "code": "unknown_cursor"}]
