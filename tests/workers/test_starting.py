"""Cases whose workflow was lost go on from the database."""

import pytest

from cases.starting import restart_case
from schemas.admission.commands import ConfirmEligibility
from tests.office import Institute
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool
from workers.worker import running_worker

__all__ = ["institute", "notices", "pool", "vacant", "worker_pool"]


async def test_terminated_case_goes_on(institute: Institute) -> None:
    """Somebody terminated the workflow: started again it knows its stage, deadlines and messages."""
    case = await institute.apply()
    await case.until_stage("completeness")
    await case.send("fee-paid", event_id="pay-1")
    await case.complete()
    await case.handle.terminate("by mistake")

    version = await restart_case(institute.pool, institute.client, case.case_id)
    await case.send("fee-paid", event_id="pay-1")
    answer = await case.decide(ConfirmEligibility, "office-1", eligible=True)

    # the decision, and the reviewers that are drawn in the same transaction
    assert version == answer.version - 2
    assert answer.stage == "review"
    assert (await case.deadlines())["check-eligibility"]["state"] == "met"


async def test_running_case_is_left_alone(institute: Institute) -> None:
    """A case whose workflow runs is not started a second time."""
    case = await institute.apply()
    await case.until_stage("completeness")

    assert await restart_case(institute.pool, institute.client, case.case_id) is None


async def test_unknown_case(vacant: Institute) -> None:
    """What the database does not know cannot be started from it."""
    with pytest.raises(LookupError):
        await restart_case(vacant.pool, vacant.client, "admission/NONE-1")


async def test_messages_not_sent_before_are_sent(
    vacant: Institute, client, worker_pool, notices, mail
) -> None:
    """The mail server was away when the workflow was terminated: its messages go out after the restart."""
    await mail.stop()
    async with running_worker(client, worker_pool, notices):
        case = await vacant.apply()
        await case.until(lambda row: row["version"] == 1)
        await case.handle.terminate("by mistake")
    await mail.start()

    await restart_case(vacant.pool, client, case.case_id)
    async with running_worker(client, worker_pool, notices):
        await case.until_notices(2)

    assert {notice["state"] for notice in await case.notices()} == {"accepted"}
