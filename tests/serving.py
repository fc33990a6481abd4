"""A worker and a relay of the common home before real servers, for the cases of a test."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.kernel.database import open_pool
from activities.kernel.mail_channel import MailChannel
from activities.kernel.mailer import Mailer, SmtpSettings
from activities.kernel.notices import NoticeActivities
from cases.registry import ROOMS
from embedded.mail import MailCatcher
from encryption.answer_links import token_of
from encryption.ring import KeyRing
from tests.conftest import Database
from workers.relay.relay import CONNECTIONS, running_relay
from workers.worker import running_worker


@asynccontextmanager
async def serving(
    client: Client, database: Database, mail: MailCatcher, ring: KeyRing
) -> AsyncIterator[tuple[TimeSkipper, asyncpg.Pool]]:
    """Run a worker and a relay; what moves the time of cases, and the office's connections."""
    settings = SmtpSettings(host="127.0.0.1", port=mail.port, tls="none", sender="office@example.ac.jp")

    def link(notice_id: str) -> str:
        return f"http://gateway/answers/{token_of(ring, notice_id)}"

    worker = await open_pool(database.url("worker"), size=10)
    office = await open_pool(database.url("office"), size=2)
    relay = await open_pool(database.url("worker"), size=CONNECTIONS)
    notices = NoticeActivities(worker, ROOMS, {"mail": MailChannel(ROOMS, Mailer(settings), link)})
    skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
    async with running_worker(client, worker, notices), running_relay(relay, skipper.client):
        yield skipper, office
    for pool in (worker, office, relay):
        await pool.close()
    # what is left running would otherwise go to the next test's worker
    async for each in client.list_workflows("ExecutionStatus = 'Running'"):
        with contextlib.suppress(RPCError):
            await client.get_workflow_handle(each.id).terminate("end of the test")
