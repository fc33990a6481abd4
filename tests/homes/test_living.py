"""A case of another home: its own worker, namespace, queues, relay and keys; nobody else's."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio.service import RPCError, RPCStatusCode

from encryption.codec import class_of, is_sealed
from encryption.ring import COMMON_HOME
from schemas.kernel.homes import CaseHome, notices_queue_of
from schemas.kernel.schedules import ScheduledStart
from schemas.outreach import commands
from schemas.outreach.stages import Stage
from tests.homes.conftest import APART, Homes
from tests.payloads import payloads_in
from tests.workflows.outreach.test_requests import FORM
from workers.temporal import encrypted
from workflows.kernel.scheduled import ScheduledWorkflow

DATES = [f"2027-01-{day}T13:00:00+09:00" for day in (13, 20, 27)]


async def history_of(homes: Homes, case_id: str) -> list:
    return list((await homes.far.get_workflow_handle(case_id).fetch_history()).events)


async def test_a_case_waits_for_the_worker_of_its_home(homes: Homes, eventually) -> None:
    """The relay starts it where it lives; the common worker, alone, does its own work and no step of it."""
    number = f"S{uuid4().hex[:8].upper()}"
    case_id = f"outreach/{number}"
    async with homes.relays(), homes.worker(COMMON_HOME):
        await homes.schools.tell(number, "request-received", **FORM | {"dates": DATES})
        started = "SELECT started_at FROM iehe.case_starts WHERE case_id = $1"
        await eventually(lambda: homes.owner.fetchval(started, case_id))
        # its worker is alive: a work of its own comes to its end
        await homes.near.execute_workflow(
            ScheduledWorkflow.run,
            ScheduledStart(work="retention"),
            id=f"scheduled/retention-{uuid4()}",
            task_queue=COMMON_HOME.cases_queue,
            execution_timeout=timedelta(seconds=30),
        )
        with pytest.raises(RPCError) as absent:
            await homes.near.get_workflow_handle(case_id).describe()
        assert absent.value.status is RPCStatusCode.NOT_FOUND
        names = [type(each).DESCRIPTOR.name for each in await history_of(homes, case_id)]
        assert len(names) <= 3  # started, signalled, a task that nobody takes
        assert not await homes.owner.fetchval("SELECT count(*) FROM iehe.cases")
        async with homes.worker(APART):
            opened = "SELECT stage FROM iehe.cases WHERE case_id = $1 AND version > 0"
            assert await eventually(lambda: homes.owner.fetchval(opened, case_id)) == "requested"


async def test_a_case_lives_through_its_process_in_its_home(homes: Homes) -> None:
    """Facts by the relay, decisions, letters, clocks, to its end; all of it on the queues of its home."""
    async with homes.relays(), homes.worker(APART):
        request = await homes.schools.ask()
        await request.to_confirmed()
        await request.event("school-cancelled")
        await request.forward(days=92)
        assert await request.handle.result() == Stage.CANCELLED
        assert "please-confirm>school" in await request.letters()
    queues = {
        each.activity_task_scheduled_event_attributes.task_queue.name
        for each in await history_of(homes, request.handle.id)
        if each.HasField("activity_task_scheduled_event_attributes")
    }
    assert queues == {"iehe-schools-notices"}
    assert (await request.handle.describe()).task_queue == "iehe-schools-cases"


async def test_payloads_of_a_home_do_not_open_with_the_keys_of_another(homes: Homes) -> None:
    """Whoever has the history, the namespace and the common ring has nothing but ciphertext."""
    async with homes.relays(), homes.worker(APART):
        request = await homes.schools.ask()
        await request.decide(commands.CheckRequest, "office-1")
    sealed = [
        payload
        for event in await history_of(homes, request.handle.id)
        for _, payload in payloads_in(event)
        if is_sealed(payload)
    ]
    assert {class_of(each) for each in sealed} == {"outreach"}
    namespace = homes.far.namespace
    own = encrypted(homes.far_ring, namespace).payload_codec
    other = encrypted(homes.near_ring, namespace).payload_codec
    assert own is not None
    assert other is not None
    for payload in sealed:
        assert (await own.decode([payload]))[0].data
        with pytest.raises(Exception, match="no key b'outreach-1"):
            await other.decode([payload])


async def test_a_worker_with_the_keys_of_another_home_takes_no_step(homes: Homes, eventually) -> None:
    """Though it polls there, with the rights in the database: what it gets it cannot read."""
    async with homes.relays():
        stranger = await type(homes.far).connect(
            homes.temporal,
            namespace=homes.far.namespace,
            data_converter=encrypted(homes.near_ring, homes.far.namespace),
        )
        able, homes.far = homes.far, stranger
        number = f"S{uuid4().hex[:8].upper()}"
        async with homes.worker(APART):
            await homes.schools.tell(number, "request-received", **FORM | {"dates": DATES})
            handle = able.get_workflow_handle(f"outreach/{number}")

            async def failing() -> bool:
                try:
                    described = (await handle.describe()).raw_description
                except RPCError:
                    return False
                return described.pending_workflow_task.attempt >= 2

            await eventually(failing, 20)
        assert not await homes.owner.fetchval("SELECT count(*) FROM iehe.cases")
        homes.far = able
        async with homes.worker(APART), asyncio.timeout(30):
            while not await homes.owner.fetchval("SELECT count(*) FROM iehe.cases WHERE version > 0"):
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("name", ["", "A", "1a", "with-dash", "x" * 21, "a b", "home_1"])
def test_what_a_home_cannot_be_called(name: str) -> None:
    """Its name becomes part of a role, a queue, a namespace and a file."""
    with pytest.raises(ValueError, match="cannot be called"):
        CaseHome(name)


def test_what_follows_from_the_name_of_a_home() -> None:
    """The common home keeps its names; another one puts its own into each."""
    common, other = COMMON_HOME, CaseHome("schools")
    assert (common.cases_queue, common.notices_queue) == ("iehe-cases", "iehe-notices")
    assert (common.login, common.ring_file, common.namespace("b")) == ("iehe_worker", "keys.json", "b")
    assert (other.cases_queue, other.notices_queue) == ("iehe-schools-cases", "iehe-schools-notices")
    assert (other.login, other.ring_file) == ("iehe_schools_worker", "keys-schools.json")
    assert other.namespace("b") == "b-schools"
    assert notices_queue_of(common.cases_queue) == common.notices_queue
