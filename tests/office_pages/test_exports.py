"""Lists as files: what is in them, for whom, and that they are on record before they leave."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from python_calamine import CalamineWorkbook

from office import exports
from tests.office_pages.house import House, Reading, house, main_of  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name


async def file_of(reader: Reading, path: str, **form: str) -> bytes:
    answer = await reader.send(path, form)
    assert answer.status_code == 200, answer.text[:300]
    assert answer.headers["content-disposition"].startswith('attachment; filename="')
    assert answer.headers["cache-control"] == "no-store"
    return answer.content


def table(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def workbook(content: bytes) -> list[list[object]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


async def test_cases_with_the_filter_of_their_page(house: House) -> None:
    """CSV with the mark, in the reader's language; one entry in the log with filter and count."""
    one = await house.applies("A-0001")
    await house.case("admission/A-0002", "admission-review", "enrolled", closed=True)
    await house.nominated("27S-X-1", "Meier", "Uwe", "u@home.example", "E1")
    office = await house.reader("office-1")
    head, *rows = table(await file_of(office, "/export/cases.csv", state="open"))
    assert head[:3] == ["Case", "Process", "Stage"]
    assert [row[0] for row in rows] == [one]
    (entry,) = await house.rows.fetch("SELECT actor, act, subject, details FROM iehe.administration_log")
    assert tuple(entry)[:3] == ("office-1", "export", "cases.csv")
    assert json.loads(entry["details"]) == {"rows": 1, "names": False, "filter": {"state": "open"}}
    every = table(await file_of(office, "/export/cases.csv", state="all"))
    assert len(every) == 3


async def test_names_ask_for_a_fresh_sign_in_and_the_right_to_them(house: House) -> None:
    """Who has shown who they are long ago is asked again; who sees no name gets none."""
    await house.applies("A-0001", family_name="見本", given_name="花子")
    old = await house.reader("office-1", shown=datetime.now(UTC) - timedelta(hours=1))
    asked = await old.send("/export/cases.csv", {"with": "names"})
    assert (asked.status_code, 'href="/sign-in/again"' in asked.text) == (403, True)
    assert await house.rows.fetchval("SELECT count(*) FROM iehe.administration_log") == 0
    office = await house.reader("office-1")
    assert "見本 花子" in (await file_of(office, "/export/cases.csv", **{"with": "names"})).decode()
    for staff_id in ("office-1", "auditor-1"):
        reader = await house.reader(staff_id)
        given = {"with": "names"} if staff_id == "auditor-1" else {}
        assert "花子" not in (await file_of(reader, "/export/cases.csv", **given)).decode()


async def test_who_does_not_see_the_work_whole_gets_no_file(house: House) -> None:
    """By concern one sees a page, and hands out nothing; nor is there a form for it."""
    case_id = await house.applies("A-0001")
    await house.concern(case_id, "reviewer-1", "reviewer")
    await house.task(case_id, "review:1", "reviewer", "reviewer-1", timedelta(days=1))
    for staff_id in ("reviewer-1", "counsellor-1", "nobody-1"):
        reader = await house.reader(staff_id)
        for name in ("cases", "tasks", "people", "audit", "other"):
            assert (await reader.send(f"/export/{name}.csv", {})).status_code == 404
        assert "/export/" not in await reader.text("/")
    office = await house.reader("office-1")
    assert (await office.send("/export/cases.pdf", {})).status_code == 404
    assert (await office.send("/export/cases.csv", {}, token="x")).status_code == 403
    assert (await office.get("/export/cases.csv")).status_code == 405
    assert "/export/tasks.csv" in await office.text("/")


async def test_a_workbook_has_texts_and_numbers(house: House) -> None:
    """What looks like a formula is a text there, and marked as one in CSV."""
    await house.rows.execute("UPDATE iehe.staff SET name = '=1+1' WHERE staff_id = 'reviewer-1'")
    office = await house.reader("office-1")
    content = await file_of(office, "/export/people.xlsx", **{"role": "reviewer", "with": "names"})
    rows = workbook(content)
    assert rows[1][:2] == ["reviewer-1", "=1+1"]
    assert rows[1][5] == 4
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")
    found = table(await file_of(office, "/export/people.csv", **{"role": "reviewer", "with": "names"}))
    assert found[1][1] == "'=1+1"


async def test_tasks_and_the_log_are_files_too(house: House) -> None:
    """Only what the reader sees: an auditor gets the steps that the page shows."""
    case_id = await house.applies("A-0001")
    await house.task(case_id, "review:1", "reviewer", "reviewer-1", timedelta(days=-1))
    secret = await house.referred("AAAA1111", "S1")
    await house.task(secret, "contact:1", "counsellor", "counsellor-1", timedelta(days=1))
    await house.log(case_id, 1, "open", "office-1")
    _, *rows = table(await file_of(await house.reader("office-1"), "/export/tasks.csv", due="overdue"))
    assert [row[3] for row in rows] == [case_id]
    head, *rows = table(await file_of(await house.reader("auditor-1"), "/export/audit.csv", what="steps"))
    assert head == ["When", "Who", "Act", "Case", "Stage"]
    assert [row[3] for row in rows] == [case_id]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
async def test_a_file_has_no_more_than_so_many_rows_and_says_so(house: House, monkeypatch, ending) -> None:
    """The last line tells that there are more."""
    monkeypatch.setattr(exports, "MOST", 3)
    for number in range(5):
        await house.case(f"admission/A-{number:04}", "admission-review", "review")
    content = await file_of(await house.reader("office-1"), f"/export/cases.{ending}")
    found = [row[0] for row in table(content)] if ending == "csv" else [row[0] for row in workbook(content)]
    assert len(found) == 5
    assert found[-1].startswith("There are more than 3 rows")


async def test_a_made_up_filter_is_refused(house: House) -> None:
    """As on the page; and nothing is noted."""
    office = await house.reader("office-1")
    for form in ({"state": "x"}, {"other": "1"}, {"stage": "\0"}):
        assert (await office.send("/export/cases.csv", form)).status_code == 400
    assert await house.rows.fetchval("SELECT count(*) FROM iehe.administration_log") == 0


async def test_a_list_prints_with_its_filter_time_and_person(house: House) -> None:
    """At its head, which a screen does not show."""
    office = await house.reader("office-1")
    for path, words in (
        ("/cases?process=admission-review&state=overdue", "State: overdue"),
        ("/?whose=mine&due=week", "Due: Due within a week"),
        ("/people?role=reviewer", "Role: reviewer"),
    ):
        head = (
            main_of(await office.text(path)).partition('<div class="print-head">')[2].partition("</div>")[0]
        )
        assert words in head
        assert "by 見本 office-1 (office-1)" in head
