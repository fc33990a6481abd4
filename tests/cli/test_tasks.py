"""`iehe tasks`: whose turn it is."""

from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401
from tests.office import Institute
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name


async def test_overdue_first(institute: Institute, iehe: CommandLine) -> None:
    """Overdue tasks come first, then what is due next; filters by role and person narrow the list."""
    office = await institute.apply()
    await office.complete()
    review = await institute.apply()
    reviewer = (await review.to_review())[0]
    await institute.pool.execute(
        "UPDATE iehe.tasks SET due_at = now() - interval '2 days' WHERE assignee = $1", reviewer
    )

    every = await iehe.ok("tasks")
    text = (await iehe("tasks")).out

    assert [task["overdue"] for task in every["tasks"]] == [True, False, False, False]
    assert every["tasks"][0]["assignee"] == reviewer
    assert every["total"] == 4
    assert "overdue" in text
    assert "4 of 4 open tasks" in text
    assert [task["task"] for task in (await iehe.ok("tasks", "--overdue"))["tasks"]] == [f"review:{reviewer}"]
    (own,) = (await iehe.ok("tasks", "--role", "admissions_office"))["tasks"]
    assert (own["case_id"], own["task"]) == (office.case_id, "check-eligibility")
    few = await iehe.ok("tasks", "--role", "reviewer", "--limit", 1)
    assert (len(few["tasks"]), few["total"]) == (1, 3)
    assert (await iehe.ok("tasks", "--assignee", "member-1"))["tasks"] == []
    assert await iehe.refused("tasks", "--role", "king") == (2, "unknown-value")


async def test_dead_letters(vacant: Institute, iehe: CommandLine) -> None:
    """An event that could not be delivered is a task of the office, with its reason and what to do."""
    await vacant.pool.execute(
        "INSERT INTO iehe.events (source, id, type, process, case_id, envelope, state, reason, ended_at) "
        "VALUES ('urn:x:portal', 'e 1', 'jp.ac.iehe.admission-review.fee-paid', 'admission-review', "
        "'admission/A2027-999999', '{}', 'dead', 'no-such-case', now())"
    )

    told = await iehe.ok("tasks")
    (task,) = told["tasks"]
    text = (await iehe("tasks")).out

    assert (told["total"], told["dead_letters"]) == (1, 1)
    assert (task["task"], task["kind"], task["reason"]) == (
        "dead-letter:urn:x:portal#e 1",
        "dead-letter",
        "no-such-case",
    )
    assert (task["role"], task["assignee"], task["overdue"]) == ("admissions_office", None, False)
    assert task["act"][0] == "iehe events retry urn:x:portal 'e 1'"
    assert "iehe events drop" in text
    assert len((await iehe.ok("tasks", "--role", "admissions_office"))["tasks"]) == 1
    for words in (("--role", "reviewer"), ("--assignee", "office-1"), ("--overdue",)):
        assert (await iehe.ok("tasks", *words))["total"] == 0
