"""The lists of a first stage over HTTP and at the command line, where those of the results are told (R20)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from schemas.round import commands
from tests.cli.program import Program, elsewhere
from tests.conftest import Database
from tests.gateway.office import Desk, open_desk
from tests.round.bureau import CASE, HEAD, Bureau
from tests.round.test_first_stage import HOUR, come_in, confirmed, staged_rules, told


@pytest.fixture
def policy() -> dict[str, object]:
    return {"rules": staged_rules()}


@pytest.fixture
async def staff(owner: asyncpg.Connection) -> None:
    await owner.execute(
        "INSERT INTO iehe.staff (staff_id, name, email, roles)"
        " VALUES ('office-1', 'office-1', 'office-1@univ.example.jp', '{admissions_office}')"
    )


@pytest.fixture
async def desk(database: Database, client: Any, tmp_path: Path, staff: None) -> AsyncIterator[Desk]:
    async for each in open_desk(database, client, tmp_path):
        yield each


async def test_r20_http_tells_its_lists_and_nothing_of_anybody_before_the_hour(
    desk: Desk, bureau: Bureau
) -> None:
    """By their own names; at the hour everybody's own line, which has no frame."""
    await come_in(bureau)
    listed = (await desk.get(f"/round/lists/{CASE}")).json()["lists"]
    assert [(each["programme"], each["state"], each["ranked"]) for each in listed] == [
        ("first-law", "made", 4),
        ("first-mech", "made", 1),
    ]
    shown = (await desk.get(f"/round/list/{CASE}/first-law")).json()
    assert [each["verdict"] for each in shown["lines"]] == ["passed"] * 3 + ["not-passed"]
    assert (await desk.get(f"/round/list/{CASE}/first-elec")).json()["code"] == "programme-unknown"
    assert (await desk.get(f"/round/verification/{CASE}")).json()["same"]
    await confirmed(bureau)
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=HOUR)
    assert (await desk.get("/round/results/A0004")).json() == {"results": []}
    await bureau.goes_on(HOUR)
    (line,) = (await desk.get("/round/results/A0004")).json()["results"]
    assert (line["programme"], line["verdict"], line["frame"]) == ("first-law", "not-passed", None)
    await told(bureau)
    count = (await desk.get(f"/round/countdown/{CASE}")).json()
    assert (count["state"], [each["programme"] for each in count["lists"]]) == (
        "planned",
        ["law", "mech", "elec"],
    )


async def test_r20_the_command_line_shows_compares_and_makes_them_again(
    database: Database, temporal: Any, tmp_path: Path, staff: None, bureau: Bureau
) -> None:
    """`lists`, `list`, `difference` and `verify` know them by their names."""
    iehe = Program(elsewhere(database, temporal, tmp_path / "home")).by("office-1")
    await come_in(bureau)
    listed = await iehe("round", "lists", CASE, "--json")
    assert [each["programme"] for each in listed.json] == ["first-law", "first-mech"]
    shown = await iehe("round", "list", CASE, "first-law")
    assert shown.code == 0
    assert "not-passed" in shown.out
    await bureau.scores({"A0005": (None, 65)})
    await bureau.rank()
    changed = (await iehe("round", "difference", CASE, "first-mech", "--from", 1, "--json")).json
    assert [(each["total_before"], each["total"]) for each in changed["changed"]] == [("60", "65")]
    again = await iehe("round", "verify", CASE, "--json")
    assert again.json["same"]
