"""The doors of a round over HTTP and at the command line: the same answers, for who may, before and after."""

import logging
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from cli.session import Exit
from schemas.round import commands
from tests.cli.program import Program, elsewhere
from tests.conftest import Database
from tests.gateway.office import Desk, open_desk
from tests.round.bureau import CASE, HEAD, MAPPING, RELEASE, Bureau
from tests.round.test_boards import last_year

STAFF = {
    "office-1": "admissions_office",
    "head-1": "head_of_admissions",
    "checker-1": "checker",
    "auditor-1": "auditor",
    "house-1": "house_office",
}
READERS = {"office-1", "head-1", "checker-1"}
LOADERS = {"office-1", "head-1"}
CANARIES = ("73.125", "61.375", "134.5")
"""Points of one person, and their sum: neither the least nor the most of any part."""
MARKS = {"A0001": ("90", "90"), "A0002": CANARIES[:2], "A0003": ("60", "50"), "A0004": ("50", "40")}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT")
LISTS = (
    f"/round/list/{CASE}/law",
    f"/round/difference/{CASE}/law?since=1",
    f"/round/explanation/{CASE}/A0002",
)
OTHERS = (
    f"/round/lists/{CASE}",
    f"/round/scores/{CASE}",
    f"/round/missing/{CASE}",
    f"/round/frames/{CASE}",
    f"/round/countdown/{CASE}",
    f"/round/verification/{CASE}",
    "/round/results/A0002",
    f"/round/board?round={CASE}",
)


@pytest.fixture
def policy() -> dict[str, object]:
    """Points with three decimals, so that those of one person are known where they are seen."""
    mapping = MAPPING.model_dump(mode="json")
    mapping["parts"] = [{**part, "decimals": 3} for part in mapping["parts"]]
    return {"mappings": {MAPPING.key: mapping}}


@pytest.fixture
async def staff(owner: asyncpg.Connection) -> None:
    for name, role in STAFF.items():
        await owner.execute(
            "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES ($1, $1, $2, $3)",
            *(name, f"{name}@univ.example.jp", [role]),
        )


@pytest.fixture
async def desk(database: Database, client: Any, tmp_path: Path, staff: None) -> AsyncIterator[Desk]:
    async for each in open_desk(database, client, tmp_path):
        yield each


@pytest.fixture
def iehe(database: Database, temporal: Any, tmp_path: Path, staff: None) -> Program:
    return Program(elsewhere(database, temporal, tmp_path / "home")).by("office-1")


def table(marks: dict[str, tuple[str, ...]]) -> bytes:
    rows = ["受験番号,数学,英語", *(",".join([number, *values]) for number, values in marks.items())]
    return "\n".join(rows).encode("cp932")


async def load(desk: Desk, content: bytes, by: str = "office-1", **query: str) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {desk.token(by)}", "Content-Type": "application/octet-stream"}
    asked = {"round": CASE, "mapping": MAPPING.key, "year": "2027", "exam": "general", **query}
    return await desk.http.post("/round/scores/file", content=content, headers=headers, params=asked)


async def apply(bureau: Bureau) -> None:
    await bureau.fixed()
    for number in MARKS:
        await bureau.applies(number)


async def judging(bureau: Bureau, desk: Desk) -> None:
    """The marks are loaded by the door, accepted, ranked."""
    await apply(bureau)
    await bureau.goes_on(RELEASE - timedelta(days=20))
    taken = (await load(desk, table(MARKS), rows="4", sum="514.5")).json()
    await bureau.decide(commands.AcceptBatch, batch=taken["batch"], hash=taken["hash"])
    await bureau.look_at_distribution()
    await bureau.rank()


async def scheduled(bureau: Bureau, desk: Desk) -> None:
    """Confirmed, and a second before the hour."""
    await judging(bureau, desk)
    await bureau.confirmed()
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=RELEASE)
    await bureau.goes_on(RELEASE - timedelta(seconds=1))


