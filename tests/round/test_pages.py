"""The offices' pages of a round: what is chosen and looked at while somebody decides; boards, for who may."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from cases.finding import find_case
from cases.states import read_state
from office.round.options import OPTIONS
from schemas.kernel.case import Command
from schemas.round import commands
from tests.conftest import Database
from tests.office_pages.desks import Desk, desk_of, text_of
from tests.pure import jst
from tests.round.bureau import CASE, CLOSES, Bureau
from tests.round.calling import Desk as Calling
from tests.round.test_boards import FOUR
from tests.round.test_doors import STAFF


@pytest.fixture
async def desk(database: Database, client: Any, owner: asyncpg.Connection) -> AsyncIterator[Desk]:
    for name, role in STAFF.items():
        await owner.execute(
            "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES ($1, $1, $2, $3)",
            *(name, f"{name}@univ.example.jp", [role]),
        )
    async with desk_of(database, client) as desk:
        yield desk


async def offered(bureau: Bureau, command: type[Command]) -> dict[str, list[str]]:
    """What may be chosen in each field of a decision."""
    state = await read_state(bureau.office, await find_case(bureau.office, CASE))
    found = await OPTIONS[command](bureau.office, state, {})
    return {name: [each.value for each in some] for name, some in found.items()}


async def loaded(bureau: Bureau) -> dict[str, Any]:
    """A round whose file of scores waits to be accepted."""
    await bureau.fixed()
    for number in FOUR:
        await bureau.applies(number)
    await bureau.goes_on(CLOSES + timedelta(minutes=1))
    return await bureau.load(FOUR)


async def test_only_what_a_decision_can_be_about_is_offered(bureau: Bureau) -> None:
    """Versions that have the rules, files that wait, lists by their hashes where they stand."""
    await bureau.open()
    assert await offered(bureau, commands.FixRules) == {"version": ["default-1"]}
    assert await offered(bureau, commands.AcceptBatch) == {"batch": [], "hash": []}


async def test_a_file_and_a_list_are_chosen_by_their_hashes(bureau: Bureau) -> None:
    """A file until it is accepted; a list to prepare, then to judge, then to confirm."""
    batch = await loaded(bureau)
    found = {"batch": [batch["batch"]], "hash": [batch["hash"]]}
    assert await offered(bureau, commands.AcceptBatch) == found
    await bureau.decide(commands.AcceptBatch, batch=batch["batch"], hash=batch["hash"])
    assert await offered(bureau, commands.AcceptBatch) == {"batch": [], "hash": []}
    await bureau.look_at_distribution()
    await bureau.rank()
    law = {"programme": ["law"], "hash": [await bureau.hash()]}
    assert (await offered(bureau, commands.PrepareList))["programme"] == ["elec", "law", "mech"]
    assert await offered(bureau, commands.RecordJudgement) == {"programme": [], "hash": []}
    await bureau.prepare()
    assert await offered(bureau, commands.RecordJudgement) == law
    assert await offered(bureau, commands.ConfirmList) == {"programme": [], "hash": []}
    await bureau.judge()
    assert await offered(bureau, commands.ConfirmList) == law


async def test_beside_the_form_stands_what_is_decided_on(desk: Desk, bureau: Bureau) -> None:
    """A file with its parts beside last year's; of a list counts and cut lines, and who looked is noted."""
    batch = await loaded(bureau)
    office = await desk.of("office-1")
    page = text_of(await office.get(f"/cases/{CASE}/do/accept-batch"))
    assert batch["hash"][:12] in page
    assert "english" in page
    await bureau.decide(commands.AcceptBatch, batch=batch["batch"], hash=batch["hash"])
    await bureau.look_at_distribution()
    await bureau.rank()
    page = text_of(await office.get(f"/cases/{CASE}/do/prepare-list"))
    assert "Cut lines" in page
    assert "160" in page
    noted = await bureau.owner.fetch("SELECT DISTINCT staff_id, out FROM iehe.result_reads")
    assert [tuple(row) for row in noted] == [("office-1", False)]


async def test_the_page_of_a_round_names_files_and_lists_and_no_result(desk: Desk, bureau: Bureau) -> None:
    """As decisions name them; an auditor sees how lists stand, and none of their lines."""
    batch = await loaded(bureau)
    await bureau.decide(commands.AcceptBatch, batch=batch["batch"], hash=batch["hash"])
    await bureau.look_at_distribution()
    await bureau.rank()
    for who in ("office-1", "checker-1", "auditor-1"):
        browser = await desk.of(who, "ja")
        page = text_of(await browser.get(f"/cases/{CASE}?tab=facts"))
        assert batch["hash"] in page, who
        assert await bureau.hash() in page, who
        assert "160" not in page, who
    auditor = await desk.of("auditor-1")
    assert (
        await auditor.get(f"/boards/round/open-round-list?case_id={CASE}&programme=law")
    ).status_code == 404
    assert (await auditor.get(f"/cases/{CASE}/do/prepare-list")).status_code == 404


async def test_beside_the_end_stands_what_is_still_open(desk: Desk, bureau: Bureau) -> None:
    """In its order, with what was compared; the head closes what is summed up."""
    await bureau.judging(FOUR)
    await bureau.released()
    checker, head = await desk.of("checker-1"), await desk.of("head-1", "ja")
    page = text_of(await checker.get(f"/cases/{CASE}/do/compare-output"))
    assert "What is still open" in page
    assert "Outputs that were compared" not in page
    await bureau.compared()
    page = text_of(await checker.get(f"/cases/{CASE}/do/compare-output"))
    assert await bureau.content("letters") in page
    for number in ("A0001", "A0002", "A0003"):
        await Calling(bureau).accepts(number)
    await bureau.goes_on(jst(2027, 3, 28, 9, 1))
    for moment in (jst(2027, 4, 1), jst(2027, 6, 1, 0, 1), jst(2027, 7, 1, 0, 2)):
        await bureau.goes_on(moment)
        for _ in range(4):
            await bureau.goes_on(seconds=2)
    await bureau.wound_up()
    page = text_of(await head.get(f"/cases/{CASE}/do/close-round"))
    assert "未了の件数" in page
    assert re.search(r"入学者\s*3\b", page)


async def test_boards_are_pages_and_lead_to_each_other(desk: Desk, bureau: Bureau) -> None:
    """From the lists to each of them, in Japanese; what is asked wrongly is said at the form."""
    await bureau.judging(FOUR)
    browser = await desk.of("checker-1", "ja")
    lists = await browser.get(f"/boards/round/list-round-lists?case_id={CASE}")
    assert "判定表の閲覧" in text_of(lists)
    shown = text_of(await browser.get(f"/boards/round/open-round-list?case_id={CASE}&programme=law"))
    assert "合格最低点" in shown
    assert "A0004" in shown
    assert "順位なし" in shown
    wrong = await browser.get(f"/boards/round/open-round-list?case_id={CASE}&programme=music")
    assert wrong.status_code == 409
    assert "music" in text_of(wrong)
    assert (await browser.get("/boards/round/import-round-scores")).status_code == 404
