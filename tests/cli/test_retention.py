"""`iehe retention` and `iehe schedule`: what went, what would go, holds; runs, pauses, doctor."""

from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from cases.registry import ROOMS
from schemas.kernel.identifiers import CASES_QUEUE
from schemas.kernel.roles import ADMINISTRATOR
from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401
from tests.office import Institute, staff
from tests.retention.conftest import ended  # noqa: F401
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401
from workers.schedules import all_works, ensure_schedules, handle_of

# ruff: noqa: F811 - fixtures are imported and asked for by name

KEEPER = "keeper-1"


@pytest.fixture
async def scheduled(client: Client, vacant: Institute) -> AsyncIterator[None]:
    """The schedules are there, and somebody who may run and pause them."""
    await vacant.employ(staff(KEEPER, ADMINISTRATOR))
    works = all_works(ROOMS.values())
    await ensure_schedules(client, works.values(), CASES_QUEUE)
    yield
    for name in works:
        await handle_of(client, name).delete()


async def finding(iehe: CommandLine) -> dict:
    told = (await iehe("doctor", "--json")).json
    return next(each for each in told if each["check"] == "schedule retention")


async def test_a_case_goes_by_the_schedule_and_whoever_looks_for_it_is_told(
    institute: Institute, iehe: CommandLine, ended, scheduled
) -> None:
    """Looked at before, run, listed with its certificate; erased for the office, unknown to a stranger."""
    case, other = await ended(), await institute.apply()
    await other.until_stage("completeness")
    due = (await iehe("retention", "run", "--dry-run", "--json", by=KEEPER)).json
    assert [(each["cases"], each["kept_because"]) for each in due["cases"]] == [(1, "")]
    assert "5 y (default-1)" in (await iehe("retention", "run", "--dry-run", by=KEEPER)).out

    done = (await iehe("retention", "run", "--json", by=KEEPER)).json
    assert (done["last"], done["counts"]) == ("completed", {"cases": 1})
    (certificate,) = (await iehe("retention", "list", "--cases", "--json", by=KEEPER)).json["certificates"]
    assert (certificate["case_id"], certificate["run"]) == (case.case_id, done["run"])
    (erasure,) = (await iehe("retention", "list", "--json", by="auditor-1")).json["erasures"]
    assert (erasure["kind"], erasure["parts"], erasure["run"]) == ("cases", 1, done["run"])

    assert await iehe.refused("case", "show", case.case_id) == (4, "case-erased")
    shown = await iehe("case", "show", case.row.application_no)
    assert shown.err.startswith(f"{case.case_id} was erased on {certificate['erased_at'][:10]} by retention")
    assert await iehe.refused("case", "show", case.case_id, by="reviewer-1") == (4, "no-such-case")
    assert (await iehe("replay", "--case", other.case_id)).code == 0
    log = (await iehe("log", "--json", by=KEEPER)).json["entries"]
    assert ("run-retention", "retention", KEEPER) in [(e["act"], e["subject"], e["actor"]) for e in log]
    checks = {each["check"]: each["state"] for each in (await iehe("doctor", "--json")).json}
    assert checks["cases"] == checks["imports"] == checks["schedule retention"] == "ok"


async def test_a_hold_keeps_a_case_until_it_is_released(
    institute: Institute, iehe: CommandLine, ended, scheduled
) -> None:
    """By the head, with a reason; once; and the nightly run leaves it alone until then."""
    case = await ended()
    hold = ("retention", "hold", case.case_id, "--reason", "異議申立の見本")
    assert (await iehe(*hold)).code == 6
    assert (await iehe(*hold, by="head-1")).code == 0
    assert await iehe.refused(*hold, by="head-1") == (3, "case-held")
    due = (await iehe("retention", "run", "--dry-run", "--json", by=KEEPER)).json
    assert [each["kept_because"] for each in due["cases"]] == ["held"]
    assert (await iehe("retention", "run", "--json", by=KEEPER)).json["counts"] == {}

    assert (await iehe("retention", "release", case.case_id, by="head-1")).code == 0
    assert await iehe.refused("retention", "release", case.case_id, by="head-1") == (3, "case-not-held")
    assert (await iehe("retention", "run", "--json", by=KEEPER)).json["counts"] == {"cases": 1}


