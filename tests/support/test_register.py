"""The register of past counselling (相談台帳): what has ended is kept, what has not is referred."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import asyncpg
import pytest
from temporalio.service import RPCError

from activities.kernel.case_log import broken_at
from schemas.support.access import AnswerAccess, RequestAccess
from spreadsheets.annotate import write_annotated
from spreadsheets.support.register import RegisterRow, check_register_file
from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401 - fixtures
from tests.support.office import Case, Office
from tests.support.test_access import OFFICE, at_the_door, people  # noqa: F401 - the fixture

HEADER = "受付日,学籍番号,氏名,部署,相談種別,担当者,結果,終了日,備考,離籍日,関係職員\n"
ENDED = (
    "令和3年4月5日,S2021-0042,見本 花子,学生相談,対人関係,見本 counsellor-1,改善,R3.7.20,友人関係（見本）,,\n"
)
OPEN = "2026-05-11,S2026-0099,見本 次郎,保健,不眠,,,,眠れない（見本）,,\n"
CASES = "SELECT case_id FROM iehe.support_referrals ORDER BY received_at"
STAFF = {"counsellor-1": "見本 太郎", "head-1": "見本 一郎"}
TODAY = date(2026, 6, 1)


def written(folder: Path, rows: str) -> Path:
    """A register as an office keeps it."""
    file = folder / "register.csv"
    file.write_text(HEADER + rows, encoding="cp932")
    return file


def row(**values: str) -> str:
    named = {"day": "2021-04-05", "person": "S2021-0042", "unit": "", "kind": "不眠", "owner": "", "end": ""}
    each = named | {"left": "", "concerned": ""} | values
    return "{day},{person},,{unit},{kind},{owner},,{end},,{left},{concerned}\n".format(**each)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"day": "2021-02-30"}, "date-invalid"),
        ({"day": "平成32年4月5日"}, "era-out-of-bounds"),
        ({"day": "2026-06-02"}, "date-in-future"),
        ({"end": "2021-04-04"}, "date-order"),
        ({"end": "2026-06-02"}, "date-in-future"),
        ({"person": "見本"}, "code-invalid"),
        ({"person": ""}, "required"),
        ({"kind": ""}, "required"),
        ({"unit": "購買部"}, "choice-unknown"),
        ({"concerned": "nobody-1"}, "staff-unknown"),
    ],
)
def test_a_fault_is_told_with_its_row(tmp_path: Path, values: dict[str, str], code: str) -> None:
    """Days that are none or not over, numbers, units and members of staff that there are not."""
    checked = check_register_file(written(tmp_path, ENDED + row(**values)), STAFF, TODAY)
    assert {(fault.code, fault.row) for fault in checked.errors} == {(code, 3)}


def test_a_concern_that_stands_twice_is_a_fault_of_both_rows(tmp_path: Path) -> None:
    """The same student, day and kind, however they are written; the copy says so beside each row."""
    file = written(
        tmp_path, row() + row(day="令和3.4.5", person="Ｓ２０２１－００４２") + row(kind="対人関係")
    )
    checked = check_register_file(file, STAFF, TODAY)
    assert [(fault.code, fault.row) for fault in checked.errors] == [
        ("concern-repeated", 2),
        ("concern-repeated", 3),
    ]
    copy = write_annotated(file, checked)
    assert copy is not None
    assert copy.read_text(encoding="cp932").count("same student, day and kind") == 2


def test_a_row_is_read_as_it_is_meant(tmp_path: Path) -> None:
    """Years of an era, full width, the end of a day, a counsellor by name, and one whom nobody knows."""
    rows = row(
        day="令和３年４月５日 24:00",
        unit="ハラスメント相談",
        owner="見本　太郎",
        end="R3.7.20",
        left="2022-03-31",
    )
    rows += row(day="2021/4/6", owner="昔 話子", concerned="head-1")
    checked = check_register_file(written(tmp_path, rows), STAFF, TODAY)
    assert checked.errors == ()
    first, second = (each.data for each in checked.rows)
    assert first == RegisterRow(
        received=date(2021, 4, 5),
        person="S2021-0042",
        kind="不眠",
        ended=date(2021, 7, 20),
        unit="harassment",
        owner="counsellor-1",
        left=date(2022, 3, 31),
    )
    assert (second.owner, second.concerned) == ("昔 話子", ("head-1",))


async def test_what_has_ended_is_kept_and_what_has_not_is_referred(
    office: Office,
    iehe: CommandLine,  # noqa: F811
    tmp_path: Path,
) -> None:
    """No workflow, clock, task or message for what is over; what is open is any other case, since its day."""
    load = ("support", "register", "import", written(tmp_path, ENDED + OPEN))
    assert await iehe.ok(*load, "--check", by="triage-1") == {"rows": 2, "open": 1}
    assert await office.owner.fetch(CASES) == []
    assert await iehe.ok(*load, by="triage-1") == {"kept": 1, "referred": 1, "same": 0}
    ended, opened = [each["case_id"] for each in await office.owner.fetch(CASES)]
    row = await office.owner.fetchrow("SELECT * FROM iehe.cases WHERE case_id = $1", ended)
    assert (row["stage"], row["version"], row["outcome_by"]) == ("closed", 1, "system")
    assert row["opened_at"] == datetime(2021, 4, 4, 15, tzinfo=UTC)
    assert row["closed_at"] == datetime(2021, 7, 19, 15, tzinfo=UTC)
    for table in ("tasks", "deadlines", "notices", "events", "case_starts"):
        assert not await office.owner.fetchval(f"SELECT count(*) FROM iehe.{table} WHERE case_id = $1", ended)  # noqa: S608
    with pytest.raises(RPCError):
        await office.skipper.client.get_workflow_handle(ended).describe()
    log = await office.owner.fetch("SELECT * FROM iehe.case_log WHERE case_id = $1", ended)
    assert broken_at([dict(each) | {"details": json.loads(each["details"])} for each in log]) is None
    case = Case(office, "", office.skipper.client.get_workflow_handle(opened))
    assert (await case.until_stage("referred"))["opened_at"] > row["closed_at"]
    received = "SELECT received_at FROM iehe.support_referrals WHERE case_id = $1"
    assert await office.owner.fetchval(received, opened) == datetime(2026, 5, 10, 15, tzinfo=UTC)
    due = "SELECT due_at FROM iehe.deadlines WHERE case_id = $1 AND name = 'first-response'"
    assert await office.owner.fetchval(due, opened) < datetime(2026, 5, 31, tzinfo=UTC)
    assert await iehe.ok(*load, by="head-1") == {"kept": 0, "referred": 0, "same": 2}
    again = written(tmp_path, ENDED + OPEN.replace(",,,,眠れない", ",,改善,2026-06-01,眠れない"))
    assert await iehe.ok("support", "register", "import", again, by="head-1") == {
        "kept": 0,
        "referred": 0,
        "same": 2,
    }
    assert len(await office.owner.fetch(CASES)) == 2


async def test_a_faulty_register_changes_nothing_and_not_everybody_brings_one(
    office: Office,
    iehe: CommandLine,  # noqa: F811
    tmp_path: Path,
) -> None:
    """Refused whole, with the copy beside it; by triage and the head alone."""
    file = written(tmp_path, ENDED + row(day="昨日"))
    assert (await iehe.refused("support", "register", "import", file, by="triage-1"))[1] == "file-faulty"
    assert (tmp_path / "register.checked.csv") in listed(tmp_path)
    assert await office.owner.fetch(CASES) == []
    good = written(tmp_path, ENDED)
    assert (await iehe.refused("support", "register", "import", good, by="counsellor-1"))[1] == "role-missing"


def listed(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_s11_triage_sees_that_somebody_was_here_before_and_others_what_is_theirs(
    office: Office,
    iehe: CommandLine,  # noqa: F811
    tmp_path: Path,
) -> None:
    """On the page of a new case, each look on record; nothing of the desk's, nor of whom it is against."""
    person = "S2026-0042"
    rows = row(person=person, unit="学生相談", owner="counsellor-1", end="2021-07-20")
    rows += row(person=person, unit="ハラスメント", kind="ハラスメント", end="2021-08-20")
    rows += row(person=person, unit="学生相談", kind="進路", end="2021-09-20", concerned="triage-1")
    await iehe.ok("support", "register", "import", written(tmp_path, rows), by="head-1")
    mine, desk, against = [
        each["case_id"]
        for each in await office.owner.fetch("SELECT case_id FROM iehe.cases ORDER BY closed_at")
    ]
    case = await office.refer(person=person)
    page = await iehe.ok("case", "show", case.handle.id, by="triage-1")
    assert [each["case_id"] for each in page["before"]] == [mine]
    for name, seen in (
        ("triage-1", {mine}),
        ("counsellor-1", {mine, against}),
        ("counsellor-2", {against}),
        ("officer-1", {desk}),
        ("lead-1", {mine, against}),
        ("nurse-1", set()),
    ):
        found = await office.owner.fetch(
            "SELECT c.case_id FROM iehe.cases c WHERE c.case_id = ANY ($2)"
            " AND EXISTS (SELECT FROM iehe.rights_of(c.case_id, $1))",
            *(name, [mine, desk, against]),
        )
        assert {each["case_id"] for each in found} == seen, name
    words = await iehe.ok("case", "show", mine, "--personal", by="counsellor-1")
    assert any("種別 / kind: 不眠" in each["body"] for each in words["texts"])
    read = "SELECT staff_id, what FROM iehe.case_reads WHERE case_id = $1 ORDER BY read"
    assert [tuple(each) for each in await office.owner.fetch(read, mine)] == [
        ("triage-1", "list"),
        ("counsellor-1", "words"),
    ]


