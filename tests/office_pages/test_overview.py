"""Overview: what is counted is what the lists behind the bars have, and small counts are not told."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest

from cases.overview import year_before
from office.charts import Bar, Chart, Part
from tests.office_pages.house import House, cases_on, house, main_of  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name


def chart_of(page: str, name: str) -> str:
    return main_of(page).partition(f'id="h-{name}"')[2].partition("</section>")[0]


def table_of(page: str, name: str) -> dict[tuple[str, str], tuple[str, str | None]]:
    """The table below a chart: by bar and part the number and where it leads."""
    found = {}
    for row in chart_of(page, name).partition("<tbody>")[2].split("</tr>"):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        if cells:
            texts = [re.sub("<[^>]+>", "", each).strip() for each in cells]
            href = re.search(r'href="([^"]+)"', cells[2])
            found[texts[0], texts[1]] = texts[2], href and html.unescape(href[1])
    return found


async def furnished(house: House) -> list[str]:
    """Seven cases at two stages, with tasks of several days and ages."""
    ids = [
        await house.case(f"admission/A-{n}", "admission-review", "review" if n < 5 else "committee")
        for n in range(7)
    ]
    await house.rows.execute(
        "UPDATE iehe.cases SET waiting_for = 'committee_member' WHERE stage = 'committee'"
    )
    await house.rows.execute(
        "UPDATE iehe.cases SET waiting_for = 'admissions_office' WHERE case_id = $1", ids[0]
    )
    await house.case("admission/B-1", "admission-review", "enrolled", closed=True)
    for case_id, days in zip(ids, (-3, -1, 1, 2, 2, 5, 40), strict=True):
        await house.task(case_id, "review:1", "reviewer", "reviewer-1", timedelta(days=days))
    await house.rows.execute(
        "UPDATE iehe.tasks SET opened_at = now() - interval '20 days' WHERE case_id = ANY ($1)", ids[:2]
    )
    return ids


async def test_every_number_is_that_of_the_list_it_leads_to(house: House) -> None:
    """Cases by stage and whom they wait for, tasks by day and age: followed one by one."""
    await furnished(house)
    office = await house.reader("office-1")
    page = await office.text("/overview?process=admission-review")
    stages = {key: int(number) for key, (number, _) in table_of(page, "stages").items() if number != "0"}
    assert stages == {
        ("under review", "admissions office"): 1,
        ("under review", "reviewer"): 4,
        ("before the committee", "committee member"): 2,
    }
    assert sum(int(number) for number, _ in table_of(page, "due").values()) == 6
    assert [int(number) for number, _ in table_of(page, "ages").values()] == [0, 5, 0, 0, 2, 0]
    followed = 0
    for name in ("stages", "due", "ages"):
        for (bar, part), (number, href) in table_of(page, name).items():
            if href is not None:
                followed += 1
                assert len(cases_on(await office.text(href))) == int(number), (bar, part)
    assert followed > 20


async def test_load_is_drawn_with_its_cap(house: House) -> None:
    """Open and overdue of each person, and how many at most as a line."""
    await furnished(house)
    page = await (await house.reader("office-1")).text("/overview")
    load = table_of(page, "load")
    one, two = ("見本 reviewer-1 (reviewer-1)", "見本 reviewer-2 (reviewer-2)")
    assert load[one, "in time"][0] == "5"
    assert load[one, "overdue"][0] == "2"
    assert load[two, "in time"][0] == "0"
    drawn = chart_of(page, "load")
    assert drawn.count('class="cap"') == 2
    assert "7 (5 + 2)" in drawn


async def test_a_label_is_counted_against_a_year_before(house: House) -> None:
    """By the stages that its cases have been at, in the order of the process."""
    now = datetime.now(UTC)
    for year, paths in (
        (2026, (["submitted"], ["submitted", "review"])),
        (2027, (["submitted", "review"],) * 3),
    ):
        for n, path in enumerate(paths):
            case_id = await house.case(
                f"admission/Y{year}-{n}",
                "admission-review",
                path[-1],
                opened=now - timedelta(days=2027 - year),
            )
            await house.rows.execute(
                "UPDATE iehe.cases SET state = $2 WHERE case_id = $1", case_id, _path(path)
            )
            await house.rows.execute(
                "INSERT INTO iehe.case_labels VALUES ($1, 'round_id', $2)", case_id, f"{year}-general"
            )
    office = await house.reader("office-1")
    page = await office.text("/overview")
    numbers = [number for number, _ in table_of(page, "reached").values()]
    assert "2027-general" in chart_of(page, "reached")
    assert "2026-general" in chart_of(page, "reached")
    assert numbers == ["3", "2", "3", "1"]
    for number, href in table_of(page, "reached").values():
        assert len(cases_on(await office.text(href))) == int(number), href
    older = await office.text("/overview?label=2026-general")
    assert [number for number, _ in table_of(older, "reached").values()] == ["2", "1"]


def _path(stages: list[str]) -> str:
    return '{"path": [' + ", ".join(f'"{each}"' for each in stages) + "]}"


async def test_small_counts_of_what_is_confidential_are_hidden(house: House) -> None:
    """From who sees that cases are there and not what is done; whoever sees the work has them all."""
    for n, stage in enumerate(12 * ["referred"] + 6 * ["assigned"] + 2 * ["triaged"]):
        await house.case(f"support/C{n:07}", "support-case", stage)
    auditor = await house.reader("auditor-1")
    page = await auditor.text("/overview?process=support-case")
    numbers = {bar: number for (bar, _), (number, _) in table_of(page, "stages").items()}
    assert "2" not in numbers.values()
    assert numbers["referred"] == "12"
    assert sum(number.startswith("fewer") for number in numbers.values()) > 1
    assert ">2<" not in chart_of(page, "stages")
    assert 'id="h-load"' not in page
    whole = await (await house.reader("triage-1")).text("/overview?process=support-case")
    assert {"12", "6", "2"} <= {number for number, _ in table_of(whole, "stages").values()}


async def test_who_sees_only_some_cases_has_no_overview(house: House) -> None:
    """No count tells of what is not seen; and no process is shown that is none of one's own."""
    await furnished(house)
    for staff_id in ("reviewer-1", "counsellor-1", "admin-1", "nobody-1"):
        assert (await (await house.reader(staff_id)).get("/overview")).status_code == 404
    page = await (await house.reader("exchange-1")).text("/overview?process=admission-review")
    assert "admission-review" not in main_of(page)


