"""What goes out of a round at both doors: made, compared, and how far the end has come."""

from collections.abc import AsyncIterator
from datetime import timedelta
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
from tests.round.bureau import CASE, HEAD, RELEASE, Bureau
from tests.round.test_boards import FOUR
from tests.round.test_doors import READERS, STAFF, in_utc, problem
from workflows.round import outputs

BOARD = f"/round/output/{CASE}/board"
ADMITTED = [("law", "A0001"), ("law", "A0002"), ("law", "A0003")]


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


async def compared(
    desk: Desk, content: bytes, output: str = "board", by: str = "checker-1"
) -> httpx2.Response:
    """A file that was put out is compared."""
    headers = {"Authorization": f"Bearer {desk.token(by)}", "Content-Type": "application/octet-stream"}
    path = f"/round/output/{CASE}/{output}/comparison"
    return await desk.http.post(path, content=content, headers=headers)


async def scheduled(bureau: Bureau) -> None:
    """A minute before the hour, which is more than a command takes."""
    await bureau.judging(FOUR)
    await bureau.confirmed()
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=RELEASE)
    await bureau.goes_on(RELEASE - timedelta(minutes=1))


async def test_i6_nothing_goes_out_before_the_hour(desk: Desk, iehe: Program, bureau: Bureau) -> None:
    """Before it there is no file to be made; at it there is, at every door and for who may."""
    await scheduled(bureau)
    assert problem(await desk.get(BOARD)) == (404, "output-unknown")
    assert problem(await compared(desk, b"")) == (404, "output-unknown")
    early = await iehe("round", "output", CASE, "portal", "--json")
    assert (early.code != Exit.OK, early.json["error"]["code"]) == (True, "output-unknown")
    await bureau.owner.execute("UPDATE iehe.clock_shift SET shift = shift + interval '1 minute'")
    told = (await desk.get(BOARD)).json()
    assert [tuple(each.values()) for each in told["lines"]] == ADMITTED
    assert {who for who in STAFF if (await desk.get(BOARD, who)).status_code == 200} == READERS
    assert problem(await desk.get(f"/round/output/{CASE}/radio")) == (404, "output-unknown")


async def test_r27_a_file_is_compared_line_by_line_at_both_doors(
    desk: Desk, iehe: Program, bureau: Bureau, tmp_path: Path
) -> None:
    """What is the same has the hash with which the checker says so; what is not is named, and has none."""
    await bureau.judging(FOUR)
    await bureau.released()
    file = tmp_path / "board.csv"
    made = await iehe("round", "output", CASE, "board", "--to", file, "--json")
    assert made.json["content"] == (await desk.get(BOARD)).json()["content"]
    assert (await iehe("round", "output", CASE, "board", "--to", file)).code != Exit.OK
    same = (await compared(desk, file.read_bytes())).json()
    assert (same["same"], same["content"]) == (True, made.json["content"])
    checker = iehe.by("checker-1")
    assert (await checker("round", "compare", CASE, "board", file, "--json")).json == same
    retyped = file.read_bytes().replace(b"A0003", b"A0008")
    other = (await compared(desk, retyped)).json()
    assert (other["same"], other["content"], other["differing"]) == (False, None, 2)
    assert [(each["fate"], each["受験番号"]) for each in other["lines"]] == [
        ("missing", "A0003"),
        ("surplus", "A0008"),
    ]
    file.write_bytes(retyped)
    ended = await checker("round", "compare", CASE, "board", file)
    assert (ended.code, "A0008" in ended.out) == (Exit.PROBLEMS, True)
    shown = outputs.content_hash([("law", "A0008")])
    refused = await checker("round", "compare-output", CASE, "board", shown, "--json")
    assert (refused.code != Exit.OK, "compare-output:board" in await bureau.tasks()) == (True, True)


async def test_r27_another_file_is_refused_in_words(desk: Desk, bureau: Bureau) -> None:
    """And nothing of what stands in it is said."""
    await bureau.judging(FOUR)
    await bureau.released()
    answer = await compared(desk, "名前,番号\n見本 太郎,A0001\n".encode())
    assert problem(answer) == (400, "output-unreadable")
    assert "見本" not in answer.text


async def test_r10_how_far_the_end_has_come_is_told_alike(desk: Desk, iehe: Program, bureau: Bureau) -> None:
    """In its order; there is no summary before the last of it."""
    await bureau.judging(FOUR)
    await bureau.released()
    await bureau.stands("B0001", "submitted")
    await bureau.stands("B0002", "review")
    await bureau.compared()
    over_http = (await desk.get(f"/round/ending/{CASE}")).json()
    assert in_utc((await iehe("round", "ending", CASE, "--json")).json) == in_utc(over_http)
    parts = [each["part"] for each in over_http["open"]]
    assert parts[:4] == ["drafts", "incomplete", "undecided", "offers"]
    assert {each["part"]: each["open"] for each in over_http["open"] if each["open"]} == {
        "drafts": 1,
        "undecided": 1,
        "offers": 3,
    }
    assert {each["output"] for each in over_http["compared"]} == {"board", "portal", "letters"}
    assert (await iehe("round", "ending", CASE)).code == Exit.OK
    assert problem(await desk.get(f"/round/summary/{CASE}")) == (409, "round-not-summed-up")
    early = await iehe("round", "summary", CASE, "--json")
    assert early.json["error"]["code"] == "round-not-summed-up"
