"""The longest run of a case that there is: any worker can go on with it."""

import asyncio
import time

from tests.office import Institute
from workers.replaying import replay_runs
from workflows.case import SIGNALS_OF_A_RUN


async def test_a_run_is_replayed_in_half_a_workflow_task(institute: Institute) -> None:
    """Whoever has not the run in memory replays it in 5 s of one processor; a task has 10 s."""
    case = await institute.apply()
    await case.until_stage("completeness")

    for number in range(SIGNALS_OF_A_RUN):
        fact = "document-received" if number % 2 == 0 else "document-revoked"
        await case.send(fact, item="transcript")
    query = f"WorkflowId = '{case.case_id}' AND ExecutionStatus = 'ContinuedAsNew'"
    async with asyncio.timeout(120):
        while not (ended := [each async for each in institute.client.list_workflows(query)]):
            await asyncio.sleep(0.2)
    began = time.process_time()
    (checked,) = await replay_runs(institute.client, [(case.case_id, ended[0].run_id)], concurrency=1)

    assert checked.cause is None
    assert checked.events > SIGNALS_OF_A_RUN
    assert time.process_time() - began < 5
