"""What the workers cannot take yet waits in the inbox, so that decisions never stand behind a backlog."""

import asyncio

from cases.lists import list_events
from schemas.admission.commands import ConfirmEligibility
from tests.gateway.test_under_fire import applied, in_history
from tests.relay.conftest import check_story
from workers.relay.room import OF_ALL, OF_ONE, look
from workers.worker import running_worker

DELIVERED = (
    "UPDATE iehe.events SET state = 'delivered', ended_at = now() - make_interval(secs => $1), taken = $2 "
    "WHERE case_id = $3"
)


async def test_a_case_gets_no_more_than_it_can_take_at_once(
    vacant, client, worker_pool, notices, box, relay
) -> None:
    """Without a worker the rest stays stored and says why; with one it is delivered in order."""
    async with running_worker(client, worker_pool, notices):
        case = await vacant.apply()
        await case.until_stage("completeness")
    told = [await box.store(case.case_id) for _ in range(3 * OF_ONE)]
    await relay()
    await box.until(told[OF_ONE - 1], state="delivered")

    other = await vacant.apply()
    passing = await box.store(other.case_id)
    await box.until(passing, state="delivered")
    listed = await list_events(
        box.pool, ["admission-review"], state="stored", case_id=case.case_id, limit=1000
    )
    assert await in_history(client, case) == told[:OF_ONE]
    assert {(row["fate"], row["code"]) for row in listed.rows} == {("waiting", "case-behind")}

    async with running_worker(client, worker_pool, notices):
        await check_story(vacant, case, told, limit=30)


async def test_what_stands_still_holds_up_no_other_case(box) -> None:
    """Events whose cases do not take them count no more once the workers have taken later ones."""
    for number in range(OF_ALL):
        await box.store(f"admission/STILL-{number}")
        await box.pool.execute(DELIVERED, 60, False, f"admission/STILL-{number}")
    async with box.pool.acquire() as connection:
        assert (await look(connection, 0)).events == 0
        await box.store("admission/LIVELY-1")
        await connection.execute(DELIVERED, 1, True, "admission/LIVELY-1")
        room = await look(connection, 0)

    assert room.events == OF_ALL
    assert room.of("admission/STILL-1") == OF_ONE - 1


async def test_a_decision_comes_between_the_facts_of_a_backlog(
    vacant, client, worker_pool, notices, box
) -> None:
    """Made while three hundred facts of its case wait, it is taken long before the last of them."""
    async with running_worker(client, worker_pool, notices):
        case = await vacant.apply()
        await case.complete()
    told = [box.envelope(f"f{number}") for number in range(300)]
    await asyncio.gather(*(case.handle.signal("event", each) for each in told))

    async with running_worker(client, worker_pool, notices):
        await case.until(lambda row: row["version"] > 10)
        await case.decide(ConfirmEligibility, "office-1", eligible=True)
        before = len(await applied(vacant, case))
        await case.until(lambda row: row["version"] > 306, limit=40)

    assert before < 150
    assert len(set(await applied(vacant, case))) == 300
