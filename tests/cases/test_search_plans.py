"""How a search is read: among 20,000 cases, names once and numbers along an index, and nothing else whole."""

import asyncio
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest

from activities.kernel.acting import acting_for
from activities.kernel.database import open_pool
from benchmarks.admission.lists import OFFICE, PEOPLE, fill, plan
from cases.search import search, search_question
from tests.cases.test_list_plans import CASES, nodes, rows_read
from workers.policies import load_defaults
from workers.preparation import store_homes

ASKED = ("a00007", "19999", "さんふ", "12345@example", "nobody at all")


@pytest.fixture(scope="module")
async def pool(postgres, template) -> AsyncIterator[asyncpg.Pool]:
    """A database with 20,000 cases, for the office."""
    name = "many_to_find"
    await postgres.create_database(name, template=template)
    owner = await asyncpg.connect(postgres.url("owner", name))
    await load_defaults(owner)
    await store_homes(owner)
    await fill(owner, CASES)
    await owner.execute(
        "INSERT INTO iehe.staff (staff_id, name, email, roles) "
        "VALUES ('office-1', 'x', 'x', '{admissions_office}')"
    )
    await owner.close()
    pool = await open_pool(postgres.url("office", name), size=1, for_people=True)
    yield pool
    await pool.close()
    await postgres.drop_database(name)


@pytest.mark.parametrize("text", ASKED)
@pytest.mark.parametrize("who", [OFFICE, *PEOPLE], ids=lambda who: who.id)
async def test_a_search_reads_names_once_and_no_case_in_vain(pool, who, text) -> None:
    """Rows of cases are read only of what was found; names by one walk, none for who sees none."""
    form = await pool.fetchval("SELECT iehe.search_form($1)", text)
    with acting_for(who.id):
        (told,) = await plan(pool, search_question(who, form, text, None, 50), "JSON")
        found = await search(pool, who, text, None)
    read = {"cases": 0.0, "search_texts": 0.0}
    for node in nodes(told["Plan"]):
        relation = node.get("Relation Name")
        if relation == "cases" and node["Node Type"] == "Index Only Scan":
            continue
        if relation in read:
            read[relation] += rows_read(node)
    assert read["cases"] <= found.total + 50, told
    assert read["search_texts"] <= (CASES + found.total if who is OFFICE else 0), told


async def test_a_search_is_answered_in_time(pool) -> None:
    """Within 100 ms: what takes longer now and then is what else the machine does."""
    taken = []
    with acting_for(OFFICE.id):
        for _ in range(8):
            for text in ASKED:
                started = time.perf_counter()
                await search(pool, OFFICE, text, None)
                taken.append(time.perf_counter() - started)
                await asyncio.sleep(0)
    assert sorted(taken)[len(taken) // 4] < 0.1
