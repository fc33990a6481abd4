"""Agreements, pipeline, boards, results of immigration and its list, before real servers."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from activities.exchange.views import ask_for_list
from activities.kernel.acting import acting_for
from activities.kernel.database import open_pool
from activities.kernel.scheduled import Tools
from cases.exchange import boards
from cases.exchange.results import filed_in
from cases.registry import ROOMS
from encryption.case_keys import CaseKeys
from encryption.ring import KeyRing
from schemas.exchange import commands
from schemas.exchange.roles import Role
from schemas.kernel.case import Actor
from schemas.kernel.refusals import Refusal
from schemas.kernel.schedules import Occasion
from spreadsheets.exchange.agreements import check_agreements_file
from spreadsheets.exchange.coe import check_coe_file
from spreadsheets.exchange.intakes import AGREEMENTS, coe_results
from spreadsheets.intakes import Counts, Intake
from spreadsheets.rows import Checked
from tests.exchange.files import codes
from tests.exchange.office import BEGINS, TERM, Institute, Mobility
from workflows.exchange.comparing import Filed

OFFICE = Actor(id="office-1", roles=(Role.OFFICE,))
HEADER = "学期,協定,派遣元,部局,人数,月数\n"


def agreements(folder: Path, *rows: str) -> Path:
    file = folder / "agreements.csv"
    file.write_text(HEADER + "\n".join(rows) + "\n", encoding="cp932")
    return file


async def bring(institute: Institute, keys: CaseKeys, intake: Intake, file: Path) -> Counts:
    """A file without errors, taken by the office."""
    with acting_for(OFFICE.id):
        checked: Checked[Any] = await intake.check(institute.door, file)
        assert not checked.errors, checked.errors
        return await intake.take(institute.door, keys, OFFICE, checked, file.name)


@pytest.fixture
def keys(ring: KeyRing) -> CaseKeys:
    return CaseKeys(ring)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (["30S,c1,uni-a,all,3,15", "30S,c1,uni-a,all,4,15"], ["agreement-repeated", "agreement-repeated"]),
        (["30S,c1,uni-a,law,3,15"], ["agreement-without-whole"]),
        (
            ["30S,c1,uni-a,all,3,15", "30S,c1,uni-z,law,1,5"],
            ["partner-without-address", *["agreement-two-partners"] * 2],
        ),
        (["30S,c1,uni-a,all,three,15"], ["number-invalid"]),
        (["30S,c1,uni-a,all,3,12.5"], []),
    ],
)
def test_a_fault_of_an_agreement_is_told(tmp_path, rows, found) -> None:
    """Twice, without its whole, of two universities, without a number."""
    checked = check_agreements_file(agreements(tmp_path, *rows), {"uni-a"})
    assert sorted(code for code, _ in codes(checked)) == sorted(found)


async def test_agreements_make_their_frames_and_are_never_undercut(institute, keys, tmp_path) -> None:
    """With the programme's sums; a file that asks for less than is given changes nothing at all."""
    file = agreements(tmp_path, "30S,c1,uni-a,all,3,15", "30S,c1,uni-a,law,1,5", "30S,c2,uni-a,all,2,7.5")
    assert await bring(institute, keys, AGREEMENTS, file) == {"new": 3, "changed": 0, "same": 0}
    frames = await institute.owner.fetch(
        "SELECT frame, places::float8 AS places FROM iehe.frames WHERE frame LIKE 'exchange/30S%'"
    )
    assert {row["frame"]: row["places"] for row in frames} == {
        "exchange/30S:months": 22.5,
        "exchange/30S:persons": 5.0,
        "exchange/30S/c1:months": 15.0,
        "exchange/30S/c1:persons": 3.0,
        "exchange/30S/c1/law:months": 5.0,
        "exchange/30S/c1/law:persons": 1.0,
        "exchange/30S/c2:months": 7.5,
        "exchange/30S/c2:persons": 2.0,
    }
    assert await bring(institute, keys, AGREEMENTS, file) == {"new": 0, "changed": 0, "same": 3}
    case = await institute.nominate()
    await case.verify()
    less = agreements(tmp_path, f"{TERM},tight,uni-a,all,9,45", f"{TERM},a1,uni-a,all,0,0")
    with pytest.raises(Refusal):
        await bring(institute, keys, AGREEMENTS, less)
    with acting_for(OFFICE.id):
        now = {row["agreement"]: row for row in await boards.agreements(institute.door, TERM)}
    assert (now["tight"]["persons"], now["a1"]["persons"], now["a1"]["persons_given"]) == (1, 20, "1")


