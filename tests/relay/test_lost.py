"""Delivered to a run that was lost before it applied the event: brought back, and applied once."""

import asyncio

import pytest

from cases.starting import restart_case
from tests.relay.conftest import check_story
from tests.relay.test_undeliverable import closed_case, dead_letters
from workers.diagnostics.database import waiting
from workers.worker import running_worker


async def long_delivered(box, event_id: str) -> None:
    """The event was delivered eleven minutes ago, and nobody has seen it since."""
    await box.pool.execute(
        "UPDATE iehe.events SET state = 'delivered', attempts = 1, ended_at = now() - interval '11 minutes' "
        "WHERE id = $1",
        event_id,
    )


async def test_terminated_before_it_was_applied(vacant, client, worker_pool, notices, box, relay) -> None:
    """Signalled while no worker ran, then terminated: the run that is started again applies it, once."""
    async with running_worker(client, worker_pool, notices):
        case = await vacant.apply()
        await case.until_stage("completeness")
        await relay()
        taken = await box.store(case.case_id)
        await check_story(vacant, case, [taken])
    lost = await box.store(case.case_id)
    await box.until(lost, state="delivered")
    await case.handle.terminate("by mistake")

    await restart_case(vacant.pool, client, case.case_id)
    async with running_worker(client, worker_pool, notices):
        await box.all_delivered()
        async with asyncio.timeout(15):
            while len(await case.log()) < 3:
                await asyncio.sleep(0.02)
        last = await box.store(case.case_id)
        await case.until(lambda row: row["version"] == 4)

    causes = [entry["cause"].partition("#")[2] for entry in (await case.log())[1:]]
    assert causes == [taken, lost, last]


async def test_swept(institute, box, relay) -> None:
    """A relay brings back what is not in the log long after its delivery, and nothing else."""
    case = await institute.apply()
    await case.until_stage("completeness")
    lost, recent = await box.store(case.case_id), await box.store(case.case_id)
    await long_delivered(box, lost)
    await long_delivered(box, recent)
    await box.pool.execute("UPDATE iehe.events SET ended_at = now() WHERE id = $1", recent)

    await relay()

    await check_story(institute, case, [lost])
    await box.until(lost, state="delivered", attempts=2)
    assert (await box.row(recent))["attempts"] == 1


async def test_applied_is_not_swept(institute, box, relay) -> None:
    """What the log has stays delivered, however long ago that was."""
    case = await institute.apply()
    await relay()
    told = await box.store(case.case_id)
    await check_story(institute, case, [told])
    await box.all_delivered()
    await long_delivered(box, told)

    await relay()
    last = await box.store(case.case_id)
    await check_story(institute, case, [told, last])

    assert (await box.row(told))["attempts"] == 1


async def test_swept_after_the_end(institute, box, relay) -> None:
    """A case that closed without the event will not take it any more: it is an open task of the office."""
    case = await closed_case(institute)
    lost = await box.store(case.case_id)
    await long_delivered(box, lost)

    await relay()

    await box.until(lost, state="dead")
    assert await dead_letters(box) == {lost: "case-closed"}


@pytest.mark.parametrize("delivered", [False, True])
async def test_what_a_case_tells_one_that_has_ended_is_nobodys_task(institute, box, relay, delivered) -> None:
    """It changes nothing there any more: kept as dropped, and the office is not asked to look at it."""
    case = await closed_case(institute)
    told = await box.store(case.case_id)
    await box.pool.execute(
        "UPDATE iehe.events SET cause_case = $2, cause_version = 1 WHERE id = $1", told, case.case_id
    )
    if delivered:
        await long_delivered(box, told)

    await relay()

    await box.until(told, state="dropped", reason="case-closed")
    assert await dead_letters(box) == {}


@pytest.mark.parametrize(("minutes", "lost"), [(11, 1), (9, 0)])
async def test_doctor_counts_it(box, worker_pool, minutes, lost) -> None:
    """Delivered and not in the log for over ten minutes is something to look at."""
    event_id = await box.store("admission/NONE-1")
    await long_delivered(box, event_id)
    await box.pool.execute("UPDATE iehe.events SET ended_at = now() - make_interval(mins => $1)", minutes)

    found = [finding for finding in await waiting(worker_pool) if finding.check == "events"]

    assert [finding.facts["lost"] for finding in found] == [1] * lost
