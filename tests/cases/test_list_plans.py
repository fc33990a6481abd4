"""How the lists are read: along an index, a page and no more of it, however much there is."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from activities.kernel.database import open_pool
from benchmarks.lists import Look, Question, every_list, fill, plan
from workers.policies import load_defaults

CASES = 20_000
LARGE = {
    *("cases", "case_labels", "case_people", "case_log", "tasks", "notices", "events"),
    *("people", "applications", "import_rows"),
}
MOST = 1_000
"""Rows that a page of 50 may read or sort, what it looks up beside its own rows included."""


@pytest.fixture(scope="module")
async def pools(postgres, template) -> AsyncIterator[dict[str, asyncpg.Pool]]:
    """A database with 20,000 cases, for the office and for the worker."""
    name = "many_cases"
    await postgres.create_database(name, template=template)
    owner = await asyncpg.connect(postgres.url("owner", name))
    await load_defaults(owner)
    await fill(owner, CASES)
    await owner.close()
    opened = {role: await open_pool(postgres.url(role, name), size=1) for role in ("office", "worker")}
    yield opened
    for pool in opened.values():
        await pool.close()
    await postgres.drop_database(name)


def nodes(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield tree
    for below in tree.get("Plans", ()):
        yield from nodes(below)


def rows_read(node: dict[str, Any]) -> float:
    per_loop = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return (per_loop + node.get("Rows Removed by Index Recheck", 0)) * node["Actual Loops"]


async def faults(pool: asyncpg.Pool, question: Question, most: float = MOST) -> list[str]:
    """What in the plan of a question grows with the tables."""
    ((tree,),) = [[each["Plan"] for each in await plan(pool, question, "JSON")]]
    read = {
        f"{node['Node Type']} of {node['Relation Name']}": rows_read(node)
        for node in nodes(tree)
        if node.get("Relation Name") in LARGE
    }
    found = [each for each in read if each.startswith("Seq Scan")]
    found += [f"{name} reads {rows:.0f}" for name, rows in read.items() if rows > most]
    return found + [
        f"sorts {below['Actual Rows'] * below['Actual Loops']:.0f}"
        for node in nodes(tree)
        if node["Node Type"] == "Sort"
        for below in node["Plans"]
        if below["Actual Rows"] * below["Actual Loops"] > most
    ]


@pytest.mark.parametrize("look", [*every_list(CASES)], ids=lambda look: look.name)
async def test_a_page_is_read_along_an_index(pools, look: Look) -> None:
    """No list of any door scans or sorts what it lists, whatever is asked and wherever the page begins."""
    found = {}
    for question in look.questions:
        if wrong := await faults(pools[look.role], question):
            found[str(question.values)] = wrong
    assert found == {}
