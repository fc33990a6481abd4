"""Bare Temporal: the recorded steps, a signal or an update a message; no rules, no encryption.

Written plainly a step is a normal activity and the worker has its defaults; tuned, steps are local
activities, nothing is sandboxed and pollers scale.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker

with workflow.unsafe.imports_passed_through():
    from benchmarks.script import body, hands, script
    from benchmarks.servers import Servers, ready

WITHIN: Final = timedelta(minutes=1)
TERM: Final = timedelta(days=14)


@workflow.defn(name="bare-case")
class BareCase:
    """A case as the documentation would have one write it, one timer for each stage."""

    @workflow.init
    def __init__(self, local: bool) -> None:
        self._run = workflow.execute_local_activity if local else workflow.execute_activity
        self._version = self._messages = 0
        self._stage = ""
        self._lock = asyncio.Lock()
        self._deliveries: list[asyncio.Task[Any]] = []

    @workflow.run
    async def run(self, local: bool) -> None:  # noqa: ARG002 - read by __init__
        """Open, wait for what comes, and end with the last step and the last mail."""
        await self._follow(None)
        while self._version < len(script().steps):
            stage = self._stage
            try:
                await workflow.wait_condition(lambda: self._stage != stage, timeout=TERM)  # noqa: B023
            except TimeoutError:
                break
        await asyncio.gather(*self._deliveries)
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.signal
    async def tell(self, _data: dict[str, Any]) -> None:
        """A fact."""
        await self._take()

    @workflow.update
    async def decide(self, _data: dict[str, Any]) -> int:
        """A decision; the version after it."""
        await self._take()
        return self._version

    async def _take(self) -> None:
        # facts may be there before the case is open
        await workflow.wait_condition(lambda: self._version > 0)
        async with self._lock:
            self._messages += 1
            await self._follow(self._messages - 1)

    async def _follow(self, message: int | None) -> None:
        case_id = workflow.info().workflow_id
        for version, step in script().after(message):
            await self._run("write-step", args=[case_id, version], start_to_close_timeout=WITHIN)
            self._version, self._stage = version, step.stage
            if step.notices:
                delivery = workflow.execute_activity(
                    "deliver", args=[case_id, version], start_to_close_timeout=WITHIN
                )
                self._deliveries.append(asyncio.create_task(delivery))


@dataclass
class Bare:
    """The engine as the load sees it."""

    client: Client
    name: str
    table: str = "bench.cases"

    async def start(self, case_id: str) -> None:
        """Start the case."""
        await self.client.start_workflow(BareCase.run, self.name == "tuned", id=case_id, task_queue=self.name)

    async def send(self, case_id: str, number: int) -> int:
        """Hand a message over; the version of the case where the answer tells it."""
        handle = self.client.get_workflow_handle(case_id)
        if script().decisions[number]:
            return await handle.execute_update(BareCase.decide, body(number))
        await handle.signal(BareCase.tell, body(number))
        return 0

    async def result(self, case_id: str) -> None:
        """Return when the workflow has ended."""
        await self.client.get_workflow_handle(case_id).result()


@asynccontextmanager
async def running(servers: Servers, name: str) -> AsyncIterator[tuple[Bare, Sequence[int]]]:
    """A worker of one kind."""
    process = await servers.start("benchmarks.bare", name)
    try:
        yield Bare(await servers.client(encryption=False), name), [process.pid]
    finally:
        await process.stop()


async def work(name: str) -> None:
    """The worker process."""
    own = await hands(os.environ["IEHE_DATABASE_URL"], int(os.environ["IEHE_SMTP_PORT"]))

    @activity.defn(name="write-step")
    async def write(case_id: str, version: int) -> None:
        await own.write(case_id, version)

    @activity.defn(name="deliver")
    async def deliver(case_id: str, version: int) -> None:
        await own.deliver(case_id, version)

    client = await Client.connect(os.environ["TEMPORAL_ADDRESS"])
    tuned: dict[str, Any] = {
        "workflow_runner": UnsandboxedWorkflowRunner(),
        "workflow_task_poller_behavior": PollerBehaviorAutoscaling(initial=10),
        "activity_task_poller_behavior": PollerBehaviorAutoscaling(),
        "max_concurrent_local_activities": 16,
        "max_cached_workflows": 4000,
    }
    async with Worker(
        client,
        task_queue=name,
        workflows=[BareCase],
        activities=[write, deliver],
        **(tuned if name == "tuned" else {}),
    ):
        ready()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