async def test_a_schedule_is_paused_with_a_reason_and_resumed(iehe: CommandLine, scheduled) -> None:
    """Who may not is refused; list and doctor say who paused it and why; resumed it has a next run again."""
    pause = ("schedule", "pause", "retention", "--reason", "backup first")
    assert (await iehe(*pause)).code == 6
    assert (await iehe(*pause, by=KEEPER)).code == 0
    listed = (await iehe("schedule", "list", "--json")).json["schedules"][0]
    assert (listed["paused"], listed["note"], listed["next_at"]) == (True, f"{KEEPER}: backup first", None)
    assert "backup first" in (await iehe("schedule", "list")).out
    found = await finding(iehe)
    assert (found["state"], found["text"]) == ("warn", f"paused: {KEEPER}: backup first")

    assert (await iehe("schedule", "resume", "retention", by=KEEPER)).code == 0
    listed = (await iehe("schedule", "list", "--json")).json["schedules"][0]
    assert listed["next_at"] is not None
    assert (await finding(iehe))["state"] == "ok"
    assert await iehe.refused("schedule", "resume", "nothing", by=KEEPER) == (4, "no-such-schedule")


async def test_the_digest_is_a_schedule_like_the_others(
    institute: Institute, iehe: CommandLine, scheduled
) -> None:
    """Run by hand it ends well and, as nothing waits for anybody, tells nobody; doctor looks at it."""
    done = (await iehe("schedule", "run", "digest", "--json", by=KEEPER)).json
    assert done["counts"] == {}
    told = (await iehe("doctor", "--json")).json
    (found,) = [each for each in told if each["check"] == "schedule digest"]
    assert found["state"] == "ok"
    assert found["text"].startswith("last run completed, next ")


async def test_a_missing_schedule_is_a_problem(vacant: Institute, iehe: CommandLine) -> None:
    """Doctor says what makes it, and it cannot be run."""
    await vacant.employ(staff(KEEPER, ADMINISTRATOR))
    found = await finding(iehe)
    assert (found["state"], found["text"]) == ("problem", "missing")
    assert "iehe worker" in found["todo"]
    assert await iehe.refused("schedule", "run", "retention", by=KEEPER) == (7, "schedule-missing")


async def test_a_failed_run_is_a_problem_until_one_succeeds(
    institute: Institute, iehe: CommandLine, client: Client, scheduled, eventually
) -> None:
    """A run that ended badly is named; the next good one ends the problem."""
    handle = handle_of(client, "retention")
    await institute.pool.execute("ALTER FUNCTION iehe.sweep RENAME TO sweep_away")
    await institute.pool.execute(
        "INSERT INTO iehe.requests SELECT 'a', 'k', 'o', 'x', now() - interval '1 year'"
    )
    await handle.trigger()

    async def begun():
        return (await handle.describe()).info.running_actions

    (run,) = await eventually(begun)
    assert (await iehe("schedule", "run", "retention", "--json", by=KEEPER)).code == 3
    await client.get_workflow_handle(run.workflow_id).terminate("nobody waits twenty hours in a test")

    async def failed():
        found = await finding(iehe)
        return found if found["state"] == "problem" else None

    found = await eventually(failed)
    assert found["text"] == "its last run failed"
    assert run.workflow_id in found["todo"]
    await institute.pool.execute("ALTER FUNCTION iehe.sweep_away RENAME TO sweep")
    assert (await iehe("schedule", "run", "retention", "--json", by=KEEPER)).json["counts"] == {"requests": 1}
    assert (await finding(iehe))["state"] == "ok"


async def test_who_administers_nothing_sees_and_runs_no_retention(iehe: CommandLine, scheduled) -> None:
    """The office neither lists what went nor has anything go."""
    for words in (("list",), ("run",), ("run", "--dry-run")):
        assert (await iehe("retention", *words)).code == 6
