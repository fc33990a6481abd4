"""The same event a hundred times: at the door, and at the case, also when the case starts new runs."""

import asyncio

from activities.kernel.database import open_pool
from gateway.cloudevents import arrival_of
from gateway.inbox import Inbox
from schemas.kernel.identifiers import EVENT_SIGNAL
from tests.gateway.stand import event
from tests.relay.conftest import SOURCE, check_story
from tests.workflows.test_next_run import client, runs  # noqa: F401


async def test_hundred_at_the_door(institute, box, relay, database) -> None:
    """A hundred senders at once: one row, one signal, applied once; exactly one was told that it is new."""
    case = await institute.apply()
    await relay()
    told = event("same", "document-received", case.row.application_no, item="transcript")
    doors = await open_pool(database.url("office"), size=8)
    inbox = Inbox(doors)

    answers = await asyncio.gather(*(inbox.store(SOURCE, [arrival_of(told)]) for _ in range(100)))
    await doors.close()

    assert sorted(kept.new for (kept,) in answers) == [False] * 99 + [True]
    await box.all_delivered()
    assert await box.pool.fetchval("SELECT count(*) FROM iehe.events") == 1
    assert await check_story(institute, case, ["same"]) == ["same"]


async def test_hundred_deliveries_over_several_runs(institute, box, relay) -> None:
    """Delivered a hundred times while the case goes on as new: applied once, and so is what comes after."""
    case = await institute.apply()
    await case.until_stage("completeness")
    envelope = box.envelope("again")

    for _ in range(10):
        await asyncio.gather(*(case.handle.signal(EVENT_SIGNAL, envelope) for _ in range(10)))
    await relay()
    last = await box.store(case.case_id)
    await box.all_delivered()
    await case.until(lambda row: row["version"] == 3)

    assert await runs(case) >= 2
    causes = [entry["cause"] for entry in await case.log()][1:]
    assert causes == [f"{SOURCE}#again", f"{SOURCE}#{last}"]
