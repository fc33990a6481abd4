"""Audit: for auditors and administrators, of what they see, page by page."""

import re
from datetime import UTC, datetime, timedelta

from cases.administration import note
from office import audit
from tests.office_pages import said
from tests.office_pages.house import House, cases_on, house, main_of  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name


def rows_of(page: str) -> list[list[str]]:
    """The cells of a table."""
    body = main_of(page).partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        [" ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in re.findall("<td.*?</td>", row, re.DOTALL)]
        for row in body.split("</tr>")
        if "<td" in row
    ]


async def test_the_administration_log_is_filtered_by_who_what_and_day(house: House) -> None:
    """The newest first, with details; each view is an address."""
    for who, act in (("admin-1", "import-staff"), ("head-1", "load-policy"), ("admin-1", "add-source")):
        await note(house.rows, who, act, "s-1", added=3)
    auditor = await house.reader("auditor-1")
    rows = rows_of(await auditor.text("/audit"))
    assert [row[1:] for row in rows] == [
        ["admin-1", "add source add-source", "s-1", "added 3"],
        ["head-1", "load policy load-policy", "s-1", "added 3"],
        ["admin-1", "import staff import-staff", "s-1", "added 3"],
    ]
    assert len(rows_of(await auditor.text("/audit?who=admin-1"))) == 2
    assert len(rows_of(await auditor.text("/audit?act=load-policy&case=s-1"))) == 1
    assert rows_of(await auditor.text("/audit?until=2020-01-01")) == []
    assert len(rows_of(await auditor.text("/audit?since=2020-01-01&until=&who="))) == 3
    assert (await auditor.get("/audit?since=soon")).status_code == 400
    assert (await auditor.get("/audit?what=other")).status_code == 400


async def test_details_are_told_in_words_and_files_keep_the_codes(house: House) -> None:
    """Each detail with its name, on the page in the reader's language; the file is for programs, too."""
    about = {"rows": 3, "names": False, "filter": {"state": "open"}, "substitute": None}
    await note(house.rows, "office-1", "export", "cases.csv", **about)
    auditor = await house.reader("auditor-1", language="ja")
    page = await auditor.text("/audit")
    assert "<dt>行数</dt><dd>3</dd>" in page
    assert "<dt>氏名を含む</dt><dd>いいえ</dd>" in page
    assert "ファイルへの出力" in page
    assert '<small class="code">export</small>' in page
    assert "{&#34;" not in page
    file = (await auditor.send("/export/audit.csv", {})).text
    assert ",export,cases.csv," in file
    assert "rows: 3" in file


def test_every_act_of_the_log_has_words_in_both_languages() -> None:
    """Acts and details, as the code notes them."""
    acts, details = said.noted()
    assert len(acts) > 50
    for of, codes in (("log", acts), ("detail", details)):
        assert sorted(each for each in codes if audit.room_of(f"{of}: {each}") is None) == []


async def test_steps_are_of_cases_whose_work_is_seen(house: House) -> None:
    """An auditor sees those of every process but the confidential one; an administrator those of none."""
    case_id = await house.applies("A-0001")
    secret = await house.referred("AAAA1111", "S1")
    await house.log(case_id, 1, "open", "office-1", ("", "submitted"))
    await house.log(case_id, 2, "confirm-eligibility", "office-1", ("eligibility", "review"))
    await house.log(secret, 1, "open", "counsellor-1")
    auditor = await house.reader("auditor-1")
    page = await auditor.text("/audit?what=steps")
    assert cases_on(page) == {case_id}
    assert [row[1] for row in rows_of(page)] == ["office-1", "office-1"]
    assert len(rows_of(await auditor.text("/audit?what=steps&act=open"))) == 1
    assert len(rows_of(await auditor.text(f"/audit?what=steps&case={case_id}&who=office-1"))) == 2
    admin = await house.reader("admin-1")
    assert rows_of(await admin.text("/audit?what=steps")) == []


async def test_reads_of_confidential_cases_are_told(house: House) -> None:
    """Who has read which, and by which right."""
    case_id = await house.referred("AAAA1111", "S2301234", "counsellor-1")
    await (await house.reader("counsellor-1")).text("/search?q=S2301234")
    auditor = await house.reader("auditor-1")
    (row,) = rows_of(await auditor.text("/audit?what=reads"))
    assert row[1:] == ["counsellor-1", "search", case_id, "counsellor / counsellor counsellor/counsellor"]
    assert rows_of(await (await house.reader("admin-1")).text("/audit?what=reads")) == []


async def test_lists_do_not_bury_who_has_opened_a_case(house: House) -> None:
    """However often a case was one of many: openings are a log of their own."""
    case_id = await house.referred("AAAA1111", "S2301234", "counsellor-1")
    read = "INSERT INTO iehe.case_reads (case_id, staff_id, what, by_right) VALUES ($1, $2, $3, 'none')"
    await house.rows.execute(read, case_id, "counsellor-1", "page")
    for _ in range(3):
        await (await house.reader("counsellor-1")).text("/cases")
    auditor = await house.reader("auditor-1")
    whole = [row[2] for row in rows_of(await auditor.text("/audit?what=reads"))]
    assert whole == [*["list"] * 3, "page"]
    (row,) = rows_of(await auditor.text("/audit?what=openings"))
    assert row[1:4] == ["counsellor-1", "page", case_id]


async def test_a_page_goes_on_where_the_one_before_has_ended(house: House, monkeypatch) -> None:
    """Each entry once, also where several steps are of one moment; with the same filter."""
    monkeypatch.setattr(audit, "LIMIT", 2)
    case_id = await house.applies("A-0001")
    for version in range(1, 6):
        await house.log(case_id, version, f"step-{version}", "office-1")
    await house.rows.execute("ALTER TABLE iehe.case_log DISABLE TRIGGER USER")
    await house.rows.execute("UPDATE iehe.case_log SET at = now()")
    auditor, path, found = await house.reader("auditor-1"), "/audit?what=steps&who=office-1", []
    while path:
        page = await auditor.text(path)
        found += [row[2] for row in rows_of(page)]
        more = re.search(r'href="(/audit\?[^"]*cursor=[^"]*)"', page)
        path = more and more[1].replace("&amp;", "&")
    assert found == [f"step {n} step-{n}" for n in range(5, 0, -1)]
    assert (await auditor.get("/audit?cursor=AAAA")).status_code == 400


async def test_nobody_else_has_it(house: House) -> None:
    """Neither the page nor its file."""
    for staff_id in ("office-1", "head-1", "reviewer-1", "counsellor-1", "nobody-1"):
        reader = await house.reader(staff_id)
        assert (await reader.get("/audit")).status_code == 404
        assert (await reader.send("/export/audit.csv", {})).status_code == 404


async def test_who_has_shown_who_they_are_long_ago_is_asked_again(house: House) -> None:
    """Before the logs are opened, and before a case is that one does not see; nothing is done until then."""
    auditor = await house.reader("auditor-1", shown=datetime.now(UTC) - timedelta(hours=1))
    asked = await auditor.get("/audit")
    assert (asked.status_code, asked.headers["location"].split("?")[0]) == (303, "/sign-in/again")
    counsellor = await house.reader("counsellor-1", shown=datetime.now(UTC) - timedelta(hours=1))
    form = {"key": f"page-{'0' * 32}", "case": "support/AAAAAAAA", "reason": "x"}
    asked = await counsellor.send("/break-glass", form)
    assert (asked.status_code, 'href="/sign-in/again"' in asked.text) == (403, True)
