"""A re-judgment over HTTP and at the command line: the same answers for who may, each opening noted."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cli.session import Exit
from tests.cli.program import Program, elsewhere
from tests.conftest import Database
from tests.gateway.office import Desk, open_desk
from tests.round import calling
from tests.round.bureau import CASE, Bureau
from tests.round.test_doors import READERS, STAFF, in_utc, problem
from tests.round.test_rejudgment import wrong_score

ALL, ONE = f"/round/rejudgments/{CASE}", f"/round/rejudgment/{CASE}"


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


async def test_r7_is_told_alike_at_both_doors(iehe: Program, desk: Desk, bureau: Bureau) -> None:
    """As JSON and as tables; who was wronged stands in what is opened, and in no list of re-judgments."""
    await wrong_score(calling.Desk(bureau))
    over_http = (await desk.get(ALL)).json()["rejudgments"]
    listed = await iehe("round", "rejudgments", CASE, "--json")
    assert in_utc(listed.json) == in_utc(over_http)
    assert [(each["state"], each["wronged"], each["lists"]) for each in listed.json] == [("recomputed", 1, 1)]
    shown = await iehe("round", "rejudgment", CASE, "--key", listed.json[0]["rejudgment"], "--json")
    assert in_utc(shown.json) == in_utc((await desk.get(ONE)).json())
    assert [each["number"] for each in shown.json["wronged_ones"]] == ["A0004"]
    printed = await iehe("round", "rejudgment", CASE)
    assert (printed.code, "A0004" in printed.out) == (Exit.OK, True)
    assert "A0004" not in (await iehe("round", "rejudgments", CASE)).out
    reads = (
        "SELECT count(*) FROM iehe.result_reads WHERE staff_id = 'office-1' AND list LIKE '%#rejudgment/%'"
    )
    assert await bureau.owner.fetchval(reads) == 3


async def test_r7_is_opened_by_who_may_open_lists(desk: Desk, iehe: Program, bureau: Bureau) -> None:
    """Nobody else, at no door; and what is not there is said to be not there."""
    await wrong_score(calling.Desk(bureau))
    for who in STAFF:
        for path in (ALL, ONE):
            answer = await desk.get(path, by=who)
            assert (answer.status_code == 200) == (who in READERS), (who, path)
    assert problem(await desk.get(f"{ONE}?key=r0")) == (404, "rejudgment-unknown")
    refused = await iehe.by("house-1")("round", "rejudgment", CASE, "--json")
    assert (refused.code, "A0004" in refused.out) == (Exit.NOT_ALLOWED, False)
