"""How the steps of all cases are read: a page of them along an index, among those of 20,000 cases."""

from datetime import UTC, datetime, timedelta

import pytest

from activities.kernel.acting import acting_for
from benchmarks.admission.lists import OFFICE, plan
from cases.audit import AuditFilters, audit_question
from tests.cases.test_list_plans import nodes, rows_read
from tests.cases.test_search_plans import pool  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name

NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    "wanted",
    [
        AuditFilters(),
        AuditFilters(who="office-1"),
        AuditFilters(who="nobody"),
        AuditFilters(case_id="admission/A00000007"),
        AuditFilters(since=NOW - timedelta(days=1), before=NOW),
        AuditFilters(who="office-1", since=NOW - timedelta(days=1)),
    ],
    ids=["all", "person", "no such person", "case", "day", "person and day"],
)
@pytest.mark.parametrize(
    "after", [None, (NOW - timedelta(days=2), "admission/A00000009", 1)], ids=["first", "later"]
)
async def test_steps_are_read_along_an_index(pool, wanted, after) -> None:
    """No page scans or sorts the log, whoever and whatever it is asked for."""
    with acting_for(OFFICE.id):
        (told,) = await plan(pool, audit_question(OFFICE, "steps", wanted, after, 101), "JSON")
    for node in nodes(told["Plan"]):
        if node.get("Relation Name") == "case_log" and node["Actual Loops"]:
            assert node["Node Type"] != "Seq Scan", told
            assert rows_read(node) <= 1_000, told