async def test_the_pipeline_counts_what_the_log_says(institute: Institute) -> None:
    """By stage and home university; endings among them."""
    first, second, third = [await institute.nominate() for _ in range(3)]
    await first.verify()
    await second.event("student-withdrew", reason="family")
    await third.verify()
    with acting_for(OFFICE.id):
        rows = await boards.pipeline(institute.door, TERM)
        assert await boards.pipeline(institute.door, "20S") == []
    counted = {row["stage"]: row["students"] for row in rows}
    last = await institute.owner.fetch(
        "SELECT DISTINCT ON (case_id) stage FROM iehe.case_log ORDER BY case_id, version DESC"
    )
    assert counted == dict(Counter(row["stage"] for row in last))
    assert counted == {"applying": 2, "withdrawn": 1}


async def filed(institute: Institute) -> Mobility:
    case = await institute.nominate()
    await case.coming()
    await case.decide(commands.RecordCoeData, "office-1")
    await case.decide(commands.FileCoe, "office-1", batch="b1")
    return case


async def test_a_board_shows_who_stands_where_since_when(institute: Institute) -> None:
    """Of the certificate with the days to the orientation; an unknown track is said."""
    case = await filed(institute)
    with acting_for(OFFICE.id):
        (row,) = await boards.board(institute.door, "coe", TERM)
        with pytest.raises(Refusal, match="moon"):
            await boards.board(institute.door, "moon", None)
        (other,) = await boards.board(institute.door, "dormitory", None)
    assert (row["case_id"], row["at"], row["batch"]) == (case.handle.id, "filed", "b1")
    today = datetime.now(UTC).date()
    assert abs(row["days"] - (BEGINS + timedelta(days=4) - today).days) <= 1
    moved = await institute.owner.fetchval(
        "SELECT max(at) FROM iehe.case_log WHERE case_id = $1 AND step = 'file-coe'", case.handle.id
    )
    assert row["since"] == moved
    assert (other["at"], other["days"]) == ("not-applied", None)


PEOPLE = {
    "27S-AAAA0001": Filed(
        "exchange/27S-AAAA0001", "Müller Jörg", date(2004, 2, 13), ended=False, result=None, on=None
    ),
    "27S-BBBB0002": Filed(
        "exchange/27S-BBBB0002", "Sample Anna", date(2003, 5, 1), ended=True, result=None, on=None
    ),
    "27S-CCCC0003": Filed(
        "exchange/27S-CCCC0003",
        "Sample Bea",
        date(2003, 6, 1),
        ended=False,
        result="issued",
        on=date(2027, 2, 1),
    ),
}
RESULTS = "整理番号,氏名,生年月日,結果,交付日\n"
ONE = "27S-AAAA0001,JOERG MUELLER,2004-02-13,交付,2027-02-20"
ENDED = "27S-BBBB0002,Sample Anna,2003-05-01,交付,2027-02-20"
SAME = "27S-CCCC0003,Sample Bea,2003-06-01,交付,2027-02-01"


def results(folder: Path, *rows: str) -> Path:
    file = folder / "results.csv"
    file.write_text(RESULTS + "\n".join(rows) + "\n", encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([SAME, ENDED, ONE], [("result-known", 2), ("row-of-ended", 3)]),
        ([ONE, SAME], [("result-known", 3)]),
        ([SAME], [("result-known", 2), ("rows-missing", None)]),
        ([ONE.replace("2004-02-13", "2004-02-14"), SAME], [("row-of-another", 2), ("result-known", 3)]),
        ([ONE.replace("JOERG MUELLER", "Sample Bea"), SAME], [("row-of-another", 2), ("result-known", 3)]),
        ([ONE.replace("AAAA0001", "ZZZZ0009")], [("row-key-unknown", 2)]),
        ([ONE, ONE], [("person-repeated-in-batch", 2), ("person-repeated-in-batch", 3)]),
        ([ONE.replace("交付,", "許可,")], [("choice-unknown", 2)]),
    ],
)
def test_x13_each_row_of_results_is_held_against_whom_it_was_filed_for(tmp_path, rows, found) -> None:
    """Reordered is right; slipped, unknown and twice refuse the file; missing and withdrawn are told."""
    assert codes(check_coe_file(results(tmp_path, *rows), PEOPLE)) == found


