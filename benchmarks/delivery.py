"""From the door's answer to the workflow's history: events one after the other on an idle stack."""

import argparse
import asyncio
import shutil
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg
from temporalio.api.enums.v1 import EventType, HistoryEventFilterType
from temporalio.client import Client

from activities.kernel.database import open_pool
from activities.kernel.mailer import Mailer, SmtpSettings
from activities.kernel.notices import NoticeActivities
from cases.registry import ROOMS
from cli.session import leave
from embedded.home import Home, postgres_account
from embedded.mail import MailCatcher
from embedded.ports import free_port
from embedded.postgres import PostgresServer
from embedded.temporal import TemporalPorts, TemporalServer
from encryption.ring import ensure_ring
from schemas.kernel.case import EventEnvelope
from tests.gateway.stand import Portal, Stand, event
from tests.office import DEFAULT_STAFF, Case, Institute
from workers.logs import configure
from workers.migrations import migrate
from workers.policies import load_defaults
from workers.settings import load_settings
from workers.temporal import encrypted, register_search_attributes
from workers.worker import running_worker

CASES: Final = 5
WARM_UP: Final = 10
PAUSE: Final = 0.1
"""Seconds between two events: the stack is idle when the next one comes."""


class Watch:
    """When which event came into the histories of the cases, by following each history."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._came: dict[str, asyncio.Future[float]] = {}

    async def follow(self, case: Case) -> None:
        """Until cancelled; the server answers as soon as there is something new."""
        history = case.handle.fetch_history_events(
            wait_new_event=True, event_filter_type=HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT
        )
        async for each in history:
            now = time.perf_counter()
            if each.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
                payloads = each.workflow_execution_signaled_event_attributes.input.payloads
                (envelope,) = await self._client.data_converter.decode(payloads, [EventEnvelope])
                self.of(envelope.id).set_result(now)

    def of(self, event_id: str) -> asyncio.Future[float]:
        """When the event came, once it has."""
        return self._came.setdefault(event_id, asyncio.get_running_loop().create_future())


async def measure(portal: Portal, cases: list[Case], client: Client, count: int) -> list[float]:
    """Seconds from each event's answer to its place in the history."""
    watch = Watch(client)
    followers = [asyncio.create_task(watch.follow(case)) for case in cases]
    took = []
    for number in range(WARM_UP + count):
        case = cases[number % len(cases)]
        told = event(uuid4().hex, "document-received", case.row.application_no, item="transcript")
        await portal.send(told)
        answered = time.perf_counter()
        async with asyncio.timeout(30):
            came = await watch.of(str(told["id"]))
        # following a history may be quicker than reading an answer
        took.append(max(0.0, came - answered))
        await asyncio.sleep(PAUSE)
    for follower in followers:
        follower.cancel()
    return took[WARM_UP:]


async def run(count: int) -> None:
    """Measure on servers of its own that keep what they have, as in operation."""
    account = postgres_account(load_settings().postgres_account)
    folder = Path(tempfile.mkdtemp(prefix="iehe-bench-", dir="/tmp"))
    folder.chmod(0o711)
    home = Home(folder / "h")
    home.create(account)
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        postgres = PostgresServer(home, account=account)
        await postgres.start()
        stack.push_async_callback(postgres.stop)
        temporal = TemporalServer(
            TemporalPorts(frontend=free_port(), http=free_port(), metrics=free_port()),
            folder=home.temporal,
            log=home.logs / "temporal.log",
            dynamic_config={"frontend.WorkflowTimeSkippingEnabled": "true"},
        )
        await temporal.start()
        stack.push_async_callback(temporal.stop)
        owner = await asyncpg.connect(postgres.url("owner"))
        await migrate(owner)
        await load_defaults(owner)
        await owner.close()
        ring = ensure_ring(home.secrets / "keys.json")
        client = await Client.connect(temporal.address, data_converter=encrypted(ring, "default"))
        await register_search_attributes(client)
        port = free_port()
        stand = Stand(
            {
                "IEHE_ENVIRONMENT": "staging",
                "IEHE_DATABASE_URL": postgres.url("worker"),
                "IEHE_OFFICE_DATABASE_URL": postgres.url("office"),
                "IEHE_OWNER_DATABASE_URL": postgres.url("owner"),
                "IEHE_KEY_RING": str(ring.path),
                "IEHE_GATEWAY_PORT": str(port),
                "TEMPORAL_ADDRESS": temporal.address,
            },
            home.logs,
        )
        stack.push_async_callback(stand.close)
        portal = Portal(f"http://127.0.0.1:{port}", await stand.source("jp.ac.iehe.admission-review.*"))
        for name in ("gateway", "relay"):
            await stand.start(name)
        mail = MailCatcher(folder / "mail", free_port())
        await mail.start()
        stack.push_async_callback(mail.stop)
        pools = [await open_pool(postgres.url(role)) for role in ("owner", "worker")]
        for pool in pools:
            stack.callback(pool.terminate)
        smtp = SmtpSettings(host="127.0.0.1", port=mail.port, tls="none", sender="admissions@example.ac.jp")
        institute = Institute(client, pools[0])
        await institute.employ(*DEFAULT_STAFF)
        await stack.enter_async_context(
            running_worker(client, pools[1], NoticeActivities(pools[1], ROOMS, Mailer(smtp)))
        )
        cases = [await institute.apply() for _ in range(CASES)]
        for case in cases:
            await case.until_stage("completeness")
        _tell(await measure(portal, cases, client, count))


def _tell(took: list[float]) -> None:
    milliseconds = sorted(1000 * each for each in took)
    parts = statistics.quantiles(milliseconds, n=20)
    print(
        f"events={len(milliseconds)}",
        f"median_ms={statistics.median(milliseconds):.1f}",
        f"p95_ms={parts[18]:.1f}",
        f"max_ms={milliseconds[-1]:.1f}",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=60)
    given = parser.parse_args()
    configure("json", "error")
    asyncio.run(run(given.events))
    leave(0)
