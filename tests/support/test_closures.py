"""S19: closures of the office, counted by running cases, and who has an urgent case meanwhile."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
import xlsxwriter

from cases.clocks import explained
from cases.closures import note_closures, remove_closure
from cli.session import Exit
from schemas.kernel.calendars import Closure
from schemas.support import commands
from spreadsheets.closures import check_closures_file
from tests.cli.program import Program, elsewhere
from tests.support.builder import REASON, House, Pure, jst, refused
from tests.support.office import Office
from workflows.kernel.state import clock_of
from workflows.support.process import SUPPORT

YEAR_END = {"first": "2026-12-28", "last": "2027-01-05"}
FOUR_DAYS = {"first": "2026-11-19", "last": "2026-11-22"}
DAY_OFF = {"first": "2026-11-17"}
MONDAY = jst(2026, 11, 16, 11)


def test_s19_an_imported_closure_never_lets_a_promise_end_later() -> None:
    """A day off within the span is not counted any more, and the due time stays as it was promised."""
    case = Pure(now=MONDAY)
    case.triaged()
    promised = case.due("first-response")
    case.closed(DAY_OFF)
    assert case.due("first-response") == promised == jst(2026, 11, 18, 18)
    assert case.state.deadlines["first-response"].changes[-1].how == "kept"


def test_s19_a_closure_taken_back_counts_again_and_may_end_earlier() -> None:
    """Who was referred while Tuesday was closed has less time when it is open after all."""
    house = House(closures=[{**DAY_OFF, "why": "closure"}])
    case = Pure(now=MONDAY, house=house)
    case.triaged()
    assert case.due("first-response") == jst(2026, 11, 19, 18)
    case.closed()
    assert case.due("first-response") == jst(2026, 11, 18, 18)
    case.closed(DAY_OFF)
    assert case.due("first-response") == jst(2026, 11, 18, 18)


def test_s19_the_case_tells_by_which_days_it_counted() -> None:
    """What `iehe case clock` says of a closed day is what was counted."""
    case = Pure(now=MONDAY, house=House(closures=[{**DAY_OFF, "why": "closure"}]))
    case.triaged()
    deadline = case.state.deadlines["first-response"]
    row = {"deadline": deadline.name, "state": "running"}
    assert case.state.policy is not None
    said = explained(row, clock_of(deadline), case.state.policy, case.now)["en"]
    assert "skipped: 2026-11-17 Tue" in said


def test_s03_a_closure_by_the_hour_opens_a_day_for_these_hours_alone() -> None:
    """Entrance exams: open from 10 to 12 on Monday, so that the rest of an hour is owed on Tuesday."""
    exams = {"first": "2026-11-16", "hours": [{"opens": "10:00", "closes": "12:00"}], "calendar": "office"}
    case = Pure(now=MONDAY, house=House(closures=[{**exams, "why": "exams"}]), urgent=True)
    assert case.due("triage") == jst(2026, 11, 17, 11)


def test_s02_a_crisis_knows_no_closure() -> None:
    """Its clocks count every minute."""
    case = Pure(now=MONDAY, house=House(closures=[{**DAY_OFF, "why": "closure"}]), danger=True)
    assert case.due("first-response") - MONDAY == timedelta(minutes=15)


def covered(**facts: object) -> Pure:
    """An urgent case with an owner, and a closure of four days to come."""
    case = Pure(now=MONDAY, **facts)
    case.assigned(distress=3)
    case.closed(FOUR_DAYS)
    return case


def test_s19_a_closure_of_days_asks_each_urgent_case_for_a_cover() -> None:
    """A task of its owner, until the closure begins; one of a day, or for a case of level 3, asks nothing."""
    case = covered()
    (task,) = [task for task in case.state.tasks.values() if task.kind == "name-cover"]
    assert (task.assignee, task.due_at) == ("counsellor-1", jst(2026, 11, 19))
    usual = Pure(now=MONDAY)
    usual.assigned(distress=2)
    usual.closed(FOUR_DAYS)
    case.closed(DAY_OFF)
    assert "name-cover" not in usual.tasks() | case.tasks()


def test_s19_days_in_a_row_are_one_closure() -> None:
    """Noted day by day or as a whole; a day at other hours is no closed one."""
    case = Pure(now=MONDAY)
    case.assigned(distress=3)
    hours = [{"opens": "10:00", "closes": "12:00"}]
    case.closed({"first": "2026-11-19"}, {"first": "2026-11-20"}, {"first": "2026-11-21", "hours": hours})
    assert "name-cover" not in case.tasks()
    case.closed({"first": "2026-11-20"}, {"first": "2026-11-19"}, {"first": "2026-11-21"})
    assert [key for key in case.state.tasks if "cover" in key] == ["name-cover:2026-11-19"]


def test_s19_a_cover_is_named_and_has_the_case_for_these_days() -> None:
    """A colleague of the unit, who is told; when it is over, nothing more is theirs."""
    case = covered()
    with refused("own-cover"):
        case.decide(commands.NameCover, "counsellor-1", staff_id="counsellor-1")
    with refused("owner-unfit"):
        case.decide(commands.NameCover, "counsellor-1", staff_id="nurse-1")
    with refused("no-such-closure"):
        case.decide(commands.NameCover, "counsellor-1", staff_id="counsellor-2", closure="2026-11-20")
    case.decide(commands.NameCover, "lead-1", staff_id="counsellor-2")
    assert "name-cover" not in case.tasks()
    assert case.notices("cover-named") == [("cover-named", "staff:counsellor-2")]
    case.reached()
    case.wait_until(jst(2026, 11, 23, 0, 1))
    assert [(row["by"], row["over"]) for row in case.records("covered")] == [
        ("counsellor-2", False),
        ("counsellor-2", True),
    ]
    assert "name-cover" not in case.tasks()


def test_s19_another_owner_asks_anew() -> None:
    """What was agreed with the last one is void."""
    case = covered()
    case.decide(commands.NameCover, "counsellor-1", staff_id="counsellor-2")
    case.decide(commands.Offer, "counsellor-1", to="counsellor-2", unit="counselling")
    case.decide(commands.Accept, "counsellor-2")
    assert [row["over"] for row in case.records("covered")] == [False, True]
    assert case.state.tasks["name-cover:2026-11-19"].assignee == "counsellor-2"


def test_s19_who_becomes_urgent_later_is_asked_too_and_who_is_not_any_more_is_not() -> None:
    """By the level as it is, not as it was when the closure was noted."""
    case = Pure(now=MONDAY, house=House(closures=[{**FOUR_DAYS, "why": "closure"}]))
    case.assigned(distress=2)
    assert "name-cover" not in case.tasks()
    case.decide(commands.Rescore, "counsellor-1", distress=3, distress_reason_id=REASON)
    assert "name-cover" in case.tasks()
    case.decide(commands.Rescore, "counsellor-1", distress=1, distress_reason_id=REASON)
    assert "name-cover" not in case.tasks()


def test_s19_a_closure_that_is_over_asks_nothing() -> None:
    """Noted afterwards, it only counts."""
    case = Pure(now=MONDAY)
    case.assigned(distress=3)
    case.closed({"first": "2026-11-01", "last": "2026-11-08"})
    assert "name-cover" not in case.tasks()
    with refused("no-such-closure"):
        case.decide(commands.NameCover, "counsellor-1", staff_id="counsellor-2")


# before real servers


async def test_s19_every_running_case_is_told_once_and_counts_again(office: Office) -> None:
    """Noted and taken back by the office: cases that run count again, a later one counts at once."""
    case = await office.refer()
    await case.assign(distress=3)
    today = datetime.now(UTC).date()
    days = Closure(first=today + timedelta(days=3), last=today + timedelta(days=6), why="closure")
    assert await note_closures(office.door, SUPPORT, [days], "head-1", "days.csv") == 1
    assert await note_closures(office.door, SUPPORT, [days], "head-1", "days.csv") == 0
    row = await case.until("state -> 'tasks' @? '$.*.kind ? (@ == \"name-cover\")'")
    assert '"closures"' in row["state"]
    await case.decide(commands.NameCover, "counsellor-1", staff_id="counsellor-2")
    assert await case.until_sent("cover-named") == ["counsellor-2"]
    stands_in = "SELECT iehe.stand_in($1, 'counsellor-1', $2::date + time '12:00')"
    who = [
        await office.owner.fetchval(stands_in, case.handle.id, today + timedelta(days=n))
        for n in (2, 3, 6, 7)
    ]
    assert who == ["counsellor-1", "counsellor-2", "counsellor-2", "counsellor-1"]
    assert await office.owner.fetchval(stands_in, "support/OTHER", days.first) == "counsellor-1"
    later = await office.refer()
    assert "closures" in str((await later.until_stage("referred"))["state"])
    number = await office.owner.fetchval("SELECT closure FROM iehe.closures")
    await remove_closure(office.door, SUPPORT, number, "head-1")
    await case.until("state -> 'covers' = '{}'")
    assert await office.owner.fetchval(stands_in, case.handle.id, days.first) == "counsellor-1"
    told = "SELECT count(*) FROM iehe.case_log WHERE case_id = $1 AND step = 'calendar-changed'"
    assert await office.owner.fetchval(told, case.handle.id) == 2


# the file


@pytest.fixture
def head(database, temporal, tmp_path, owner) -> Program:
    return Program(elsewhere(database, temporal, tmp_path / "home")).by("head-1")


HEADER = "開始日,終了日,開始時刻,終了時刻,暦,理由\n"
GOOD = HEADER + "２０２６年１２月２８日,2027/1/5,,,,年末年始\n2027-01-16,,９：００,24:00,office,入学試験\n"


async def test_s19_a_file_of_closures_is_noted_whole_and_only_once(head: Program, tmp_path: Path) -> None:
    """Full-width digits and 24:00 are read; the check changes nothing; each can be taken back."""
    file = tmp_path / "closures.csv"
    file.write_bytes(GOOD.encode("cp932"))
    assert (await head("support", "closures", "import", file, "--check", "--json")).json == {"rows": 2}
    assert (await head("support", "closures", "list", "--json")).json == []
    assert (await head("support", "closures", "import", file, "--json")).json == {"new": 2, "same": 0}
    assert (await head("support", "closures", "import", file, "--json")).json == {"new": 0, "same": 2}
    listed = (await head("support", "closures", "list", "--json")).json
    assert [(row["first"], row["last"], row["why"]) for row in listed] == [
        ("2026-12-28", "2027-01-05", "year-end"),
        ("2027-01-16", "2027-01-16", "entrance-exam"),
    ]
    assert (listed[1]["opens"], listed[1]["closes"], listed[1]["calendar"]) == (
        "09:00:00",
        "00:00:00",
        "office",
    )
    number = str(listed[0]["closure"])
    gone = (await head("support", "closures", "remove", number, "--json")).json
    assert gone == {"closure": int(number)}
    assert (await head("support", "closures", "remove", number)).code == Exit.NOT_FOUND


async def test_s19_a_faulty_file_of_closures_changes_nothing(head: Program, tmp_path: Path) -> None:
    """Each fault by its row."""
    file = tmp_path / "closures.csv"
    rows = ["2027-02-30,,,,,closure", "2027-03-02,2027-03-01,,,,closure", "2027-04-01,,9:00,,,closure"]
    rows += [
        "2027-04-02,,25:00,26:00,,closure",
        "2027-04-03,,17:00,9:00,,closure",
        "2027-04-04,,,,nowhere,closure",
    ]
    rows += ["2027-05-01,2027-05-05,,,,closure", "2027-05-05,,,,,closure", "2027-06-01,2028-06-01,,,,closure"]
    file.write_text(HEADER + "".join(f"{row}\n" for row in (*rows, "2027-07-01,,,,,")))
    told = (await head("support", "closures", "import", file, "--json")).json["error"]
    assert [(fault["row"], fault["code"]) for fault in told["faults"]] == [
        (2, "date-invalid"),
        (3, "date-order"),
        (4, "hours-half"),
        (5, "time-invalid"),
        (5, "time-invalid"),
        (6, "hours-reversed"),
        (7, "choice-unknown"),
        (9, "closure-repeated"),
        (10, "closure-too-long"),
        (11, "required"),
    ]
    assert (await head("support", "closures", "list", "--json")).json == []


async def test_s19_a_workbook_has_hours_as_excel_keeps_them(tmp_path: Path) -> None:
    """As times of a day, and midnight as a whole day."""
    with xlsxwriter.Workbook(tmp_path / "closures.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["date", "opens", "closes", "why"])
        sheet.write_datetime(1, 0, datetime(2027, 1, 16), book.add_format({"num_format": "yyyy-mm-dd"}))  # noqa: DTZ001
        sheet.write_datetime(1, 1, time(9, 30), book.add_format({"num_format": "h:mm"}))
        sheet.write(1, 2, 1)
        sheet.write(1, 3, "exams")
    checked = await asyncio.to_thread(check_closures_file, tmp_path / "closures.xlsx", ["office"])
    assert checked.faults == ()
    (row,) = checked.rows
    assert row.data.closure == Closure(
        first=date(2027, 1, 16),
        last=date(2027, 1, 16),
        hours=({"opens": "09:30", "closes": "24:00"},),
        why="exams",
    )


async def test_only_the_head_changes_closures(head: Program, tmp_path: Path) -> None:
    """All cases count by them."""
    file = tmp_path / "closures.csv"
    file.write_text(GOOD)
    assert (await head.by("counsellor-1")("support", "closures", "import", file)).code == Exit.NOT_ALLOWED