async def test_bars_have_words_and_no_style(house: House) -> None:
    """A title for each, links that say where they lead, a table below, and nothing that the CSP forbids."""
    await furnished(house)
    page = main_of(await (await house.reader("office-1")).text("/overview"))
    assert page.count("<rect") == page.count("<title>") - page.count('class="cap"')
    assert " style=" not in page
    assert page.count("<figure") == page.count("<figcaption") == page.count("<table>")
    assert page.count("<h1") == 1


@pytest.mark.parametrize(
    ("value", "before"),
    [("2027-general", "2026-general"), ("27S", "26S"), ("H-01x", "H-00x"), ("none", None), ("0", None)],
)
def test_the_same_of_a_year_before(value: str, before: str | None) -> None:
    """By the first number in it, of as many digits."""
    assert year_before(value) == before


def test_bars_are_on_one_scale() -> None:
    """The longest, or the highest cap, is the whole width; what is there is never invisible."""
    parts = (Part("", "a", 1), Part("late", "b", 999))
    chart = Chart(
        "x",
        "x",
        "x",
        (Bar("1", parts), Bar("2", (Part("", "a", None),)), Bar("3", (Part("", "a", 0),), cap=2000)),
    )
    (_, drawn, end, cap), (hidden, *_), (_, _, _, highest) = chart.drawn
    assert [width for _, _, width in drawn] == [2, 165]
    assert (end, cap, hidden.total, highest) == (167, None, None, 330)
