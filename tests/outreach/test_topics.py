"""Topics of a school year, from the file that teachers' registrations come in (O1)."""

import json
from pathlib import Path

import asyncpg
import pytest

from activities.kernel.queries import queries
from cli.session import Exit
from tests.cli.program import Program, elsewhere

HEADER = "年度,テーマコード,分野,テーマ名,テーマ名（英語）,講師\n"
LAW = "2026,contracts,law,契約とは何か,What a contract is,lecturer-3；lecturer-1\n"
SEA = "2026,sea-level,geography,sea-level,sea-level,lecturer-2;lecturer-1\n"
CELLS = "2026,enzymes,biology,酵素のはたらき,What enzymes do,lecturer-4\n"


@pytest.fixture
def iehe(database, temporal, tmp_path, owner) -> Program:
    return Program(elsewhere(database, temporal, tmp_path / "home")).by("office-1")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "topics.csv"


async def registered(owner: asyncpg.Connection) -> dict[str, list[str]]:
    rows = await owner.fetch("SELECT topic, lecturers FROM iehe.outreach_topics ORDER BY topic")
    return {row["topic"]: row["lecturers"] for row in rows}


async def test_o01_a_file_is_compared_with_what_is_registered(iehe, file, owner) -> None:
    """What is new or changed is registered, the same is left, what has vanished is named, once on record."""
    file.write_bytes((HEADER + LAW + CELLS).encode("cp932"))
    told = (await iehe("outreach", "topics", "load", file, "--json")).json
    assert told == {
        "new": ["2026/enzymes"],
        "same": [],
        "changed": ["2026/contracts"],
        "vanished": ["2026/sea-level"],
    }
    assert await registered(owner) == {
        "contracts": ["lecturer-3", "lecturer-1"],
        "enzymes": ["lecturer-4"],
        "sea-level": ["lecturer-2", "lecturer-1"],
    }
    (entry,) = await owner.fetch("SELECT actor, act, details::text FROM iehe.administration_log")
    assert (entry["actor"], entry["act"]) == ("office-1", "load-topics")
    file.write_text(HEADER + LAW + CELLS + SEA, encoding="utf-8")
    again = (await iehe("outreach", "topics", "load", file, "--json")).json
    assert (len(again["same"]), again["new"], again["changed"], again["vanished"]) == (3, [], [], [])
    assert await owner.fetchval("SELECT count(*) FROM iehe.administration_log") == 1
    listed = (await iehe("outreach", "topics", "list", "--year", 2026, "--json")).json
    assert [row["topic"] for row in listed] == ["contracts", "enzymes", "sea-level"]
    assert (await iehe("outreach", "topics", "list", "--year", 2027, "--json")).json == []


async def test_o01_nothing_of_a_faulty_file_is_registered(iehe, file, owner) -> None:
    """Each fault is told with its row and column, and what is right in the file is not taken either."""
    before = await registered(owner)
    wrong = CELLS.replace("lecturer-4", "office-1").replace("enzymes", "Enzymes!")
    file.write_text(HEADER + LAW + LAW + wrong, encoding="utf-8")
    ended = await iehe("outreach", "topics", "load", file, "--json")
    assert ended.code == Exit.FAULTY_FILE
    found = {(each["row"], each["column"], each["code"]) for each in ended.json["error"]["faults"]}
    assert found == {
        (2, "テーマコード (B)", "topic-repeated"),
        (3, "テーマコード (B)", "topic-repeated"),
        (4, "テーマコード (B)", "code-invalid"),
        (4, "講師 (F)", "lecturer-not-on-staff"),
    }
    assert await registered(owner) == before


async def test_o01_only_the_office_registers_topics(iehe, file, owner) -> None:
    """A lecturer, who is asked by them, does not."""
    file.write_text(HEADER + LAW, encoding="utf-8")
    before = await registered(owner)
    ended = await iehe.by("lecturer-1")("outreach", "topics", "load", file, "--json")
    assert ended.code == Exit.NOT_ALLOWED
    assert await registered(owner) == before


async def test_o01_a_topic_is_removed_from_its_year(iehe, owner) -> None:
    """It is gone from the list with an entry in the log; what is no topic of the year is said to be none."""
    assert (await iehe.by("lecturer-1")("outreach", "topics", "remove", 2026, "contracts")).code == (
        Exit.NOT_ALLOWED
    )
    assert (await iehe("outreach", "topics", "remove", 2026, "contracts")).code == Exit.OK
    assert set(await registered(owner)) == {"sea-level"}
    (entry,) = await owner.fetch("SELECT act, subject FROM iehe.administration_log")
    assert tuple(entry) == ("remove-topic", "2026/contracts")
    again = await iehe("outreach", "topics", "remove", 2026, "contracts")
    assert (again.code, "topics list --year 2026" in again.err) == (Exit.NOT_FOUND, True)


async def test_o01_a_topic_that_a_request_names_stays(iehe, owner) -> None:
    """Stored and not begun, or long over: the request has its topic; a field is asked for without one."""
    form = {
        "school": "S1",
        "school_name": "見本高校",
        "contact": {"name": "見本", "email": "sample@school.example.jp"},
        "kind": "lecture",
        "grade": "2",
        "persons": 30,
        "dates": ["2026-10-01T13:00:00+09:00"],
        "travel_cost": "school",
    }
    for number, wish in (("S0001", {"topic": "contracts"}), ("S0002", {"field": "geography"})):
        await owner.execute(
            "SELECT iehe.outreach_store($1, $2::text::jsonb)", number, json.dumps(form | wish)
        )
    refused = await iehe("outreach", "topics", "remove", 2026, "contracts", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (Exit.REFUSED, "topic-asked-for")
    assert (await iehe("outreach", "topics", "remove", 2026, "sea-level")).code == Exit.OK
    assert set(await registered(owner)) == {"contracts"}
    query = queries("outreach/requests")["request"]
    of_field = await owner.fetchrow(query, "outreach/S0002")
    of_topic = await owner.fetchrow(query, "outreach/S0001")
    assert (of_field["field"], of_field["ja"]) == ("geography", "geography")
    assert (of_topic["field"], of_topic["topic"]) == ("law", "contracts")
