"""A running case and a release that changes its rule, table and policy: a worker stops, another starts."""

import json

from temporalio.exceptions import ApplicationError

from schemas.admission.stages import Stage
from schemas.kernel.case import CompleteTask
from tests.office import Institute
from workers.worker import running_worker
from workflows.admission import review
from workflows.admission.process import LIFECYCLE


async def test_what_was_decided_outlives_a_release(
    vacant: Institute, client, worker_pool, notices, monkeypatch
) -> None:
    """Scored positive under the old rule, it is so under a release that calls the points negative."""
    async with running_worker(client, worker_pool, notices):
        case = await vacant.apply()
        await case.to_committee()
        before = await case.state()
        due = await case.deadlines()
    monkeypatch.setattr(review, "weighted_total", lambda _policy, _points: 0.0)
    monkeypatch.setattr(
        LIFECYCLE, "steps", tuple(line for line in LIFECYCLE.steps if line.name != "reassign-task")
    )
    body = json.loads(await vacant.pool.fetchval("SELECT body FROM iehe.policies"))
    body["version"] = "next"
    for route in body["routes"].values():
        route["committee"]["vote"]["days"] = 99
        route["review"]["positive_from"] = 100
    await vacant.pool.execute(
        "INSERT INTO iehe.policies (process, version, valid_from, body, sha256, loaded_by)"
        " SELECT process, 'next', valid_from + 1, $1, 'x', loaded_by FROM iehe.policies",
        json.dumps(body),
    )
    async with running_worker(client, worker_pool, notices):
        await case.event("document-received", item="identity")
        after = await case.state()
        assert (await case.handle.query("case"))["stage"] == Stage.COMMITTEE

    assert {name: each["verdict"] for name, each in after["reviews"].items()} == {
        name: each["verdict"] for name, each in before["reviews"].items()
    }
    assert "positive" in {each["verdict"] for each in after["reviews"].values()}
    assert (after["policy_ref"], await case.deadlines()) == (before["policy_ref"], due)


async def test_a_clock_step_that_the_table_refuses_is_put_to_a_person(
    institute: Institute, monkeypatch
) -> None:
    """The deadline ends with a task; nothing spins, and the case goes on."""
    case = await institute.apply()
    await case.until_stage("completeness")
    monkeypatch.setattr(
        LIFECYCLE, "steps", tuple(line for line in LIFECYCLE.steps if line.name != "close-incomplete")
    )
    await case.forward(days=60)
    await case.until_task_kind("look-at-deadline")
    steps = await case.steps()

    assert steps.count("deadline-refused") == 1
    (entry,) = [each for each in await case.log() if each["step"] == "deadline-refused"]
    assert json.loads(entry["details"])["code"] == "wrong-stage"
    assert (await case.state())["stage"] == Stage.COMPLETENESS
    await case.event("fee-paid")
    assert len(await case.steps()) == len(steps) + 1


async def test_letters_that_can_never_be_delivered_are_put_to_a_person(
    institute: Institute, notices, monkeypatch
) -> None:
    """A delivery that fails for good ends with a task instead of a case that waits for ever."""

    async def broken(_delivery):
        raise ApplicationError("of no use", type="Broken", non_retryable=True)

    monkeypatch.setattr(notices, "_deliver", broken)
    case = await institute.apply()
    await case.until_task_kind("notice-failed")
    (task,) = [key for key in await case.tasks() if key.startswith("notice-failed")]
    monkeypatch.undo()
    await case.decide(CompleteTask, "office-1", task=task)
    await case.event("fee-paid")
