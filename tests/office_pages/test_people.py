"""People: who is shown to whom, with which load, and absences that are noted and ended there."""

from datetime import UTC, datetime, timedelta

from schemas.kernel.japan import TOKYO
from tests.office_pages.house import House, house, main_of  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name

TODAY = datetime.now(UTC).astimezone(TOKYO).date()


def days(first: int, last: int, substitute: str = "") -> dict[str, str]:
    """An absence as the form has it."""
    return {
        "from": (TODAY + timedelta(days=first)).isoformat(),
        "until": (TODAY + timedelta(days=last)).isoformat(),
        "substitute": substitute,
    }


async def test_the_office_sees_its_colleagues_and_their_load(house: House) -> None:
    """Roles of its processes alone, open tasks and what of them is late, and how many at most."""
    case_id = await house.applies("A-0001")
    await house.task(case_id, "review:1", "reviewer", "reviewer-1", timedelta(days=-1))
    await house.task(case_id, "review:2", "reviewer", "reviewer-1", timedelta(days=1))
    office = await house.reader("office-1")
    page = main_of(await office.text("/people?role=reviewer"))
    row = next(each for each in page.split("<tr>") if "/people/reviewer-1" in each)
    for part in ('<td class="number">2', '<strong class="late">1', '<td class="number">4'):
        assert part in row
    assert "reviewer-2" in page
    assert "office-1" not in page.partition("<tbody>")[2]
    everybody = main_of(await office.text("/people"))
    assert "exchange-1" not in everybody
    assert "counsellor-1" not in everybody


async def test_load_counts_only_what_the_reader_sees(house: House) -> None:
    """What somebody has to do in another process is not the office's business."""
    await house.rows.execute(
        "UPDATE iehe.staff SET roles = '{reviewer,counsellor}' WHERE staff_id = 'reviewer-1'"
    )
    case_id = await house.referred("AAAA1111", "S2301234", "reviewer-1")
    await house.task(case_id, "contact:1", "counsellor", "reviewer-1", timedelta(days=1))
    page = await (await house.reader("office-1")).text("/people/reviewer-1")
    assert case_id not in page
    assert "<dt>Open tasks</dt><dd>0 / 4</dd>" in page


async def test_who_sees_no_work_sees_no_colleagues(house: House) -> None:
    """Neither the list nor a person; but everybody has a page of their own."""
    for staff_id in ("reviewer-1", "nobody-1", "counsellor-1"):
        reader = await house.reader(staff_id)
        assert (await reader.get("/people")).status_code == 404
        assert (await reader.get("/people/office-1")).status_code == 404
    assert (await (await house.reader("reviewer-1")).get("/people/reviewer-1")).status_code == 200
    office = await house.reader("office-1")
    assert (await office.get("/people/exchange-1")).status_code == 404
    assert (await office.get("/people/no-such")).status_code == 404


async def test_one_notes_an_absence_with_a_deputy_and_ends_it(house: House) -> None:
    """Sent twice it is one; who stands in is shown to colleagues; and each change is in the log."""
    reviewer = await house.reader("reviewer-1")
    for _ in range(2):
        sent = await reviewer.send("/people/reviewer-1/absence", days(0, 3, "reviewer-2"))
        assert (sent.status_code, sent.headers["location"]) == (303, "/people/reviewer-1?said=changed")
    noted = await house.rows.fetch("SELECT staff_id, substitute, noted_by FROM iehe.absences")
    assert [tuple(row) for row in noted] == [("reviewer-1", "reviewer-2", "reviewer-1")]
    page = main_of(await (await house.reader("office-1")).text("/people?role=reviewer"))
    row = next(each for each in page.split("<tr>") if "/people/reviewer-1" in each)
    assert "reviewer-2" in row
    assert (await reviewer.send("/people/reviewer-1/back", {})).status_code == 303
    assert "None is noted." in await reviewer.text("/people/reviewer-1")
    acts = await house.rows.fetch("SELECT actor, act, subject FROM iehe.administration_log ORDER BY entry")
    assert {tuple(row) for row in acts} == {
        ("reviewer-1", "note-absence", "reviewer-1"),
        ("reviewer-1", "end-absence", "reviewer-1"),
    }


async def test_what_is_wrong_comes_back_in_the_form(house: House) -> None:
    """Days that are none, an end before the beginning, oneself as deputy, an absence over another one."""
    admin = await house.reader("admin-1")
    empty = await admin.send("/people/reviewer-1/absence", {"from": "soon", "until": "", "substitute": ""})
    assert empty.status_code == 422
    assert empty.text.count("Give a day.") == 4
    assert 'value="soon"' in empty.text
    for sent, words in (
        (days(3, 1), "ends before it begins"),
        (days(0, 1, "reviewer-1"), "stands in for themselves"),
        (days(0, 1, "no-such"), "not an active member"),
    ):
        answer = await admin.send("/people/reviewer-1/absence", sent)
        assert answer.status_code == 409
        assert words in answer.text
    assert (await admin.send("/people/reviewer-1/absence", days(2, 5))).status_code == 303
    over = await admin.send("/people/reviewer-1/absence", days(4, 8))
    assert over.status_code == 409
    assert "another absence" in over.text
    assert await house.rows.fetchval("SELECT count(*) FROM iehe.absences") == 1


async def test_nobody_notes_an_absence_of_others(house: House) -> None:
    """But an administrator; and nothing is done without the token of the session."""
    office = await house.reader("office-1")
    assert (await office.send("/people/reviewer-1/absence", days(0, 1))).status_code == 404
    assert (await office.send("/people/reviewer-1/back", {})).status_code == 404
    assert "Note an absence" not in await office.text("/people/reviewer-1")
    assert (await office.send("/people/office-1/absence", days(0, 1), token="x")).status_code == 403
    assert await house.rows.fetchval("SELECT count(*) FROM iehe.absences") == 0


async def test_a_colleague_is_named_wherever_a_page_has_them(house: House) -> None:
    """In the head, in lists and charts: by name, and by the id that other doors know them by."""
    case_id = await house.applies("A-0001")
    await house.task(case_id, "review:1", "reviewer", "reviewer-1", timedelta(days=1))
    office = await house.reader("office-1")
    assert '<li><a href="/people/office-1">見本 office-1 (office-1)</a></li>' in await office.text("/people")
    assert "<td>見本 reviewer-1 (reviewer-1)</td>" in await office.text("/")
    assert "見本 reviewer-1 (reviewer-1)" in await office.text("/overview")
