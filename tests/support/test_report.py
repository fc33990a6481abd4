"""P9: what is counted of a year, and what of it is shown."""

import csv
from datetime import UTC, datetime
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.support.report import counted, span
from cases.suppression import LEAST, published
from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401 - fixtures
from tests.support.office import Office


@st.composite
def counts(draw: st.DrawFn) -> dict[str, dict[str, int]]:
    """Some people, counted by several questions."""
    total = draw(st.integers(0, 60))
    tables = {}
    for name in "abc"[: draw(st.integers(1, 3))]:
        cells = draw(st.integers(1, 6))
        parts = draw(st.lists(st.integers(0, cells - 1), min_size=total, max_size=total))
        tables[name] = {str(cell): parts.count(cell) for cell in range(cells)}
    return tables


def solved(equations: list[tuple[dict[str, int], int]], unknown: list[str]) -> dict[str, Fraction]:
    """The unknowns that a system of sums determines, by elimination."""
    rows = [
        [Fraction(said.get(name, 0)) for name in unknown] + [Fraction(value)] for said, value in equations
    ]
    rank = 0
    for column in range(len(unknown)):
        pivot = next((row for row in range(rank, len(rows)) if rows[row][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        rows[rank] = [each / rows[rank][column] for each in rows[rank]]
        for other in range(len(rows)):
            if other != rank:
                factor = rows[other][column]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[rank], strict=True)]
        rank += 1
    return {
        name: row[-1]
        for row in rows
        for column, name in enumerate(unknown)
        if [place for place, each in enumerate(row[:-1]) if each] == [column]
    }


@given(counts())
def test_p09_no_hidden_count_follows_from_what_is_published(tables: dict[str, dict[str, int]]) -> None:
    """Not by sums over one table or over all of them, nor because nothing is less than none."""
    total, shown = published(tables)
    equations, unknown = [], [] if total is not None else ["total"]
    for name, cells in shown.items():
        hidden = [f"{name}{cell}" for cell, count in cells.items() if count is None]
        unknown += hidden
        rest = sum(count for count in cells.values() if count is not None)
        if total is None:
            equations.append((dict.fromkeys(hidden, 1) | {"total": -1}, -rest))
        elif hidden:
            equations.append((dict.fromkeys(hidden, 1), total - rest))
            # no sum of counts is 0 only because each of them is
            assert total - rest >= LEAST
    assert solved(equations, unknown) == {}


@given(counts())
def test_p09_what_is_shown_is_true_and_not_small(tables: dict[str, dict[str, int]]) -> None:
    """What is hidden is left out, and never made up."""
    total, shown = published(tables)
    assert total in (None, sum(tables["a"].values()))
    for name, cells in shown.items():
        for cell, count in cells.items():
            assert count is None or (count == tables[name][cell] and count >= LEAST)


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ({"a": 20, "b": 7, "c": 3}, {"a": 20, "b": None, "c": None}),
        ({"a": 20, "b": 3, "c": 3}, {"a": 20, "b": None, "c": None}),
        ({"a": 20, "b": 1, "c": 0}, {"a": None, "b": None, "c": None}),
        ({"a": 20, "b": 5}, {"a": 20, "b": 5}),
        ({"a": 3, "b": 1}, {"a": None, "b": None}),
    ],
)
def test_p09_a_second_count_is_hidden_with_the_first(cells: dict, shown: dict) -> None:
    """The smallest of the others, and more where they are too few to be either."""
    assert published({"table": cells})[1] == {"table": shown}


def test_p09_crises_and_harassment_are_counted_for_the_whole_university_alone() -> None:
    """No table crosses them with a unit, a way or a month."""
    row = {"way": "desk", "level": 1, "unit": "harassment", "outcome": None, "crisis": True, "missed": []}
    tables = counted([row])
    assert tables["crisis"] == {"yes": 1, "no": 0}
    assert all(sum(cells.values()) == 1 for cells in tables.values())
    assert not [
        cell for cells in tables.values() for cell in cells if "harassment" in cell and cell != "harassment"
    ]
    assert {name for name in tables if "crisis" in name} == {"crisis"}


async def referred(office: Office, year: int, ways: dict[str, int]) -> None:
    """Referrals of a year, as they stand in the database."""
    first, _ = span(year)
    numbers = product(ways, range(max(ways.values())))
    for way, number in ((way, number) for way, number in numbers if number < ways[way]):
        case_id = f"support/{way.upper()[:4]}{year}{number:04d}"
        await office.owner.execute(
            "INSERT INTO iehe.support_referrals (case_id, received_at, way, language, danger, urgent, words) "
            "VALUES ($1, $2, $3, 'ja', false, false, gen_random_uuid())",
            *(case_id, first, way),
        )
        await office.owner.execute(
            "INSERT INTO iehe.cases "
            "(case_id, process, version, stage, stage_since, opened_at, policy_version, state, hash) "
            "VALUES ($1, 'support-case', 1, 'referred', $2, $2, 'default-1', $3, '')",
            *(case_id, first, '{"level": 3}'),
        )


async def test_p09_the_report_of_a_year_is_published_once_and_stays(
    office: Office,
    iehe: CommandLine,  # noqa: F811
    tmp_path,
) -> None:
    """Whoever comes to be counted later is in no second table; the year has to be over."""
    await referred(office, 2024, {"desk": 12, "form": 8, "helpdesk": 3})
    told = await iehe.ok("support", "report", "2024", by="head-1")
    assert told["referrals"] == 23
    assert told["tables"]["way"]["desk"] == 12
    assert told["tables"]["way"]["helpdesk"] is told["tables"]["way"]["form"] is None
    assert told["days_to_first_response"] is None
    await office.owner.execute("UPDATE iehe.support_referrals SET way = 'form' WHERE way = 'desk'")
    assert await iehe.ok("support", "report", "2024", by="vice-1") == told
    file = tmp_path / "report.csv"
    await iehe.ok("support", "report", "2024", "--to", file, by="head-1")
    rows = list(csv.reader(file.read_text("utf-8-sig").splitlines()))
    assert ["way", "desk", "12"] in rows
    assert ["way", "helpdesk", "<5"] in rows
    book = tmp_path / "report.xlsx"
    await iehe.ok("support", "report", "2024", "--to", book, by="head-1")
    assert book.read_bytes().startswith(b"PK")
    running = str(datetime.now(UTC).year)
    assert (await iehe.refused("support", "report", running, by="head-1"))[1] == "year-not-over"
    for who in ("counsellor-1", "triage-1", "duty-1", "access-1"):
        assert (await iehe.refused("support", "report", "2024", by=who))[1] == "role-missing"
