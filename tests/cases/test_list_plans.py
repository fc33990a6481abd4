"""How the lists are read: along an index, a page and no more of it, however much there is."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from activities.kernel.database import open_pool
from activities.kernel.queries import queries
from benchmarks.admission.lists import OFFICE, PEOPLE, Look, Question, every_list, fill, plan
from cases import list_questions
from cases.list_questions import TaskFilters
from cases.lists import view_of_tasks
from workers.policies import load_defaults

CASES = 20_000
LARGE = {
    *("cases", "case_labels", "case_people", "case_log", "tasks", "notices", "events"),
    *("people", "applications", "import_rows"),
}
MOST = 1_000
"""Rows of one table that a page of 50 may read or sort."""
IMPORTED = CASES * 50 // 200
"""The rows of 50 batches, of which there are 200."""
OWN = CASES // 10 + 100
"""One's own cases by a filter: they are walked, or else all that are open, of which there are a tenth."""


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
    (told,) = await plan(pool, question, "JSON")
    found = []
    for node in nodes(told["Plan"]):
        if node.get("Relation Name") in LARGE and node["Actual Loops"]:
            name = f"{node['Node Type']} of {node['Relation Name']}"
            found += [name] if node["Node Type"] == "Seq Scan" else []
            found += [f"{name} reads {rows_read(node):.0f}"] if rows_read(node) > most else []
        if node["Node Type"] == "Sort":
            rows = sum(below["Actual Rows"] * below["Actual Loops"] for below in node["Plans"])
            found += [f"sorts {rows:.0f}"] if rows > MOST else []
    return found


def looks() -> Iterator[tuple[Look, int]]:
    """Each list with the rows of one table that it may read."""
    for look in every_list(CASES):
        own = look.name.startswith("cases of") and not look.name.startswith("cases of admissions_office")
        if not look.name.startswith("count"):
            yield look, OWN if own else IMPORTED if look.name == "imports" else MOST


@pytest.mark.parametrize(("look", "most"), [pytest.param(*each, id=each[0].name) for each in looks()])
async def test_a_page_is_read_along_an_index(pools, look: Look, most: int) -> None:
    """No list of any door scans or sorts what it lists, whatever is asked and wherever the page begins."""
    found = {}
    for question in look.questions:
        if wrong := await faults(pools[look.role], question, most):
            found[str(question.values)] = wrong
    assert found == {}


@pytest.mark.parametrize("who", [OFFICE, *PEOPLE], ids=lambda who: who.roles[0])
async def test_the_cases_before_and_after_one_are_found_along_an_index(pools, who) -> None:
    """Wherever a case stands in the list of tasks, and also where it has none."""
    pool, view = pools["office"], view_of_tasks(who)
    open_tasks = "SELECT case_id FROM iehe.tasks WHERE closed_at IS NULL ORDER BY due_at"
    ids = [row["case_id"] for row in await pools["worker"].fetch(open_tasks)]
    for case_id in (ids[0], ids[len(ids) // 2], ids[-1], "admission/A00000001"):
        assert await faults(pool, list_questions.neighbours_question(view, case_id), 200) == []


async def test_no_more_tasks_are_counted_than_are_told(pools, monkeypatch) -> None:
    """What is beyond the limit is not read."""
    monkeypatch.setattr(list_questions, "COUNTED", 100)
    view = view_of_tasks(OFFICE)
    for wanted in (TaskFilters(), TaskFilters(role="reviewer"), TaskFilters(overdue=True)):
        question = list_questions.total_question(view, wanted)
        assert await faults(pools["office"], question, 110) == []


async def test_an_idle_relay_reads_nothing_of_what_is_not_due(pools) -> None:
    """With thousands of events stored that wait for a later hour, no look of a relay reads one of them."""
    pool = pools["worker"]
    waiting = "SELECT count(*) FROM iehe.events WHERE state = 'stored' AND next_try_at > now()"
    assert await pool.fetchval(waiting) > CASES / 6
    for name, values in (("claim", (1, 32, [])), ("next_try", ()), ("under_way", ())):
        question = Question()
        question.text, question.values = queries("kernel/relay")[name], [*values]
        assert await faults(pool, question, 1) == [], name