async def test_x13_results_reach_their_cases_once(institute: Institute, keys, tmp_path) -> None:
    """Nobody was filed for in an unknown batch; who has withdrawn since is told of and hears nothing."""
    case, gone = await filed(institute), await filed(institute)
    await gone.event("student-withdrew", reason="family")
    await gone.until("closed_at IS NOT NULL")
    rows = [f"{each.reference},見本 Sample,2004-02-13,交付,{await case.day()}" for each in (gone, case)]
    file = results(tmp_path, *rows)
    told = await bring(institute, keys, coe_results("b1"), file)
    assert told == {"told": 1, "same": 0, "ended": 1, "missing": 0}
    await case.until("state -> 'tracks' ->> 'coe' = 'issued'")
    again = await bring(institute, keys, coe_results("b1"), file)
    assert (again["told"], again["same"]) == (0, 1)
    with pytest.raises(Refusal, match="b9"), acting_for(OFFICE.id):
        await filed_in(institute.door, "b9")


async def test_x16_immigration_is_told_who_is_here_on_a_day(institute: Institute) -> None:
    """Nobody before they came, nobody after they left; the read is logged."""
    case = await institute.nominate()
    await case.in_term()
    with acting_for(OFFICE.id):
        for days, here in ((-1, 0), (0, 1), (30, 1)):
            rows = await boards.immigration_list(institute.door, OFFICE, BEGINS + timedelta(days=days))
            assert len(rows) == here
        await institute.owner.execute(
            "UPDATE iehe.exchange_mobilities SET left_on = $1", BEGINS + timedelta(days=20)
        )
        assert await boards.immigration_list(institute.door, OFFICE, BEGINS + timedelta(days=20)) == []
    logged = await institute.owner.fetch(
        "SELECT actor, details ->> 'rows' FROM iehe.administration_log WHERE act = 'immigration-list'"
        " ORDER BY entry"
    )
    assert [tuple(row) for row in logged] == [("office-1", each) for each in ("0", "1", "1", "0")]


@pytest.mark.parametrize(
    ("today", "key"),
    [
        (date(2027, 4, 30), None),
        (date(2027, 5, 1), "immigration-list:2027-05-01"),
        (date(2027, 5, 14), "immigration-list:2027-05-01"),
        (date(2027, 5, 15), None),
        (date(2027, 11, 3), "immigration-list:2027-11-01"),
    ],
)
async def test_x16_the_clock_asks_for_the_list_once_within_fourteen_days(
    institute: Institute, database, client, today, key
) -> None:
    """Done, it is not asked for again; the next one is half a year later."""
    worker = await open_pool(database.url("worker"), size=1)
    tools = Tools(worker, client, ROOMS)
    occasion = Occasion(
        work="immigration-list",
        run="r",
        scheduled_at=datetime(today.year, today.month, today.day, 3, tzinfo=UTC),
    )
    open_ones = "SELECT array_agg(key) FROM iehe.office_tasks WHERE closed_at IS NULL"
    for _ in range(2):
        await ask_for_list(tools, occasion, None)
        assert await institute.owner.fetchval(open_ones) == ([key] if key else None)
    if key:
        with acting_for(OFFICE.id):
            day = date.fromisoformat(key.partition(":")[2])
            assert await boards.list_reported(institute.door, OFFICE, day)
            assert not await boards.list_reported(institute.door, OFFICE, day)
        await ask_for_list(tools, occasion, None)
        assert await institute.owner.fetchval(open_ones) is None
    await worker.close()