async def test_p06_the_years_of_a_past_concern_count_from_the_leaving(
    office: Office,
    iehe: CommandLine,  # noqa: F811
    tmp_path: Path,
    database,
) -> None:
    """As the register says it, or the registrar; erased, it does not come back with the same register."""
    rows = row(end="2015-07-20", day="2015-04-05", left="2016-03-31") + row(
        person="S2015-0001", end="2021-07-20"
    )
    load = ("support", "register", "import", written(tmp_path, rows))
    await iehe.ok(*load, by="head-1")
    await office.owner.execute(
        """UPDATE iehe.policies SET body = body || '{"retention": {"case_years": 5}}'"""
    )
    gone = await office.owner.fetchval("SELECT case_id FROM iehe.cases ORDER BY closed_at LIMIT 1")
    assert [each[0] for each in await office.owner.fetch("SELECT case_id FROM iehe.cases_due")] == [gone]
    worker = await asyncpg.connect(database.url("worker", "support"))
    assert await worker.fetchval("SELECT iehe.erase_case('run', $1, 0)", gone)
    await worker.close()
    assert await office.owner.fetchval("SELECT count(*) FROM iehe.texts WHERE case_id = $1", gone) == 0
    assert await iehe.ok(*load, by="head-1") == {"kept": 0, "referred": 0, "same": 2}


async def test_p08_a_student_sees_a_past_concern_as_any_other(
    office: Office,
    people: asyncpg.Pool,  # noqa: F811
    iehe: CommandLine,  # noqa: F811
    tmp_path: Path,
) -> None:
    """The request wakes it: tasks, days and the extract are those of every case that has ended."""
    await iehe.ok("support", "register", "import", written(tmp_path, ENDED), by="head-1")
    past = await office.owner.fetchval("SELECT case_id FROM iehe.cases")
    case = Case(office, "", office.skipper.client.get_workflow_handle(past))
    await at_the_door(people, case, RequestAccess, "head-1", identified=True)
    assert await case.until_sent("access-requested") == [OFFICE]
    text = await office.owner.fetchval("SELECT words FROM iehe.support_referrals")
    await at_the_door(
        people, case, AnswerAccess, OFFICE, ground="all", parts=["case", "texts"], texts=[str(text)]
    )
    file = tmp_path / "extract.txt"
    await iehe.ok("support", "extract", past, "--to", file, by=OFFICE)
    assert "対人関係" in file.read_text()
