"""Every door of a round answers for a round that has lived through everything, at HTTP and on the pages."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import asyncpg
import pytest

from gateway.door import Door
from gateway.round.doors import DOORS
from office import boards as office_boards
from schemas.round import commands
from tests.cli.program import Program, elsewhere
from tests.conftest import Database
from tests.gateway.office import Desk, open_desk
from tests.office_pages.desks import Desk as Pages
from tests.office_pages.desks import desk_of, text_of
from tests.round import calling
from tests.round.bureau import ANN, CASE, CHECKER, Bureau
from tests.round.test_disclosure import asks
from tests.round.test_doors import STAFF
from tests.round.test_ending import ended, june
from tests.round.test_rejudgment import judged_again

READ = [door for door in DOORS if door.operation.method == "GET"]
EXTRA = {"compare-round-lists": {"since": "1"}, "show-round-board": {"round": CASE}}
QUERIES = {name: f"?{urlencode(query)}" for name, query in EXTRA.items()}
OUTPUTS = ("board", "portal", "letters", "hand-over")


@pytest.fixture
def policy() -> dict[str, Any]:
    """Six wait for law; all outputs go out."""
    return {"waitlist": {"law": 6}, "outputs": ["board", "portal", "letters"]}


@pytest.fixture
async def staff(owner: asyncpg.Connection) -> None:
    for name, role in STAFF.items():
        await owner.execute(
            "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES ($1, $1, $2, $3)",
            *(name, f"{name}@univ.example.jp", [role]),
        )


@pytest.fixture
async def lived(bureau: Bureau) -> dict[str, str]:
    """Judged again, called, enrolled, handed over, compared, disclosed; what its doors are asked by."""
    office = calling.Desk(bureau)
    await judged_again(office)
    for number, standing in (("A0001", "declined"), ("A0002", "enrolled"), ("A0005", "waitlisted")):
        await bureau.stands(number, standing)
    await office.accepts("A0002")
    await office.accepts("A0004")
    await bureau.stands("A0004", "enrolled")
    await office.gives_back("A0001")
    await office.begins("A0006")
    await office.contact("A0003", "accepts")
    await office.accepts("A0003")
    await bureau.stands("A0003", "enrolled")
    await ended(office)
    await bureau.wound_up()
    await june(bureau)
    await asks(bureau, "A0002")
    return {
        "case_id": CASE,
        "programme": "law",
        "number": "A0003",
        "part": "math",
        "batch": str(await bureau.owner.fetchval("SELECT batch FROM iehe.batches LIMIT 1")),
    }


@pytest.fixture
async def desk(database: Database, client: Any, tmp_path: Path, staff: None) -> AsyncIterator[Desk]:
    async for each in open_desk(database, client, tmp_path):
        yield each


@pytest.fixture
def iehe(database: Database, temporal: Any, tmp_path: Path, staff: None) -> Program:
    return Program(elsewhere(database, temporal, tmp_path / "home")).by("office-1")


@pytest.fixture
async def pages(database: Database, client: Any, staff: None) -> AsyncIterator[Pages]:
    async with desk_of(database, client) as desk:
        yield desk


def asked(door: Door, values: dict[str, str], output: str) -> dict[str, str]:
    """What its address has to be given; of disclosure the application that has asked."""
    known = {**values, "output": output, "application": "A0002"}
    return {name: known[name] for name in re.findall(r"{(\w+)}", door.operation.path)}


def outputs_of(door: Door) -> tuple[str, ...]:
    return OUTPUTS if "{output}" in door.operation.path else ("",)


async def test_every_door_answers_at_http_and_on_the_pages(
    desk: Desk, pages: Pages, lived: dict[str, str]
) -> None:
    """With all that there is in it: what the database gives is what the answer may have (I6, R27)."""
    browser = await pages.of("office-1", "ja")
    for door in READ:
        for output in outputs_of(door):
            values = asked(door, lived, output)
            path = door.operation.path.format(**values) + QUERIES.get(door.operation.operation_id, "")
            answer = await desk.get(path)
            assert answer.status_code == 200, (path, answer.text)
            query = {**values, **EXTRA.get(door.operation.operation_id, {})}
            page = await browser.get(f"/boards/round/{door.operation.operation_id}?{urlencode(query)}")
            assert page.status_code == 200, (door.operation.operation_id, text_of(page))


async def test_r27_the_file_of_an_output_is_the_same_at_every_door(
    desk: Desk, pages: Pages, iehe: Program, lived: dict[str, str], tmp_path: Path
) -> None:
    """As bytes that a browser keeps as a file; the registrar's in the registrar's encoding."""
    browser = await pages.of("checker-1")
    for output in OUTPUTS:
        answer = await desk.get(f"/round/output/{CASE}/{output}/file")
        page = await browser.get(f"/boards/round/put-out-round-output?case_id={CASE}&output={output}")
        file = tmp_path / f"{output}.csv"
        await iehe("round", "output", CASE, output, "--to", file)
        assert answer.content == page.content == file.read_bytes()
        kept = f'attachment; filename="2027-GENERAL-{output}.csv"'
        assert answer.headers["Content-Disposition"] == page.headers["Content-Disposition"] == kept
        assert answer.headers["Content-Type"].startswith("text/csv; charset=")
    assert "charset=windows-31j" in answer.headers["Content-Type"]
    assert (await desk.get(f"/round/output/{CASE}/letters/file", "house-1")).status_code == 403


async def test_a_long_table_is_shown_in_part_and_is_a_file_whole(
    pages: Pages, lived: dict[str, str], monkeypatch: pytest.MonkeyPatch, bureau: Bureau
) -> None:
    """How many are left out is said; who had the file is on record."""
    monkeypatch.setattr(office_boards, "ON_A_PAGE", 4)
    browser = await pages.of("office-1")
    board = f"/boards/round/open-round-list?case_id={CASE}&programme=law"
    shown = await browser.get(board)
    assert "4 of 6 rows are shown here." in text_of(shown)
    whole = await browser.get(f"{board}&as=csv")
    lines = whole.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 7
    assert {line.split(",")[0] for line in lines[1:]} >= {"1"}
    assert f'href="{board.replace("&", "&amp;")}&amp;as=csv"' in shown.text.replace("%2F", "/")
    note = "SELECT details ->> 'rows' FROM iehe.administration_log WHERE act = 'export'"
    assert await bureau.owner.fetchval(note) == "6"


async def test_r14_a_correction_is_proposed_over_http_and_carried_out_by_two(
    desk: Desk, bureau: Bureau, pages: Pages
) -> None:
    """Sent twice it is one; each of the two chooses it by what it is about, and only where it stands."""
    await bureau.judging({"A0001": (90, 80), "A0002": (80, 80)})
    wanted = {"number": "A0002", "part": "math", "value": "99", "reason": "読取りの誤り"}
    answer = await desk.post(f"/round/corrections/{CASE}", wanted)
    assert answer.status_code == 200, answer.text
    proposal = answer.json()["proposal"]
    assert (await desk.post(f"/round/corrections/{CASE}", wanted)).json()["proposal"] == proposal
    offered = f'value="{proposal}"', "A0002 math"

    async def chosen(at: str, step: str) -> bool:
        form = await (await pages.of(at)).get(f"/cases/{CASE}/do/{step}")
        assert form.status_code == 200, text_of(form)
        return all(part in form.text for part in offered)

    assert await chosen("office-1", "correct-score")
    await bureau.decide(commands.CorrectScore, ANN, proposal=proposal)
    assert await chosen("checker-1", "confirm-score")
    assert not await chosen("office-1", "correct-score")
    await bureau.decide(commands.ConfirmScore, CHECKER, proposal=proposal)
    await bureau.rank()
    assert (await bureau.listed())[0][0] == "A0002"
