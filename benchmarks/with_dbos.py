"""DBOS: the recorded steps as a workflow's, its messages sent; its tables are in the same PostgreSQL."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from benchmarks.script import Hands, body, hands, script
from benchmarks.servers import Servers, ready

try:
    from dbos import DBOS, DBOSClient
except ImportError:
    raise SystemExit(
        "DBOS is not installed: .venv/bin/python -m pip install -e '.[bench]', or leave it out with --engines"
    ) from None

QUEUE: Final = "cases"
TERM: Final = 14 * 24 * 3600
_hands: Hands


@DBOS.step(name="write-step")
async def write(case_id: str, version: int) -> None:
    """One step of the case."""
    await _hands.write(case_id, version)


@DBOS.step(name="deliver")
async def deliver(case_id: str, version: int) -> None:
    """A version's mails."""
    await _hands.deliver(case_id, version)


@DBOS.workflow(name="case")
async def case(case_id: str) -> None:
    """Step by step, each after its message."""
    for version, step in enumerate(script().steps, 1):
        if step.message is not None:
            await DBOS.recv_async(timeout_seconds=TERM)
        await write(case_id, version)
        if step.notices:
            await deliver(case_id, version)


class Dbos:
    """The engine as the load sees it; a decision's answer is looked up in the case's row."""

    table = "bench.cases"

    def __init__(self, client: DBOSClient) -> None:
        self._client = client

    async def start(self, case_id: str) -> None:
        """Start the case."""
        options: Any = {"workflow_name": "case", "queue_name": QUEUE, "workflow_id": case_id}
        await self._client.enqueue_async(options, case_id)

    async def send(self, case_id: str, number: int) -> int:
        """Hand a message over."""
        await self._client.send_async(case_id, body(number))
        return 0

    async def result(self, case_id: str) -> None:
        """Return when the workflow has ended."""
        handle: Any = await self._client.retrieve_workflow_async(case_id)
        await handle.get_result(polling_interval_sec=0.05)


@asynccontextmanager
async def running(servers: Servers) -> AsyncIterator[tuple[Dbos, Sequence[int]]]:
    """One worker process."""
    process = await servers.start("benchmarks.with_dbos")
    client = DBOSClient(system_database_url=servers.postgres.url("owner"), use_listen_notify=True)
    try:
        yield Dbos(client), [process.pid]
    finally:
        client.destroy()
        await process.stop()


async def work() -> None:
    """The worker process."""
    global _hands  # noqa: PLW0603 - steps are functions of the module
    _hands = await hands(os.environ["IEHE_DATABASE_URL"], int(os.environ["IEHE_SMTP_PORT"]))
    DBOS(
        config={
            "name": "bench",
            "system_database_url": os.environ["IEHE_OWNER_DATABASE_URL"],
            "application_version": "1",
            "log_level": "WARNING",
            "use_listen_notify": True,
        }
    )
    DBOS.launch()
    await DBOS.register_queue_async(QUEUE, polling_interval_sec=0.1)
    ready()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work())