def problem(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_file_is_checked_refused_whole_or_loaded(desk: Desk, bureau: Bureau) -> None:
    """A fault has its row and says nothing of what stands there; loaded twice it is one file."""
    await apply(bureau)
    faulty = await load(desk, table({**MARKS, "A0003": ("160.5", "50")}), rows="4", sum="615")
    assert faulty.status_code == 400
    assert {fault["code"] for fault in faulty.json()["faults"]} == {"batch-over-full"}
    assert "row:4" in faulty.text
    assert "160" not in faulty.text
    unknown = await load(desk, table({"A0001": ("90", "90"), "A9999": ("1", "1")}), rows="2", sum="182")
    assert [fault["code"] for fault in unknown.json()["faults"]] == ["batch-number-unknown"]
    wrong = await load(desk, table(MARKS), rows="4", sum="514.25")
    assert [fault["code"] for fault in wrong.json()["faults"]] == ["batch-sum-differs"]
    checked = (await load(desk, table(MARKS), rows="4", sum="514.5", check="true")).json()
    assert (checked["checked_only"], checked["batch"], checked["rows"]) == (True, None, 4)
    assert await bureau.owner.fetchval("SELECT count(*) FROM iehe.batches") == 0
    taken = (await load(desk, table(MARKS), rows="4", sum="514.5")).json()
    assert taken["counts"] == {"new": 8, "same": 0, "changed": 0, "vanished": 0}
    assert taken["hash"] == checked["hash"]
    assert (await load(desk, table(MARKS), rows="4", sum="514.5")).json()["batch"] == taken["batch"]
    assert await bureau.owner.fetchval("SELECT count(*) FROM iehe.batches") == 1


async def test_a_file_needs_the_mapping_of_its_year(desk: Desk, bureau: Bureau) -> None:
    """Fixed with the round's rules; before that none is read, and no key that they do not have."""
    await bureau.open()
    assert problem(await load(desk, table(MARKS))) == (409, "round-unfixed")
    await bureau.decide(commands.FixRules, HEAD, version="default-1")
    assert problem(await load(desk, table(MARKS), mapping="common-test")) == (404, "mapping-unknown")
    assert problem(await load(desk, table(MARKS), round="round/2028-GENERAL")) == (404, "no-such-case")
    assert (await load(desk, table(MARKS), rows="many")).status_code == 400


async def test_a_file_is_shown_beside_last_years_and_dropped(desk: Desk, bureau: Bureau) -> None:
    """What it changes by number and part; accepted, it is dropped no more."""
    await apply(bureau)
    await last_year(bureau, {"B0001": (10, 10)})
    taken = (await load(desk, table(MARKS), rows="4", sum="514.5")).json()
    shown = (await desk.get(f"/round/batch/{taken['batch']}")).json()
    assert len(shown["changes"]) == 8
    assert {(each["fate"], each["before"], each["after"]) for each in shown["changes"]} == {
        ("new", None, "scored")
    }
    assert [(each["part"], each["last_count"]) for each in shown["parts"]] == [("math", 1), ("english", 1)]
    assert "count-changed" in shown["parts"][0]["flags"]
    dropped = await desk.post(f"/round/batch/{taken['batch']}/drop", None)
    assert dropped.json()["state"] == "dropped"
    again = (await load(desk, table(MARKS), rows="4", sum="514.5")).json()
    await bureau.decide(commands.AcceptBatch, batch=again["batch"], hash=again["hash"])
    assert problem(await desk.post(f"/round/batch/{again['batch']}/drop", None)) == (409, "batch-over")
    assert (await desk.get("/round/batch/none")).status_code == 404
    nobody = "00000000-0000-4000-8000-000000000000"
    assert problem(await desk.get(f"/round/batch/{nobody}")) == (404, "no-such-batch")


async def test_who_may_and_nobody_else(desk: Desk, bureau: Bureau) -> None:
    """Office, head and checker read; office and head load; auditors and other offices see no list."""
    await judging(bureau, desk)
    batch = await bureau.owner.fetchval("SELECT batch FROM iehe.batches")
    for path in (*LISTS, *OTHERS, f"/round/batch/{batch}"):
        let_in = {who for who in STAFF if (await desk.get(path, who)).status_code == 200}
        assert let_in == READERS, path
    for who in STAFF:
        loaded = await load(desk, table(MARKS), who, rows="4", sum="514.5")
        dropped = await desk.post(f"/round/batch/{batch}/drop", None, who)
        answers = (200, 409) if who in LOADERS else (403, 403)
        assert (loaded.status_code, dropped.status_code) == answers, who
    readers = await bureau.owner.fetch("SELECT DISTINCT staff_id FROM iehe.result_reads")
    assert {row["staff_id"] for row in readers} == READERS


async def test_i6_before_the_hour_no_door_tells_a_result(desk: Desk, bureau: Bureau) -> None:
    """A second before it there is nothing to read; at it everything is, by the clock of the server."""
    await scheduled(bureau, desk)
    assert (await desk.get("/round/results/A0001")).json() == {"results": []}
    assert (await desk.get(f"/round/board?round={CASE}")).json() == {"board": []}
    assert (await desk.get(f"/round/countdown/{CASE}")).json()["state"] == "scheduled"
    ahead = {"Date": "Tue, 01 Jun 2027 00:00:00 GMT"}
    assert (await desk.get("/round/results/A0001", headers=ahead)).json() == {"results": []}
    await bureau.owner.execute("UPDATE iehe.clock_shift SET shift = shift + interval '1 second'")
    (told,) = (await desk.get("/round/results/A0001")).json()["results"]
    assert (told["programme"], told["verdict"]) == ("law", "admitted")
    board = {row["programme"]: row for row in (await desk.get(f"/round/board?round={CASE}")).json()["board"]}
    assert (board["law"]["numbers"], board["law"]["hash"]) == (["A0001", "A0002"], told["hash"])
    assert (await desk.get(f"/round/countdown/{CASE}")).json()["state"] == "out"


async def test_scores_and_ranks_are_told_by_lists_alone(
    desk: Desk, bureau: Bureau, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """No other answer has them, before the hour or after, and no log."""
    caplog.set_level(logging.DEBUG)
    await scheduled(bureau, desk)
    batch = await bureau.owner.fetchval("SELECT batch FROM iehe.batches")
    for path in LISTS[::2]:
        assert CANARIES[2] in (await desk.get(path)).text, path
    for _ in range(2):
        for path in (*OTHERS, f"/round/batch/{batch}"):
            answer = await desk.get(path)
            assert answer.status_code == 200, path
            assert not [each for each in (*CANARIES, '"rank"') if each in answer.text], path
        await bureau.owner.execute("UPDATE iehe.clock_shift SET shift = shift + interval '1 second'")
    kept = await bureau.owner.fetch(
        "SELECT t::text FROM iehe.administration_log AS t UNION ALL SELECT t::text FROM iehe.events AS t"
        " UNION ALL SELECT t::text FROM iehe.case_log AS t"
    )
    written = "".join([*capfd.readouterr(), caplog.text, *(row[0] for row in kept)])
    assert "round-looked-at" in written
    assert not [each for each in CANARIES if each in written]


async def test_bad_questions_are_refused_in_words(desk: Desk, bureau: Bureau) -> None:
    """An unknown round, programme, list or application, and a query that no door has."""
    await judging(bureau, desk)
    told = {
        "/round/lists/round/2031-GENERAL": (404, "no-such-case"),
        f"/round/list/{CASE}/music": (404, "programme-unknown"),
        f"/round/list/{CASE}/law?number=7": (404, "list-unknown"),
        f"/round/explanation/{CASE}/A9999": (404, "application-unknown"),
        "/round/lists/admission/A0001": (404, "no-such-case"),
    }
    assert {path: problem(await desk.get(path)) for path in told} == told
    for query in ("", "?since=0", "?since=1&until=x", "?since=1&more=1"):
        assert (await desk.get(f"/round/difference/{CASE}/law{query}")).status_code == 400, query


async def test_the_command_line_tells_the_same(iehe: Program, desk: Desk, bureau: Bureau) -> None:
    """Each command answers as its door does; a reader of nothing is told whose turn it is."""
    await scheduled(bureau, desk)
    await bureau.goes_on(RELEASE)
    asked = {
        ("lists", CASE): (f"/round/lists/{CASE}", "lists"),
        ("list", CASE, "law"): (LISTS[0], None),
        ("difference", CASE, "law", "--from", "1"): (LISTS[1], None),
        ("explain", CASE, "A0002"): (LISTS[2], None),
        ("missing", CASE): (f"/round/missing/{CASE}", None),
        ("frames", CASE): (f"/round/frames/{CASE}", "frames"),
        ("verify", CASE): (f"/round/verification/{CASE}", None),
        ("results", "A0001"): ("/round/results/A0001", "results"),
        ("board", CASE): (f"/round/board?round={CASE}", "board"),
    }
    for words, (path, under) in asked.items():
        over_http = (await desk.get(path)).json()
        ended = await iehe("round", *words, "--json")
        assert ended.code == Exit.OK, ended.err
        assert in_utc(ended.json) == in_utc(over_http[under] if under else over_http), words
        printed = await iehe("round", *words)
        assert printed.code == Exit.OK, printed.err
    assert (await iehe("round", "countdown", CASE, "--json")).json["state"] == "out"
    assert "134.5" in (await iehe("round", "list", CASE, "law")).out
    for who in ("auditor-1", "house-1"):
        refused = await iehe.by(who)("round", "list", CASE, "law", "--json")
        assert (refused.code, "134.5" in refused.out) == (Exit.NOT_ALLOWED, False)


def in_utc(value: Any) -> Any:
    """With moments as one clock writes them: one door has that of Japan, the other UTC."""
    if isinstance(value, dict):
        return {name: in_utc(each) for name, each in value.items()}
    if isinstance(value, list):
        return [in_utc(each) for each in value]
    if isinstance(value, str) and MOMENT.match(value):
        return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    return value


async def test_files_of_scores_at_the_command_line(iehe: Program, bureau: Bureau, tmp_path: Path) -> None:
    """Checked, refused whole with a copy that has the faults, loaded, listed, shown, dropped."""
    await apply(bureau)
    file = tmp_path / "scores.csv"
    named = ("--mapping", MAPPING.key, "--year", "2027", "--exam", "general", "--rows", "4")
    file.write_bytes(table({**MARKS, "A0003": ("160.5", "50")}))
    refused = await iehe("round", "scores", "check", CASE, file, *named, "--sum", "615", "--json")
    assert refused.code == Exit.FAULTY_FILE
    assert (tmp_path / "scores.checked.csv").exists()
    file.write_bytes(table(MARKS))
    fits = (await iehe("round", "scores", "check", CASE, file, *named, "--sum", "514.5", "--json")).json
    assert await bureau.owner.fetchval("SELECT count(*) FROM iehe.batches") == 0
    taken = (await iehe("round", "scores", "load", CASE, file, *named, "--sum", "514.5", "--json")).json
    assert taken["hash"] == fits["hash"]
    (listed,) = (await iehe("round", "scores", "list", CASE, "--json")).json
    assert (listed["batch"], listed["state"]) == (taken["batch"], "loaded")
    shown = await iehe("round", "scores", "show", taken["batch"])
    assert "A0002" in shown.out
    assert not [each for each in CANARIES if each in shown.out]
    checker = iehe.by("checker-1")
    assert (await checker("round", "scores", "drop", taken["batch"])).code == Exit.NOT_ALLOWED
    assert (await iehe("round", "scores", "drop", taken["batch"])).code == Exit.OK
    wrong = await iehe("round", "scores", "load", CASE, file, *named, "--sum", "much")
    assert wrong.code == Exit.USAGE
